"""Senders to choose from, each in words: what speaks where nothing is chosen comes first."""

from collections.abc import Mapping

from nurture.rules.program import Program
from nurture.rules.program.speaking import by_steps
from nurture.rules.senders import HOUSE, OWNER
from nurture.rules.words import _
from nurture.store import domains, senders
from nurture.store.senders import SenderRow
from nurture.web.request import page_session

Choices = list[tuple[str, str]]


def for_newsletter(said: str | None) -> Choices:
    """For what has only the default behind it."""
    found = _every()
    return _with(found, said or "", [("", _default(found)), *_others(found)])


def for_program(said: str) -> Choices:
    """For a program that says `said` now."""
    found = _every()
    # `house` says what saying nothing does.
    first = HOUSE if said == HOUSE else ""
    return _with(found, said, [(first, _default(found)), *_others(found), _owner()])


def for_mail(program: Program | None, said: str) -> Choices:
    """For a mail of a program, which speaks where the mail says nothing."""
    by_program = program.sender if program is not None else HOUSE
    return _under(by_program, _("As the program says: %(sender)s"), said)


def for_step(program: Program | None, by_mail: str, said: str) -> Choices:
    """For a step, behind which stand its mail and its program."""
    if not by_mail:
        return for_mail(program, said)
    return _under(by_mail, _("As the mail says: %(sender)s"), said)


def speaking(program: Program | None, mails: Mapping[str, str]) -> dict[str, list[str]]:
    """In whose name each mail goes out, in words; `mails` is what each says itself, by its key."""
    found = _every()
    by_key = {row.key: row.name or row.email for row in found}
    default = next((by_key[row.key] for row in found if row.is_default), "–")
    told = {HOUSE: default, OWNER: _owner()[1], **by_key}
    return {
        key: list(dict.fromkeys(told.get(one, one) for one in by_steps(program, key, says)))
        for key, says in mails.items()
    }


def _under(above: str, words: str, said: str) -> Choices:
    """The choices where `above` speaks unless something is chosen."""
    found = _every()
    chosen = [(HOUSE, _default(found)), *_others(found), _owner()]
    if above == HOUSE:
        first = HOUSE if said == HOUSE else ""
        return _with(found, said, [(first, _default(found)), *chosen[1:]])
    known = dict(_with(found, above, chosen))
    return _with(found, said, [("", words % {"sender": known[above]}), *chosen])


def _with(found: list[SenderRow], said: str, offered: Choices) -> Choices:
    """What is said now is among them, though it be the default by its key, an address, or a sender that is
    gone."""
    if not said or said in {value for value, _words in offered}:
        return offered
    row = next((one for one in found if one.key == said), None)
    words = said if "@" in said else _("%(key)s: there is no such sender") % {"key": said}
    return [*offered, (said, _address(row) if row is not None else words)]


def _every() -> list[SenderRow]:
    return senders.every(page_session())


def _default(found: list[SenderRow]) -> str:
    row = next((one for one in found if one.is_default), None)
    return _("Default: %(sender)s") % {"sender": _address(row) if row is not None else "–"}


def _others(found: list[SenderRow]) -> Choices:
    """Those that are not the default; what goes out from a domain that proves nothing may not arrive."""
    proven = domains.proven(page_session(), {one.domain for one in found})
    doubted = _("%(sender)s (domain not verified)")
    told = {one.key: _address(one) for one in found if not one.is_default}
    doubtful = {one.key for one in found if one.domain not in proven}
    return [(key, doubted % {"sender": said} if key in doubtful else said) for key, said in told.items()]


def _owner() -> tuple[str, str]:
    return OWNER, _("The lead's owner")


def _address(row: SenderRow) -> str:
    return f"{row.name} <{row.email}>"
