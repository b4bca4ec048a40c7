"""Drafts, faults and differences as plain values of the API."""

from collections.abc import Iterable
from typing import Any

from nurture.files.mail_files import MailFile
from nurture.files.yaml_lines import Fault
from nurture.rules.edits import Difference
from nurture.web.api.plain import plain

_MAIL = ("key", "name", "subject", "preheader", "format", "layout", "language", "sender", "body")


def mail_words(mail: MailFile) -> dict[str, Any]:
    """A mail as the API shows it."""
    return {
        **{name: getattr(mail, name) for name in _MAIL},
        "others": [{name: getattr(other, name) for name in _MAIL} for other in mail.others],
    }


def fault_list(found: Iterable[Fault]) -> list[dict[str, Any]]:
    """Faults in the order of files and lines."""
    return [{"path": one.path, "line": one.line, "sentence": one.sentence} for one in sorted({*found})]


def difference_of(found: Difference) -> dict[str, Any]:
    """Everything that differs."""
    return {
        "settings": [_setting(one) for one in found.settings],
        "chains": [
            {
                "chain": chain.temperature,
                "state": chain.state,
                "settings": [_setting(one) for one in chain.settings],
                "steps": [
                    {
                        "key": step.key,
                        "kind": step.kind,
                        "way": step.way or None,
                        "depth": step.depth,
                        "state": step.state,
                        "settings": [_setting(one) for one in step.settings],
                    }
                    for step in chain.steps
                ],
            }
            for chain in found.chains
        ],
        "mails": [
            {
                "key": mail.key,
                "state": mail.state,
                "settings": [_setting(one) for one in mail.settings],
                "words": {
                    words.name: [{"sign": piece.sign, "text": piece.text} for piece in words.pieces]
                    for words in mail.words
                },
            }
            for mail in found.mails
        ],
        "count": found.count,
    }


def _setting(one: Any) -> dict[str, Any]:
    return {"name": one.name, "before": plain(one.before), "after": plain(one.after)}
