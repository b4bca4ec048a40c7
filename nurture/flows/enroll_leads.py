"""Leads are put into a chain by another program, each with an answer of its own."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from nurture.errors import Conflict, Invalid, NotFound
from nurture.flows.published import Published, published
from nurture.flows.start_leads import Place, start_leads
from nurture.rules.addresses import normalise
from nurture.rules.entering import held_out
from nurture.rules.words import _
from nurture.store import lead_aliases, leads
from nurture.store.audit import audit
from nurture.store.enrollments import runs

MOST = 1_000
BY_API = "by_api"
# Why a lead did not come in, or came in without mails.
INSIDE, HELD, HELD_OUT = "inside", "held", "held_out"


@dataclass(frozen=True, slots=True)
class Enrolled:
    """What became of one lead: whether it came in, and why not, or how."""

    lead_id: int
    entered: bool
    reason: str | None = None


def enroll_leads(
    session: Session,
    chain_id: int,
    lead_ids: Sequence[int],
    emails: Sequence[str],
    step: str | None,
    *,
    by: str,
    now: datetime,
) -> list[Enrolled]:
    """Begin a run in the chain (at `step`, if named) for each of these leads, all or none known: in the order
    they were given, each once. Whoever stands in the program stays there. In the caller's transaction. Raises
    NotFound, Conflict for a program that is not live, Invalid with the faults by place (`emails.3`)."""
    one, temperature = _chain(session, chain_id)
    chain = one.program.chains[temperature]
    if step is not None and step not in chain.by_key:
        sentence = _('This chain has no step "{step}".').format(step=step)
        raise Invalid(sentence, {"step": [sentence]})
    wanted = _leads(session, lead_ids, emails)
    begun = set(start_leads(session, wanted, Place(one, temperature, step), now=now, reason=BY_API))
    welcome = set(runs.welcome(session, one.id, wanted))
    detail = {"n": len(begun), "step": step}
    audit(session, by, "chain.enrolled", f"chain:{chain_id}", now=now, detail=detail)
    return [
        _answer(one, lead_id, began=lead_id in begun, is_welcome=lead_id in welcome) for lead_id in wanted
    ]


def _chain(session: Session, chain_id: int) -> tuple[Published, str]:
    chains = (
        (one, temperature)
        for one in published(session, ("live", "paused")).values()
        for temperature, number in one.chain_ids.items()
        if number == chain_id and temperature in one.program.chains
    )
    found = next(chains, None)
    if found is None:
        raise NotFound(_("There is no such chain in a live program."))
    if found[0].row.state != "live":
        raise Conflict(_("The program is paused: nobody enters."))
    return found


def _leads(session: Session, lead_ids: Sequence[int], emails: Sequence[str]) -> list[int]:
    known = lead_aliases.meant(session, sorted(set(lead_ids)))
    norms = [normalise(email) for email in emails]
    by_email = leads.by_emails(session, sorted(set(norms)))
    no_such = _("There is no such lead.")
    faults = {f"lead_ids.{at}": [no_such] for at, one in enumerate(lead_ids) if one not in known}
    faults |= {f"emails.{at}": [no_such] for at, norm in enumerate(norms) if norm not in by_email}
    if faults:
        raise Invalid(_("Some leads are not known; none was enrolled."), faults)
    return list(dict.fromkeys([*(known[one] for one in lead_ids), *(by_email[norm] for norm in norms)]))


def _answer(one: Published, lead_id: int, *, began: bool, is_welcome: bool) -> Enrolled:
    if began:
        return Enrolled(lead_id, True, HELD_OUT if held_out(one.program, lead_id) else None)
    return Enrolled(lead_id, False, INSIDE if is_welcome else HELD)
