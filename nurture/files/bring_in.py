"""Foreign programs as files: an export of Mautic (JSON, or the ZIP it comes in) or a CSV of days, read from
an upload and written as a program's folder."""

import csv
import io
import json
import os
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from nurture.errors import Invalid
from nurture.rules.bring_in import Brought, MailWords, from_days, from_mautic
from nurture.rules.bring_in.values import key_of
from nurture.rules.words import _

LARGEST = 20 * 1024 * 1024
_JSON_IN_ZIP = 200


def read_foreign(data: bytes, name: str) -> list[Brought]:
    """The programs in a file; `name` is the name it came under, of which a table of days takes its own.
    Raises Invalid with one sentence for anything else."""
    if not data.strip():
        raise Invalid(_("The file is empty."))
    if len(data) > LARGEST:
        raise Invalid(_("The file is larger than {most} MB.").format(most=LARGEST // 2**20))
    if data.startswith(b"PK\x03\x04"):
        return from_mautic(_json(_unzipped(data)))
    if data.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"{", b"["):
        return from_mautic(_json(data))
    return [_days(data, Path(name).stem)]


def sources_of(brought: Brought) -> dict[str, str]:
    """The files of a program's folder by path: program.yaml and mails/."""
    sources = {"program.yaml": _yaml(brought)}
    return sources | {_path(mail): _mail(mail) for mail in brought.mails}


def _json(data: bytes) -> Any:
    try:
        return json.loads(data.decode("utf-8-sig"))
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as fault:
        raise Invalid(_("The file is no JSON: {reason}.").format(reason=fault)) from fault


def _unzipped(data: bytes) -> bytes:
    """The first JSON file of an archive, never more bytes of it than a file may have."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = [one for one in archive.namelist()[:_JSON_IN_ZIP] if one.lower().endswith(".json")]
            if not names:
                raise Invalid(_("There is no JSON file in the archive."))
            with archive.open(names[0]) as file:
                content = file.read(LARGEST + 1)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError) as fault:
        raise Invalid(_("The archive cannot be read.")) from fault
    if len(content) > LARGEST:
        raise Invalid(_("The file is larger than {most} MB.").format(most=LARGEST // 2**20))
    return content


def _days(data: bytes, stem: str) -> Brought:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("cp1252", errors="replace")
    head = text.splitlines()[0] if text.splitlines() else ""
    delimiter = max(",;\t", key=head.count)
    try:
        found = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
    except csv.Error as fault:
        raise Invalid(_("The table cannot be read: {reason}.").format(reason=fault)) from fault
    rows = _rows(found)
    name = stem.replace("-", " ").replace("_", " ").strip().capitalize() or _("Chain")
    return from_days(key_of(stem, (), "chain"), name, rows)


def _rows(found: list[list[str]]) -> list[dict[str, str]]:
    """Each row by the names of the columns, in small letters; empty lines are passed over."""
    if not found:
        return []
    names = [name.strip().lower() for name in found[0]]
    filled = [row for row in found[1:] if any(cell.strip() for cell in row)]
    return [dict(zip(names, _padded(row, len(names)), strict=True)) for row in filled]


def _padded(row: list[str], wide: int) -> Iterable[str]:
    return [*row[:wide], *[""] * (wide - len(row))]


def _yaml(brought: Brought) -> str:
    writer = YAML()
    writer.default_flow_style = False
    writer.width = 100
    out = io.StringIO()
    writer.dump(dict(brought.program), out)
    return out.getvalue()


def _path(mail: MailWords) -> str:
    name = f"{mail.of}.{mail.language}" if mail.of else mail.key
    return os.path.join("mails", f"{name}.{mail.format}")


def _mail(mail: MailWords) -> str:
    head = {"subject": mail.subject}
    if mail.preheader:
        head["preheader"] = mail.preheader
    if not mail.of:
        head = {"name": mail.name} | head | {"language": mail.language}
    out = io.StringIO()
    writer = YAML()
    writer.width = 1000
    writer.dump(head, out)
    return f"---\n{out.getvalue()}---\n{mail.body}"
