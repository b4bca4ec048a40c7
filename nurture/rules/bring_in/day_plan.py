"""A chain from a plain table: on which day after the beginning which mail goes out."""

from collections.abc import Mapping, Sequence
from typing import Any

from nurture.errors import Invalid
from nurture.rules.bring_in.values import Brought, MailWords, key_of
from nurture.rules.words import _

COLUMNS = ("day", "subject", "body", "time", "name", "preheader")
_NEEDED = ("day", "subject", "body")
_LAST_DAY = 3650
_MOST = 300


def from_days(key: str, name: str, rows: Sequence[Mapping[str, str]]) -> Brought:
    """The program of these rows: `day` (whole, 0 is the day of entry), `subject`, `body` (Markdown), and if
    wanted `time` (09:30), `name`, `preheader`. One chain, cold, in the order of the days. Raises Invalid with
    every fault by its line; the header is line 1."""
    _stop_at_faults(rows)
    left_out = tuple(
        _("The column {name} says nothing here; known are {known}.").format(
            name=column, known=", ".join(COLUMNS)
        )
        for column in (rows[0] if rows else ())
        if column not in COLUMNS
    )
    ordered = sorted(rows, key=lambda row: (int(row["day"]), row.get("time", "").strip().zfill(5)))
    mails: list[MailWords] = []
    steps: list[dict[str, Any]] = []
    day = 0
    for row in ordered:
        mail = _mail(row, {one.key for one in mails})
        steps += _until(int(row["day"]) - day, row.get("time", "").strip())
        steps.append({"send": mail.key} | ({"immediate": True} if not steps else {}))
        mails.append(mail)
        day = int(row["day"])
    steps.append({"exit": "done"})
    program = {
        "program": key,
        "name": name,
        "chains": {"cold": {"enter": {"when": {"consent": "marketing"}}, "steps": steps}},
    }
    return Brought(program, tuple(mails), left_out)


def _mail(row: Mapping[str, str], taken: set[str]) -> MailWords:
    subject = row["subject"].strip()
    name = row.get("name", "").strip() or subject
    return MailWords(
        key=key_of(name, taken, "mail"),
        format="md",
        name=name,
        subject=subject,
        preheader=row.get("preheader", "").strip(),
        language="en",
        body=row["body"].strip() + "\n",
    )


def _until(days: int, time: str) -> list[dict[str, Any]]:
    wait = [{"wait": f"{days}d"}] if days else []
    return [*wait, {"wait_until": {"at": time.zfill(5)}}] if time else list(wait)


def _stop_at_faults(rows: Sequence[Mapping[str, str]]) -> None:
    errors: dict[str, list[str]] = {}
    if not rows:
        raise Invalid(_("The table has no rows: each has a day, a subject and a body."))
    missing = [name for name in _NEEDED if name not in rows[0]]
    if missing:
        raise Invalid(_("The table has no column {names}.").format(names=", ".join(missing)))
    if len(rows) > _MOST:
        raise Invalid(_("A chain has at most {most} mails.").format(most=_MOST))
    for line, row in enumerate(rows, start=2):
        if faults := list(_faults(row)):
            errors[f"line {line}"] = faults
    if errors:
        at, said = next(iter(errors.items()))
        raise Invalid(f"{at}: {said[0]}", errors)


def _faults(row: Mapping[str, str]) -> list[str]:
    found = []
    day, time = row["day"].strip(), row.get("time", "").strip()
    if not (day.isascii() and day.isdigit() and int(day) <= _LAST_DAY):
        found.append(_("day is a whole number from 0 to {last}.").format(last=_LAST_DAY))
    if time and not _is_time(time):
        found.append(_('time is a time of day such as "09:30".'))
    found += [
        _("{column} is empty.").format(column=column)
        for column in ("subject", "body")
        if not row[column].strip()
    ]
    return found


def _is_time(text: str) -> bool:
    hour, colon, minute = text.partition(":")
    digits = hour.isascii() and hour.isdigit() and minute.isascii() and minute.isdigit()
    return bool(colon) and digits and len(minute) == 2 and int(hour) < 24 and int(minute) < 60
