"""The senders that a program and its mails name: unknown ones are faults, each with its line."""

from collections.abc import Iterator
from pathlib import Path

from sqlalchemy.orm import Session

from nurture.files.programs import Folder
from nurture.files.yaml_lines import Faults
from nurture.rules.program import Program, Send
from nurture.rules.senders import is_named
from nurture.rules.tables import near
from nurture.rules.words import _
from nurture.store import domains, senders

_Said = tuple[Faults, int, str]


def look_at_senders(session: Session, folder: Folder) -> None:
    """Add every sender that there is not to the faults of the folder, and a warning for each address whose
    domain proves nothing."""
    said = list(_said(folder))
    named = [one for one in said if is_named(one[2])]
    known = senders.keys(session) if named else []
    for faults, line, key in named:
        if key not in known:
            sentence = _('There is no sender "{key}"; known: {known}.').format(
                key=key, known=", ".join(known)
            )
            faults.add(line, sentence + near(key, known))
    _warn_of_addresses(session, [one for one in said if "@" in one[2]])


def _warn_of_addresses(session: Session, said: list[_Said]) -> None:
    """Mails in the name of an address whose domain proves nothing, which the house sends in its own name."""
    proven = domains.proven(session, {_domain(address) for _faults, _line, address in said})
    sentence = _("The domain of {address} is not verified: the mail goes out in the house's name.")
    for faults, line, address in said:
        if _domain(address) not in proven:
            faults.warn(line, sentence.format(address=address))


def _said(folder: Folder) -> Iterator[_Said]:
    """Where a sender is named: the faults of its file, its line, and who."""
    if folder.program is not None:
        yield folder.faults, folder.line_of("sender"), folder.program.sender
        yield from _said_by_steps(folder, folder.program)
    for mail in folder.mails.values():
        if mail.sender:
            beside = folder.faults.beside(str(Path(folder.path) / mail.path))
            yield beside, mail.lines.get("sender", 1), mail.sender


def _said_by_steps(folder: Folder, program: Program) -> Iterator[_Said]:
    places = {(str(path[1]), key): path for path, key in folder.keys.items()}
    steps = ((warm, step) for warm, chain in program.chains.items() for step in chain.by_key.values())
    for temperature, step in steps:
        if isinstance(step, Send) and step.sender is not None:
            path = places.get((temperature, step.key), ())
            yield folder.faults, folder.line_at((*path, "sender")), step.sender


def _domain(address: str) -> str:
    return address.rpartition("@")[2]
