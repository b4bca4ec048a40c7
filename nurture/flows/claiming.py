"""A chunk of due deliveries becomes ours: claimed, looked at once more, with everything its mails need."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

import structlog
from jinja2 import TemplateError
from sqlalchemy.orm import Session

from nurture.errors import Unavailable
from nurture.flows import pace
from nurture.flows.in_whose_name import Speaker, speakers
from nurture.flows.kept_out import DOMAIN, NO, kept_out
from nurture.flows.letters import on_trial, sender_of
from nurture.flows.outbox import Outbox
from nurture.flows.pace import Paces, Rates
from nurture.flows.queue_mail import CONFIRMATION, NEWSLETTER, TEST
from nurture.flows.settle import settle_skipped
from nurture.flows.signing import Seal
from nurture.mail.headers import address
from nurture.mail.message import Sender
from nurture.mail.prepare import PreparedMail
from nurture.rules.addresses import normalise
from nurture.rules.consent import COMES_BACK, LEFT_ALL
from nurture.rules.transports import OF_SETTINGS, Limits
from nurture.rules.words import _
from nurture.store import deliveries, pacing
from nurture.store.deliveries import EVERY_ROUTE, Claimed, Route, Sending

log = structlog.get_logger()

NO_CONSENT = "no_consent"


@dataclass(frozen=True)
class WayOut:
    """The transport that a chunk is for: `id` and `key` as the tables have them, its own limits, and which
    mails it carries."""

    id: int = OF_SETTINGS
    key: str = "smtp"
    limits: Limits = field(default_factory=Limits)
    route: Route = EVERY_ROUTE


@dataclass(frozen=True)
class Chunk:
    """What was claimed: `go` goes out, with its mails made ready; `done` are ended or put back already.
    `speakers` are who sends where it is not the house. `rates` are what bounds every mail, `own_rates` what
    bounds some of them besides."""

    way: WayOut
    go: Sequence[Claimed]
    mails: Mapping[int, PreparedMail | None]
    sender: Sender
    seal: Seal
    state: Sending
    done: int
    rates: Rates = ()
    own_rates: Mapping[int, Rates] = field(default_factory=dict)
    speakers: Mapping[int, Speaker] = field(default_factory=dict)

    def speaker_of(self, delivery_id: int) -> Speaker:
        return self.speakers.get(delivery_id) or self.house

    @cached_property
    def house(self) -> Speaker:
        return Speaker(self.sender, self.seal, address(self.sender.email))

    @property
    def leases(self) -> list[tuple[int, int]]:
        return [(one.id, one.token) for one in self.go]

    def rates_of(self, delivery_id: int) -> Rates:
        own = self.own_rates.get(delivery_id, ())
        return [*self.rates, *own] if own else self.rates


def wanted(session: Session, outbox: Outbox, way: WayOut, now: datetime) -> Sending | None:
    """Who sends, if anything is due for this way out and nobody has stopped it. Raises Refusal when nobody
    is set as the sender."""
    state = deliveries.sending(session)
    live = outbox.live or state.live
    state = on_trial(state) if outbox.live else state
    may_go: dict[str, Any] = {"live": live, "named": state.named, "invented": outbox.invented}
    if state.stopped or not deliveries.any_due(session, **may_go, now=now, route=way.route):
        return None
    if not state.sender_email:
        raise Unavailable(_("Nobody is set as the sender: fill in the sender address in the settings."))
    return state


def seal_of(session: Session, outbox: Outbox, state: Sending) -> Seal:
    """What the mails are signed with. Raises Refusal when the sender or a key cannot be used."""
    return outbox.signing.of(session, address(state.sender_email).rpartition("@")[2])


def claim(
    session: Session,
    outbox: Outbox,
    way: WayOut,
    paces: Paces,
    state: Sending,
    seal: Seal,
    *,
    now: datetime,
    limit: int,
) -> Chunk | None:
    """Claim at most `limit`; None when sending was stopped in the meantime, or nothing is left of a quota.
    Commit before the first octet goes out."""
    # Read again where the claim reads: a stop that was committed a moment ago holds.
    if deliveries.sending(session).stopped:
        return None
    sender = sender_of(state)
    several = paces.has_others(sender.domain)
    # The schedule of the only domain there is bounds what is claimed; of several, each bounds its own mails.
    quotas = pace.quotas_of(paces, way.key, way.limits, "" if several else sender.domain, now)
    granted = pacing.reserve(session, quotas, limit, now=now) if quotas else limit
    if granted <= 0:
        return None
    scopes = frozenset(one.scope for one in quotas)
    claimed = deliveries.claim(
        session,
        host=outbox.host,
        live=outbox.live or state.live,
        named=state.named,
        invented=outbox.invented,
        now=now,
        limit=granted,
        route=way.route,
        booked=sorted(scopes),
    )
    refusals = _skipped(session, outbox, claimed, now)
    may_go = [one for one in claimed if one.id not in refusals]
    spoken = speakers(session, outbox, [one.id for one in may_go if _may_be_spoken(one)], sender)
    own_scopes: Mapping[int, str] = {}
    if several:
        domains = {one.id: _domain_of(spoken.get(one.id), sender) for one in may_go}
        held, own_scopes = pace.hold_domains(session, paces, domains, now=now)
        may_go = [one for one in may_go if one.id not in held]
    held, own_rates = pace.hold_back(session, paces, may_go, now=now)
    pace.give_back(session, own_scopes, held, at=now)
    go = [one for one in may_go if one.id not in held]
    pacing.give_back(session, scopes, granted - len(go), at=now)
    rate = way.limits.per_second
    return Chunk(
        way=way,
        go=go,
        mails=_mails(session, outbox, go, trap=state.trap_link),
        sender=sender,
        seal=seal,
        state=state,
        done=len(claimed) - len(go),
        rates=((f"transport:{way.key}", rate),) if rate else (),
        own_rates=own_rates,
        speakers=spoken,
    )


def _may_be_spoken(one: Claimed) -> bool:
    """Whether somebody else than the default sender may speak in it: not in what a lead or a colleague asked
    for, such as a confirmation or a notice."""
    return one.program_key is not None or one.purpose in (NEWSLETTER, TEST)


def _domain_of(speaker: Speaker | None, house: Sender) -> str:
    return (speaker.sender if speaker is not None else house).domain.lower()


def called_off(session: Session, outbox: Outbox, go: Sequence[Claimed], *, now: datetime) -> set[int]:
    """Those of the claimed that must not go out any more, because of what was said since, or not now."""
    said = deliveries.unwanted(session, [one.id for one in go], now=now)
    return said | set(_suppressed(session, outbox, go))


def _skipped(session: Session, outbox: Outbox, claimed: Sequence[Claimed], now: datetime) -> dict[int, str]:
    """Those that must not go out, each with its reason; they are ended."""
    refusals = {one.id: one.refusal for one in claimed if one.refusal}
    suppressed = _suppressed(session, outbox, [one for one in claimed if not one.refusal])
    deliveries.skip(session, suppressed, now=now)
    refusals |= suppressed
    settle_skipped(session, refusals, now=now)
    return refusals


def _suppressed(session: Session, outbox: Outbox, claimed: Sequence[Claimed]) -> dict[int, str]:
    """Those whose address must not be written to, each with the reason."""
    addresses = {one.id: one.email_norm or normalise(one.address or "") for one in claimed}
    purposes = {one.id: one.consent_purpose for one in claimed if one.needs_consent}
    reasons = kept_out(session, addresses, outbox.pepper, purposes)
    return {
        one.id: NO_CONSENT if reason == NO else f"suppressed:{reason}"
        for one in claimed
        if (reason := reasons.get(one.id)) and _holds_for(one, reason)
    }


def _holds_for(one: Claimed, reason: str) -> bool:
    """A colleague at a blocked domain still hears of the leads; whoever left and signs up again is asked
    if it was they."""
    if reason == DOMAIN:
        return one.lead_id is not None
    if one.purpose == CONFIRMATION:
        return reason not in COMES_BACK
    return one.needs_consent or reason != LEFT_ALL


def _mails(
    session: Session, outbox: Outbox, claimed: Sequence[Claimed], *, trap: bool
) -> dict[int, PreparedMail | None]:
    found: dict[int, PreparedMail | None] = {}
    for version_id in {one.mail_version_id for one in claimed}:
        try:
            found[version_id] = outbox.prepared(session, version_id, trap=trap)
        except (TemplateError, TypeError, KeyError, ValueError, SyntaxError, RecursionError) as fault:
            log.error("deliver.mail_broken", mail_version_id=version_id, error=str(fault))
            found[version_id] = None
    return found
