"""What happened since yesterday, what needs a person, and how the funnel stands: seven statements."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import ColumnElement, func, select, text
from sqlalchemy.orm import Session

from nurture.store import lead_figures
from nurture.store.drafts import ProgramDraft
from nurture.store.leads import STAGES
from nurture.store.programs import ProgramRow
from nurture.store.temperature_changes import TemperatureChange
from nurture.store.transport_states import TransportState

# The newest rows by id are looked at, so that the page costs the same in the tenth year.
_NEWEST = 20_000


@dataclass(frozen=True)
class Happened:
    """Counts since an instant. Openings are by people; `accepted` are of those handed over since."""

    leads: int
    warmed: int
    turned_hot: int
    handed_over: int
    accepted: int
    sent: int
    opened: int
    left: int


@dataclass(frozen=True)
class Waiting:
    """What needs a person, or will."""

    handoffs_unanswered: int
    oldest_unanswered: datetime | None
    uncertain: int
    failed: int
    endpoints_disabled: int
    endpoints_failing: int
    posts_given_up: int
    transports: list[TransportState]
    drafts: list[tuple[int, str]]


@dataclass(frozen=True)
class Start:
    """The way to the first real mail: what is done by now, of what is not invented."""

    says_who: bool
    has_leads: bool
    mailable: bool
    has_program: bool
    live_program: bool
    tested: bool
    verified: bool
    live: bool
    sent_any: bool

    @property
    def done(self) -> bool:
        """Whether all of it is, or the first mail has reached a lead: then nobody needs the way any more."""
        steps = (self.says_who, self.has_leads, self.mailable, self.live_program, self.tested, self.verified)
        return self.live and (self.sent_any or all(steps))


def happened(session: Session, since: datetime) -> Happened:
    """Two statements."""
    changes = dict(
        session.execute(
            select(TemperatureChange.new, func.count())
            .where(TemperatureChange.at >= since)
            .where(
                ((TemperatureChange.old == "cold") & (TemperatureChange.new == "warm"))
                | ((TemperatureChange.new == "hot") & (TemperatureChange.old != "hot"))
            )
            .group_by(TemperatureChange.new)
        ).all()
    )
    row = session.execute(_HAPPENED, {"since": since, "newest": _NEWEST}).one()
    leads, handed_over, accepted, sent, opened, left = row
    return Happened(
        leads, changes.get("warm", 0), changes.get("hot", 0), handed_over, accepted, sent, opened, left
    )


@dataclass(frozen=True)
class GoalsMet:
    """So many goals of programs were met; `worth` by currency, as far as anybody said."""

    n: int
    worth: dict[str, Decimal]


def goals(session: Session, since: datetime) -> GoalsMet:
    """Without those of leads held out, who had no mails; one statement."""
    rows = session.execute(_GOALS, {"since": since}).all()
    return GoalsMet(
        sum(row.n for row in rows), {row.currency: row.worth for row in rows if row.worth is not None}
    )


def _newer_than_live() -> ColumnElement[bool]:
    """A version was loaded beside the live one. A program that never was live waits for nobody."""
    newest, live = ProgramRow.draft_version_id, ProgramRow.live_version_id
    return newest.is_not(None) & live.is_not(None) & newest.is_distinct_from(live)


def waiting(session: Session, since: datetime) -> Waiting:
    """Three statements."""
    row = session.execute(_WAITING, {"since": since, "newest": _NEWEST}).one()
    unanswered, oldest, uncertain, failed, disabled, failing, given_up = row
    broken = session.scalars(select(TransportState).where(~TransportState.ok).order_by(TransportState.name))
    drafts = session.execute(
        select(ProgramRow.id, ProgramRow.name)
        .outerjoin(ProgramDraft, ProgramDraft.program_id == ProgramRow.id)
        .where(ProgramDraft.program_id.is_not(None) | _newer_than_live())
        .order_by(ProgramRow.name)
        .limit(5)
    )
    return Waiting(
        handoffs_unanswered=unanswered,
        oldest_unanswered=oldest,
        uncertain=uncertain,
        failed=failed,
        endpoints_disabled=disabled,
        endpoints_failing=failing,
        posts_given_up=given_up,
        transports=list(broken),
        drafts=[(number, name) for number, name in drafts],
    )


def funnel(session: Session) -> dict[str, int]:
    """How many stand in each stage, all of them in order."""
    figures = lead_figures.read(session, "stage").of
    return {stage: figures.get(stage, {}).get("leads", 0) for stage in STAGES}


def start(session: Session) -> Start:
    """One statement."""
    return Start(*session.execute(_START, {"newest": _NEWEST}).one())


# By program, so that the index on program and instant is used.
_GOALS = text(
    """
    SELECT coalesce(g.currency, '') AS currency, sum(g.n) AS n, sum(g.worth) AS worth
    FROM program p
    CROSS JOIN LATERAL (
        SELECT currency, count(*) AS n, sum(value) AS worth FROM goal_met
        WHERE program_id = p.id AND at >= :since AND NOT held_out GROUP BY currency
    ) g
    GROUP BY 1 ORDER BY 2 DESC
    """
)
_HAPPENED = text(
    """
    SELECT (SELECT count(*) FROM (SELECT created_at, is_test FROM lead ORDER BY id DESC LIMIT :newest) AS new
             WHERE created_at >= :since AND NOT is_test),
           (SELECT count(*) FROM (SELECT released_at FROM handoff ORDER BY id DESC LIMIT :newest) AS new
             WHERE released_at >= :since),
           (SELECT count(*) FROM (SELECT released_at, accepted_at FROM handoff
                                  ORDER BY id DESC LIMIT :newest) AS new
             WHERE released_at >= :since AND accepted_at IS NOT NULL),
           new_mail.sent, new_mail.opened,
           (SELECT count(*) FROM (SELECT at, state FROM consent ORDER BY id DESC LIMIT :newest) AS new
             WHERE at >= :since AND state = 'withdrawn')
      FROM (SELECT count(*) AS sent, count(opened_at) AS opened
              FROM (SELECT sent_at, opened_at, purpose FROM delivery ORDER BY id DESC LIMIT :newest) AS new
             WHERE sent_at >= :since AND purpose IN ('chain', 'newsletter')) AS new_mail
    """
)
_WAITING = text(
    """
    SELECT (SELECT count(*) FROM (SELECT 1 FROM handoff WHERE state = 'released' LIMIT 100) AS few),
           (SELECT min(released_at) FROM (SELECT released_at FROM handoff WHERE state = 'released'
                ORDER BY id LIMIT 100) AS few),
           (SELECT count(*) FROM (SELECT FROM delivery WHERE state = 'uncertain' LIMIT :newest) AS few),
           (SELECT count(*) FROM (SELECT state, settled_at FROM delivery ORDER BY id DESC LIMIT :newest)
             AS new WHERE state = 'failed' AND settled_at >= :since),
           (SELECT count(*) FROM webhook_endpoint WHERE disabled_at IS NOT NULL AND disabled_reason <> ''),
           (SELECT count(*) FROM webhook_endpoint WHERE disabled_at IS NULL AND failing_since IS NOT NULL),
           (SELECT count(*) FROM (SELECT state FROM webhook_post ORDER BY id DESC LIMIT :newest) AS new
             WHERE state = 'failed')
    """
)
_START = text(
    """
    SELECT (SELECT company_name <> '' AND postal_address <> '' AND sender_email <> '' FROM installation),
           EXISTS (SELECT FROM lead WHERE NOT is_test AND NOT demo),
           EXISTS (SELECT FROM lead_consent c JOIN lead l ON l.id = c.lead_id WHERE c.granted AND NOT l.demo),
           EXISTS (SELECT FROM program WHERE NOT demo),
           EXISTS (SELECT FROM program WHERE state = 'live' AND NOT demo),
           EXISTS (SELECT FROM (SELECT purpose, sent_at FROM delivery ORDER BY id DESC LIMIT :newest) AS new
                   WHERE purpose = 'test' AND sent_at IS NOT NULL),
           EXISTS (SELECT FROM sending_domain WHERE verified_at IS NOT NULL),
           (SELECT live FROM installation),
           EXISTS (SELECT FROM delivery d JOIN lead l ON l.id = d.lead_id
                   WHERE d.sent_at IS NOT NULL AND d.purpose IN ('chain', 'newsletter') AND NOT l.demo)
    """
)
