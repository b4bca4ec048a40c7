"""A mail as its author wrote it, and as it is kept ready for sending."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

MARKETING = "marketing"
SERVICE = "service"
FORMATS = ("md", "mjml", "html")


@dataclass(frozen=True)
class MailSource:
    """The words of one mail. `format` is md, mjml or html; `kind` is marketing (footer with
    unsubscribe, tracked links, open pixel) or service (confirmations, notices: none of these).
    `body_line` is the line of its file on which the body begins, so that faults name the right one."""

    key: str
    subject: str
    body: str
    format: str = "md"
    preheader: str = ""
    layout: str = "letter"
    kind: str = MARKETING
    language: str = "en"
    body_line: int = 1

    def as_json(self) -> dict[str, Any]:
        """What `mail_version.source` keeps; `from_json` is its inverse."""
        return asdict(self)

    @staticmethod
    def from_json(raw: Mapping[str, Any]) -> "MailSource":
        return MailSource(**raw)


@dataclass(frozen=True)
class Link:
    """The `no`-th link of a mail, from 1, in order of appearance; `label` is the text it stands under."""

    no: int
    url: str
    label: str


@dataclass(frozen=True)
class CompiledMail:
    """Templates with every link replaced by a slot (`links[no]`): CSS inlined, layout and footer around
    them. Recipients differ only by what these templates are filled with."""

    key: str
    kind: str
    language: str
    subject: str
    html: str
    text: str
    links: tuple[Link, ...]

    def as_json(self) -> dict[str, Any]:
        """What `mail_version.compiled` keeps; `from_json` is its inverse."""
        return asdict(self) | {"links": [asdict(link) for link in self.links]}

    @staticmethod
    def from_json(raw: Mapping[str, Any]) -> "CompiledMail":
        return CompiledMail(**{**raw, "links": tuple(Link(**link) for link in raw["links"])})


def digest(*parts: Any) -> str:
    """A short fingerprint of JSON values: equal words, equal fingerprint."""
    text = json.dumps(parts, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:32]
