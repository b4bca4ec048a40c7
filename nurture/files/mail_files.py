"""The mails of a program's folder: `mails/<key>.md`, and `mails/<key>.<language>.md` for the same mail in
another language. Each is front matter and body."""

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from nurture.files.yaml_lines import Faults, Node, read_yaml
from nurture.rules import program as rules
from nurture.rules import senders
from nurture.rules.tables import Table
from nurture.rules.words import _

FORMATS = ("md", "mjml", "html")
_HEAD = ("name", "subject", "preheader", "layout", "language", "sender")
# A language tag in a file's name: ru, pt-br (RFC 5646, section 2.1.1: case says nothing).
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[a-z0-9]{2,8})?")
_FENCE = re.compile(r"^---[ \t]*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class MailFile:
    """The words of one mail as they stand in its file. `body_line` is the line on which the body begins,
    `lines` those of the names in the front matter; `others` are the files of the same mail in other
    languages. `sender` is in whose name it goes out in all of them ("": as its program says)."""

    key: str
    path: str
    format: str
    name: str
    subject: str
    preheader: str
    layout: str
    language: str
    body: str
    body_line: int
    lines: Mapping[str, int] = field(default_factory=dict)
    others: tuple["MailFile", ...] = ()
    sender: str = ""


def is_mail(name: str) -> bool:
    """Whether a file of this name, inside mails/, is a mail."""
    key, language, format = parts(name)
    spoken = language is None or _LANGUAGE.fullmatch(language) is not None
    return format in FORMATS and rules.is_name(key) and spoken


def parts(name: str) -> tuple[str, str | None, str]:
    """Key, language and format of a file's name: welcome.ru.md."""
    key, _dot, rest = name.partition(".")
    language, dot, format = rest.partition(".")
    return (key, language, format) if dot else (key, None, rest)


def read_mails(path: str, sources: Mapping[str, str], faults: Faults) -> dict[str, MailFile]:
    """Every mail of the folder at `path` by its key, in all its languages; faults go where they belong."""
    mails: dict[str, MailFile] = {}
    names = [name for name in sources if name.startswith("mails/")]
    for name in sorted(names, key=lambda name: (_is_other(name), name)):
        beside = faults.beside(os.path.join(path, name))
        mail = _mail(name, sources[name], beside)
        first = mails.get(mail.key)
        if first is None and not _is_other(name):
            mails[mail.key] = mail
        elif first is None:
            missing = _("The mail in its first language is missing: mails/{key}.md.")
            beside.add(0, missing.format(key=mail.key))
        elif not _is_other(name):
            beside.add(0, _("There is another mail of this key: {path}.").format(path=first.path))
        elif mail.language in (first.language, *(other.language for other in first.others)):
            beside.add(0, _("This mail is there in this language already."))
        else:
            mails[mail.key] = replace(first, others=(*first.others, mail))
    return mails


def _is_other(name: str) -> bool:
    """Whether this is the file of a mail in another language than its first."""
    return parts(os.path.basename(name))[1] is not None


def _mail(path: str, text: str, faults: Faults) -> MailFile:
    key, language, format = parts(path.removeprefix("mails/"))
    head, body, body_line = _split(text, faults)
    found: list[Any] = []
    table = Table(head.plain(), (), found)
    mail = MailFile(
        key=key,
        path=path,
        format=format,
        name=table.text("name", key.replace("-", " ").replace("_", " ").capitalize()),
        subject=table.text("subject", most=500),
        preheader=table.text("preheader", most=500),
        layout=table.name("layout", "letter"),
        language=language or table.text("language", "en", most=20),
        body=body,
        body_line=body_line,
        lines={name: head.line_at((name,)) for name in _HEAD},
        sender=senders.read(table) or "",
    )
    if language is not None and mail.sender:
        table.fault("sender", _("Say it in the file of the mail's first language: it holds for all of them."))
    if not mail.subject and "subject" not in {fault.path[0] for fault in found if fault.path}:
        table.expected("subject", _("the subject line"))
    table.done()
    take(tuple(found), head, faults.add)
    return mail


def _split(text: str, faults: Faults) -> tuple[Node, str, int]:
    """Front matter and body. The first line is ---, and so is the one that ends the front matter."""
    fences = list(_FENCE.finditer(text))
    if not fences or fences[0].start() != 0 or len(fences) < 2:
        faults.add(1, _("A mail begins with its front matter between two lines of ---: subject and more."))
        return Node({}, 1), text, 1
    head = text[fences[0].end() + 1 : fences[1].start()]
    body_line = text.count("\n", 0, fences[1].end()) + 2
    node = read_yaml(head, faults, first_line=2) or Node({}, 1)
    return node, text[fences[1].end() + 1 :], body_line


def take(found: tuple[Any, ...], root: Node, add: Callable[[int, str], None]) -> None:
    """Name what reading found, each with its line."""
    for fault in found:
        add(root.line_at(fault.path), fault.sentence)
