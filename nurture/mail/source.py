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
    `body_line` is the line of its file on which the body begins, so that faults name the right one;
    `others` says the same in other languages; `sender` is in whose name it goes out ("": as whatever sends
    it says)."""

    key: str
    subject: str
    body: str
    format: str = "md"
    preheader: str = ""
    layout: str = "letter"
    kind: str = MARKETING
    language: str = "en"
    body_line: int = 1
    others: tuple["MailSource", ...] = ()
    sender: str = ""

    def as_json(self) -> dict[str, Any]:
        """What `mail_version.source` keeps; `from_json` is its inverse. A mail that names no sender says
        nothing of it, and so stays the version it was."""
        plain = asdict(self) | {"others": [other.as_json() for other in self.others]}
        if not self.sender:
            del plain["sender"]
        return plain

    @staticmethod
    def from_json(raw: Mapping[str, Any]) -> "MailSource":
        others = tuple(MailSource.from_json(other) for other in raw.get("others", ()))
        return MailSource(**{**raw, "others": others})


@dataclass(frozen=True)
class Link:
    """The `no`-th link of a mail, from 1, in order of appearance; `label` is the text it stands under."""

    no: int
    url: str
    label: str


@dataclass(frozen=True)
class CompiledMail:
    """Templates with every link replaced by a slot (`links[no]`): CSS inlined, layout and footer around
    them. Recipients differ only by what these templates are filled with. `others` is the same mail in other
    languages; links are numbered through all of them."""

    key: str
    kind: str
    language: str
    subject: str
    html: str
    text: str
    links: tuple[Link, ...]
    others: tuple["CompiledMail", ...] = ()

    @property
    def all_links(self) -> tuple[Link, ...]:
        """The links of every language."""
        return sum((other.links for other in self.others), self.links)

    def for_reader(self, language: str | None) -> "CompiledMail":
        """The mail in the language nearest to this tag; its own where there is none."""
        return next((one for one in self.others if serves(one.language, language)), self)

    def as_json(self) -> dict[str, Any]:
        """What `mail_version.compiled` keeps; `from_json` is its inverse."""
        return asdict(self) | {
            "links": [asdict(link) for link in self.links],
            "others": [other.as_json() for other in self.others],
        }

    @staticmethod
    def from_json(raw: Mapping[str, Any]) -> "CompiledMail":
        links = tuple(Link(**link) for link in raw["links"])
        others = tuple(CompiledMail.from_json(other) for other in raw.get("others", ()))
        return CompiledMail(**{**raw, "links": links, "others": others})


def serves(language: str, wanted: str | None) -> bool:
    """Whether a text in `language` is for a reader of the tag `wanted`: ru serves ru-RU, pt-BR not pt-PT
    (RFC 4647, section 3.4)."""
    asked = (wanted or "").replace("_", "-").lower()
    return asked == language.lower() or asked.startswith(language.lower() + "-")


def digest(*parts: Any) -> str:
    """A short fingerprint of JSON values: equal words, equal fingerprint."""
    text = json.dumps(parts, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:32]
