"""Newsletters are written, shown, tried, scheduled, paused, resumed and called off."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from nurture.errors import Conflict, Invalid, NotFound
from nurture.flows.letters import Shown, preview_words
from nurture.flows.newsletters import addressed
from nurture.flows.queue_mail import keep_mail, queue_test
from nurture.flows.segments import read_condition
from nurture.flows.when_done import outlook
from nurture.mail.source import FORMATS, MailSource
from nurture.rules import newsletter as rules
from nurture.rules.conditions import ConditionFault, parse
from nurture.rules.consent import WITHOUT_CONSENT
from nurture.rules.program import ProgramFault, read_window
from nurture.rules.words import _
from nurture.store import newsletters as store
from nurture.store import segment_members, senders
from nurture.store.audit import audit
from nurture.store.newsletters import Newsletter

_MOST_PRIORITY = 100
_LONGEST = 200_000


@dataclass(frozen=True)
class Progress:
    """How far a newsletter has come. `rate` in mails a second, `ends_at` None while unknown; `waiting`
    readers by what they wait for."""

    counts: Mapping[str, int]
    waiting: list[Mapping[str, Any]]
    rate: float
    left: int | None
    ends_at: datetime | None


def create(session: Session, said: Mapping[str, Any], *, by: str, now: datetime) -> Newsletter:
    """A new draft. Raises Invalid with every fault."""
    _check(session, {"name": "", **said})
    newsletter = Newsletter(**{"name": "", **said}, created_by=by, created_at=now, updated_at=now)
    session.add(newsletter)
    session.flush()
    session.refresh(newsletter)
    audit(session, by, "newsletter.created", f"newsletter:{newsletter.id}", now=now)
    return newsletter


def change(
    session: Session, newsletter_id: int, said: Mapping[str, Any], *, now: datetime, by: str = "system"
) -> Newsletter:
    """Change what is said of a draft. Raises Invalid, NotFound, Conflict."""
    newsletter = locked(session, newsletter_id)
    if newsletter.state != "draft":
        raise Conflict(_("Only a draft can be changed; this newsletter is scheduled or has gone out."))
    _check(session, {"name": newsletter.name, **said})
    what = sorted(name for name, value in said.items() if getattr(newsletter, name) != value)
    for name, value in said.items():
        setattr(newsletter, name, value)
    newsletter.updated_at = now
    if what:
        detail = {"what": what}
        audit(session, by, "newsletter.changed", f"newsletter:{newsletter.id}", now=now, detail=detail)
    return newsletter


def schedule(
    session: Session,
    newsletter_id: int,
    *,
    at: datetime | None = None,
    local_at: str | None = None,
    by: str,
    now: datetime,
) -> Newsletter:
    """Let a draft go out: at once, `at` an instant, or at `local_at` (2026-03-05T10:00) in each reader's
    own zone. The mail is fixed as it is written now. Raises Invalid with every fault of it."""
    newsletter = locked(session, newsletter_id)
    if newsletter.state != "draft":
        raise Conflict(_("This newsletter is scheduled already."))
    newsletter.mail_version_id = keep_mail(session, None, source_of(newsletter), newsletter.name, now=now)
    newsletter.mode, newsletter.starts_at = ("now", now)
    if local_at is not None:
        wanted = _local(local_at, now)
        newsletter.mode, newsletter.local_at = "local", wanted.isoformat(timespec="minutes")
        newsletter.starts_at = max(now, rules.first_on_earth(wanted))
    elif at is not None:
        newsletter.mode, newsletter.starts_at = "at", max(now, at)
    # A segment that is not there would be found out only when nobody gets the mail.
    if newsletter.audience:
        read_condition(session, newsletter.audience)
    newsletter.size = size(session, newsletter, now=now)
    newsletter.state, newsletter.updated_at = "scheduled", now
    audit(session, by, "newsletter.scheduled", f"newsletter:{newsletter.id}", now=now)
    return newsletter


def pause(session: Session, newsletter_id: int, *, by: str, now: datetime) -> Newsletter:
    """Nothing more of it begins to go out."""
    newsletter = locked(session, newsletter_id)
    if newsletter.state not in ("scheduled", "sending"):
        raise Conflict(_("Only a newsletter that is scheduled or going out can be paused."))
    newsletter.state, newsletter.updated_at = "paused", now
    audit(session, by, "newsletter.paused", f"newsletter:{newsletter.id}", now=now)
    return newsletter


def resume(session: Session, newsletter_id: int, *, by: str, now: datetime) -> Newsletter:
    """It goes on where it stopped."""
    newsletter = locked(session, newsletter_id)
    if newsletter.state != "paused":
        raise Conflict(_("This newsletter is not paused."))
    newsletter.state = "sending" if newsletter.started_at else "scheduled"
    newsletter.updated_at = now
    audit(session, by, "newsletter.resumed", f"newsletter:{newsletter.id}", now=now)
    return newsletter


def cancel(session: Session, newsletter_id: int, *, by: str, now: datetime) -> Newsletter:
    """What has not gone out never does."""
    newsletter = locked(session, newsletter_id)
    if newsletter.state in ("sent", "cancelled"):
        raise Conflict(_("This newsletter has come to its end already."))
    stopped = store.cancel_unsent(session, newsletter.id, now=now)
    if stopped:
        store.count(session, newsletter.id, {"cancelled": stopped})
    newsletter.state, newsletter.finished_at, newsletter.updated_at = "cancelled", now, now
    audit(session, by, "newsletter.cancelled", f"newsletter:{newsletter.id}", now=now)
    return newsletter


def test(session: Session, newsletter_id: int, address: str, *, now: datetime, by: str = "system") -> None:
    """Send it to a colleague as it is written now. Raises Invalid with every fault of the mail."""
    newsletter = known(session, newsletter_id)
    version_id = keep_mail(session, None, source_of(newsletter), newsletter.name, now=now)
    dedup_key = f"test:newsletter:{newsletter_id}:{address}:{now.isoformat()}"
    sender = newsletter.sender_key
    queue_test(session, version_id, address, dedup_key=dedup_key, sender=sender, now=now)
    audit(session, by, "newsletter.tested", f"newsletter:{newsletter_id}", now=now)


def look(
    session: Session, newsletter_id: int, lead_id: int | None, said: Mapping[str, Any] | None = None
) -> Shown:
    """The newsletter as a lead would see it (None: as somebody of whom nothing is known); with the words
    of `said` in place of its own. Nothing is kept. Raises Invalid, RenderFault, NotFound."""
    newsletter = known(session, newsletter_id)
    source = replace(source_of(newsletter), **(said or {}))
    shown = preview_words(session, source, lead_id, newsletter.sender_key)
    if shown is None:
        raise NotFound(_("There is no such lead."))
    return shown


def size(session: Session, newsletter: Newsletter, *, now: datetime) -> int:
    """How many leads it addresses now."""
    return segment_members.size_of(session, addressed(newsletter), now=now, demo=newsletter.demo)


def progress(session: Session, newsletter: Newsletter, *, now: datetime) -> Progress:
    """How far it has come, how fast it goes, and when it will be done: by its rate, by what its way out may
    still let out this hour and today, and by when its last reader has the turn."""
    counts = store.counts(session, newsletter.id)
    waiting = store.waiting(session, newsletter.id)
    rate = store.pace(session, newsletter.id, now=now) if newsletter.state == "sending" else 0.0
    ended = sum(counts.get(name, 0) for name in ("sent", "failed", "skipped", "cancelled"))
    whole = counts.get("readers", 0) + sum(int(one["n"]) for one in waiting)
    if newsletter.looked_at is None:
        whole = max(whole, newsletter.size or 0)
    left = max(whole - ended, 0)
    ends_at = None
    if newsletter.state == "sending" and left:
        seen = outlook(session, now=now)
        ends_at = seen.end(left, measured=rate, now=now, newsletter_id=newsletter.id)
    if ends_at is not None:
        ends_at = max([ends_at, *(one["last_at"] for one in waiting)])
    return Progress(counts, waiting, rate, left, ends_at)


def source_of(newsletter: Newsletter) -> MailSource:
    """The mail as composing takes it."""
    return MailSource(
        key=f"newsletter-{newsletter.id}",
        subject=newsletter.subject,
        body=newsletter.body,
        format=newsletter.format,
        preheader=newsletter.preheader,
        language=newsletter.language,
    )


def known(session: Session, newsletter_id: int) -> Newsletter:
    """The newsletter, or NotFound."""
    newsletter = store.get(session, newsletter_id)
    if newsletter is None:
        raise NotFound(_("There is no such newsletter."))
    return newsletter


def locked(session: Session, newsletter_id: int) -> Newsletter:
    """The newsletter, held against whoever lets it go out, or NotFound."""
    newsletter = store.lock(session, newsletter_id)
    if newsletter is None:
        raise NotFound(_("There is no such newsletter."))
    return newsletter


def _check(session: Session, said: Mapping[str, Any]) -> None:
    every = (*_faults_of_words(said), *_faults_of_rules(session, said), *_faults_of_language(said))
    faults = {name: [sentence] for name, sentence in every}
    if faults:
        raise Invalid(" ".join(one for many in faults.values() for one in many), faults)


def _faults_of_words(said: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    if not said["name"].strip():
        yield "name", _("Give it a name.")
    if said.get("format", "md") not in FORMATS:
        yield "format", _("The format is one of {all}.").format(all=", ".join(FORMATS))
    if len(said.get("body", "")) > _LONGEST:
        yield "body", _("This is longer than any mail program shows.")


def _faults_of_rules(session: Session, said: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    if said.get("purpose") in WITHOUT_CONSENT:
        yield "purpose", _("A newsletter rests on a consent: choose another purpose.")
    if said.get("over", "skip") not in ("defer", "skip"):
        yield "over", _("Over the cap a mail waits (defer) or is left out (skip).")
    if said.get("while_with_sales", "pause") not in ("pause", "go_on"):
        yield "while_with_sales", _("While sales talks to a lead it is left out (pause) or not (go_on).")
    if said.get("sender_key") and senders.get(session, said["sender_key"]) is None:
        yield "sender", _("There is no such sender.")
    if abs(said.get("priority", 0)) > _MOST_PRIORITY:
        yield "priority", _("A whole number from -100 to 100.")


def _faults_of_language(said: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, reading in (("audience", _condition), ("hours", read_window)):
        try:
            reading(said.get(name) or {})
        except (ConditionFault, ProgramFault) as fault:
            yield name, str(fault)


def _condition(raw: Mapping[str, Any]) -> None:
    if raw:
        parse(raw)


def _local(text: str, now: datetime) -> datetime:
    try:
        wanted = datetime.fromisoformat(text)
    except ValueError:
        wanted = None
    sentence = ""
    if wanted is None or wanted.tzinfo is not None:
        sentence = _("A local date and time without a zone, such as 2026-03-05T10:00.")
    elif rules.last_on_earth(wanted) <= now:
        sentence = _("This time has passed everywhere on earth.")
    if wanted is None or sentence:
        raise Invalid(sentence, {"local_at": [sentence]})
    return wanted.replace(second=0, microsecond=0)
