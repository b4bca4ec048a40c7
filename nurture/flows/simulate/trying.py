"""A test run: every mail of one path goes to a colleague at once, as the lead would see it. Marked as tests,
these mails are counted nowhere, and no lead is changed."""

import secrets
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from nurture.errors import Invalid, NotFound
from nurture.files.programs import Folder
from nurture.flows.check_programs import mail_source
from nurture.flows.queue_mail import keep_mail, queue_test
from nurture.flows.simulate.asking import folder_of, program_in, source_of
from nurture.flows.simulate.people import people_of
from nurture.flows.simulate.world import world_of
from nurture.rules import addresses
from nurture.rules.facts import Facts
from nurture.rules.program.speaking import at_step
from nurture.rules.simulation.trial import Says, TriedMail, path
from nurture.rules.simulation.values import Person
from nurture.rules.words import _
from nurture.store import installation, users
from nurture.store.audit import audit


@dataclass(frozen=True, slots=True)
class Trial:
    """What to try: `version` draft or live, the `chain` to begin in, whether the lead opens and clicks, and
    who it is (None: an invented one)."""

    version: str
    chain: str
    opens: bool
    clicks: bool
    lead_id: int | None = None


def try_out(
    session: Session, program_id: int, trial: Trial, address: str, pepper: bytes, *, by: str, now: datetime
) -> list[TriedMail]:
    """Queue the mails of the path to one test address, in the caller's transaction; what was queued. Raises
    NotFound, and Invalid by field."""
    source = source_of(session, program_id, trial.version)
    program = program_in(source)
    if trial.chain not in program.chains:
        sentence = _("There is no {chain} chain.").format(chain=trial.chain)
        raise Invalid(sentence, {"chain": [sentence]})
    _refuse_strangers(session, address)
    world = world_of(session, program)
    person = Person(Facts(lead_id=0, temperature=trial.chain, fields={"email": address}))
    if trial.lead_id is not None:
        found = people_of(session, program_id, world, [trial.lead_id], pepper, now=now)
        if not found:
            raise NotFound(_("There is no such lead."))
        person = found[0]
    mails = path(world, person, trial.chain, Says(trial.opens, trial.clicks), now)
    folder = folder_of(source)
    versions = _versions(session, program_id, folder, {one.mail for one in mails}, now)
    run = secrets.token_hex(8)
    for no, one in enumerate(mails):
        key = f"test:run:{run}:{no}"
        queue_test(
            session,
            versions[one.mail],
            address,
            dedup_key=key,
            lead_id=trial.lead_id,
            sender=at_step(program, one.chain, one.step, folder.mails[one.mail].sender),
            now=now,
        )
    audit(session, by, "program.tried", f"program:{program_id}", now=now, detail={"n": len(mails)})
    return mails


def _refuse_strangers(session: Session, address: str) -> None:
    """Tests go to people of the house and to the test addresses alone."""
    norm = addresses.check(address).norm
    known = norm is not None and (
        norm in installation.get(session).test_addresses or users.by_email(session, norm) is not None
    )
    if not known:
        sentence = _("Tests go to your colleagues and to the test addresses of the settings alone.")
        raise Invalid(sentence, {"email": [sentence]})


def _versions(
    session: Session, program_id: int, folder: Folder, wanted: set[str], now: datetime
) -> dict[str, int]:
    """The mails as they are written there, ready to be composed."""
    return {
        key: keep_mail(session, program_id, mail_source(mail), mail.name, now=now)
        for key, mail in folder.mails.items()
        if key in wanted
    }
