"""How much may go out, and how much has: quotas by the minute, limits by recipient, warm-ups, paused
senders."""

from collections.abc import Collection, Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import ARRAY, CheckConstraint, Integer, delete, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from nurture.rules.pacing import Pace, Quota, WarmUp
from nurture.rules.transports import Limits
from nurture.store.base import Base, Count, Instant, Ref

DOMAIN, PROVIDER = "domain", "provider"
WARM_UP_KINDS = ("transport", "domain")


class QuotaMinute(Base):
    """So many mails were reserved of a quota within one minute. Sums over the last 60 (1,440) minutes and the
    present one are never less than what went out within any hour (day)."""

    __tablename__ = "quota_minute"

    scope: Mapped[str] = mapped_column(primary_key=True)
    minute: Mapped[Instant] = mapped_column(primary_key=True)
    n: Mapped[Count]


class PaceLimit(Base):
    """A limit for what goes to one recipient domain, or to all domains of one mailbox provider."""

    __tablename__ = "pace_limit"
    __table_args__ = (CheckConstraint("kind IN ('domain', 'provider')", name="kind"),)

    kind: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)
    per_second: Mapped[float | None]
    per_hour: Mapped[int | None]
    per_day: Mapped[int | None]


class ProviderPace(Base):
    """A provider that asked us to slow down: `rate` mails a second from `slowed_at`, rising to `ceiling`."""

    __tablename__ = "provider_pace"

    provider: Mapped[str] = mapped_column(primary_key=True)
    rate: Mapped[float]
    ceiling: Mapped[float]
    slowed_at: Mapped[Instant]
    reply: Mapped[str] = mapped_column(server_default="")


class MailDomain(Base):
    """Who takes the mail of a domain, as its MX records say."""

    __tablename__ = "mail_domain"

    domain: Mapped[str] = mapped_column(primary_key=True)
    provider: Mapped[str]
    looked_at: Mapped[Instant]


class WarmUpRow(Base):
    """A schedule: on day n after `started_on` at most `days[n]` mails go out over a transport (`name`:
    its key)
    or from a sending domain."""

    __tablename__ = "warm_up"
    __table_args__ = (CheckConstraint(f"kind IN {WARM_UP_KINDS}", name="kind"),)

    kind: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)
    started_on: Mapped[date]
    days: Mapped[list[int]] = mapped_column(ARRAY(Integer))


class SenderPause(Base):
    """A sending domain that receivers do not believe: nothing goes out from it until a person says so."""

    __tablename__ = "sender_pause"

    domain: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[Instant]
    reply: Mapped[str] = mapped_column(server_default="")
    delivery_id: Mapped[Ref | None]


_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended('quota:' || :scope, 0))")
_SPENT = text("SELECT coalesce(sum(n), 0) FROM quota_minute WHERE scope = :scope AND minute >= :since")
_LEFT_OF = text("""
    SELECT a.scope, greatest(0, a.most - coalesce(sum(q.n), 0)) AS n
    FROM unnest(CAST(:scopes AS text[]), CAST(:since AS timestamptz[]), CAST(:most AS integer[]))
      AS a (scope, since, most)
    LEFT JOIN quota_minute q ON q.scope = a.scope AND q.minute >= a.since
    GROUP BY a.scope, a.most
""")
_SPEND = text("""
    INSERT INTO quota_minute AS q (scope, minute, n)
    SELECT scope, date_trunc('minute', CAST(:now AS timestamptz)), CAST(:n AS integer)
    FROM unnest(CAST(:scopes AS text[])) AS s (scope)
    ON CONFLICT (scope, minute) DO UPDATE SET n = q.n + excluded.n
""")
# A mail is given back once: it forgets what it was booked on.
_TAKE_BACK = text("""
    WITH held AS (
        SELECT id, booked_at, booked_scopes FROM delivery
        WHERE id = ANY(:ids) AND booked_scopes IS NOT NULL ORDER BY id FOR NO KEY UPDATE
    ), forgotten AS (
        UPDATE delivery d SET booked_scopes = NULL, booked_at = NULL FROM held h WHERE d.id = h.id
    ), given AS (
        SELECT s.scope, date_trunc('minute', h.booked_at) AS minute, count(*) AS n
        FROM held h, unnest(h.booked_scopes) AS s (scope) GROUP BY 1, 2
    ), quota AS (
        SELECT q.scope, q.minute FROM quota_minute q JOIN given g USING (scope, minute)
        ORDER BY q.scope, q.minute FOR NO KEY UPDATE OF q
    )
    UPDATE quota_minute q SET n = greatest(0, q.n - g.n)
    FROM given g JOIN quota k USING (scope, minute)
    WHERE q.scope = g.scope AND q.minute = g.minute
""")
_BOOK = text("""
    UPDATE delivery d SET booked_scopes = coalesce(d.booked_scopes, '{}') || CAST(:scopes AS text[]),
        booked_at = coalesce(d.booked_at, :now)
    WHERE d.id = ANY(:ids)
""")
_RETURN = text("""
    UPDATE quota_minute SET n = greatest(0, n - :n)
    WHERE scope = ANY(:scopes) AND minute = date_trunc('minute', CAST(:at AS timestamptz))
""")


def reserve(session: Session, quotas: Sequence[Quota], wanted: int, *, now: datetime) -> int:
    """As many of the wanted mails as every quota still allows, booked on each scope. Whoever else reserves
    of the same scopes waits until the transaction ends."""
    scopes = sorted({one.scope for one in quotas})
    for scope in scopes:
        session.execute(_LOCK, {"scope": scope})
    given = min([wanted, *(left(session, one, now=now) for one in quotas)])
    if given > 0:
        session.execute(_SPEND, {"scopes": scopes, "n": given, "now": now})
    return max(0, given)


def left(session: Session, quota: Quota, *, now: datetime) -> int:
    """How many mails of a quota are left."""
    spent = session.execute(_SPENT, {"scope": quota.scope, "since": quota.begins(now)}).scalar_one()
    return max(0, quota.most - int(spent))


def left_of(session: Session, quotas: Sequence[Quota], *, now: datetime) -> dict[str, int]:
    """How many mails of each quota are left, by its scope, in one statement."""
    values = {
        "scopes": [one.scope for one in quotas],
        "since": [one.begins(now) for one in quotas],
        "most": [one.most for one in quotas],
    }
    return {row.scope: int(row.n) for row in session.execute(_LEFT_OF, values)} if quotas else {}


def give_back(session: Session, scopes: Collection[str], n: int, *, at: datetime) -> None:
    """So many mails that were reserved at that moment have not gone out."""
    if n > 0 and scopes:
        session.execute(_RETURN, {"scopes": sorted(scopes), "n": n, "at": at})


def book(session: Session, ids: Sequence[int], scopes: Collection[str], *, now: datetime) -> None:
    """Note on claimed deliveries that they are booked on these scopes as well."""
    if ids and scopes:
        session.execute(_BOOK, {"ids": list(ids), "scopes": sorted(scopes), "now": now})


def take_back(session: Session, ids: Sequence[int]) -> None:
    """These deliveries have not gone out, whoever held them: what they were booked on is free again."""
    if ids:
        session.execute(_TAKE_BACK, {"ids": list(ids)})


def forget_minutes(session: Session, *, now: datetime) -> None:
    """Drop the minutes that no quota looks at any more."""
    session.execute(delete(QuotaMinute).where(QuotaMinute.minute < now - timedelta(days=2)))


def limits(session: Session) -> dict[tuple[str, str], Limits]:
    """Limits by (kind, name)."""
    rows = session.scalars(select(PaceLimit).order_by(PaceLimit.kind, PaceLimit.name))
    return {(row.kind, row.name): Limits(row.per_second, row.per_hour, row.per_day) for row in rows}


def set_limit(session: Session, kind: str, name: str, found: Limits) -> None:
    """Replace the limit of a domain or provider; without any number it is dropped."""
    session.execute(delete(PaceLimit).where(PaceLimit.kind == kind, PaceLimit.name == name))
    if not found.none:
        session.add(PaceLimit(kind=kind, name=name, **vars(found)))
    session.flush()


def paces(session: Session) -> dict[str, Pace]:
    """The providers that have asked us to slow down."""
    rows = session.scalars(select(ProviderPace))
    return {row.provider: Pace(row.rate, row.ceiling, row.slowed_at, row.reply) for row in rows}


def set_pace(session: Session, provider: str, pace: Pace | None) -> None:
    """Keep the pace of a provider; None: it may go as fast as limits allow."""
    if pace is None:
        session.execute(delete(ProviderPace).where(ProviderPace.provider == provider))
        return
    statement = insert(ProviderPace).values(provider=provider, **vars(pace))
    session.execute(statement.on_conflict_do_update(index_elements=["provider"], set_=dict(vars(pace))))


def lock_paces(session: Session) -> None:
    """Whoever slows a provider down does so after the other, until the transaction ends."""
    session.execute(_LOCK, {"scope": "paces"})


def providers_of(session: Session, domains: Collection[str]) -> dict[str, str]:
    """The providers of those domains that were looked up."""
    if not domains:
        return {}
    rows = session.execute(
        select(MailDomain.domain, MailDomain.provider).where(MailDomain.domain.in_(domains))
    )
    return {row.domain: row.provider for row in rows}


def note_provider(session: Session, domain: str, provider: str, *, now: datetime) -> None:
    values = {"provider": provider, "looked_at": now}
    statement = insert(MailDomain).values(domain=domain, **values)
    session.execute(statement.on_conflict_do_update(index_elements=["domain"], set_=values))


_UNKNOWN_DOMAINS = text("""
    SELECT domain FROM (
        SELECT DISTINCT split_part(l.email_norm, '@', 2) AS domain
        FROM delivery d JOIN lead l ON l.id = d.lead_id
        WHERE d.state IN ('scheduled', 'ready', 'deferred') AND d.due_at <= :soon AND l.email_norm IS NOT NULL
        LIMIT :many
    ) due
    WHERE NOT EXISTS (SELECT FROM mail_domain m WHERE m.domain = due.domain AND m.looked_at > :since)
""")


def unknown_domains(session: Session, *, soon: datetime, since: datetime, many: int) -> list[str]:
    """Domains that mails go to soon and whose provider was not looked up since then."""
    return list(session.scalars(_UNKNOWN_DOMAINS, {"soon": soon, "since": since, "many": many}))


def warm_ups(session: Session) -> dict[tuple[str, str], WarmUp]:
    """Schedules by (kind, name)."""
    rows = session.scalars(select(WarmUpRow))
    return {(row.kind, row.name): WarmUp(row.started_on, tuple(row.days)) for row in rows}


def set_warm_up(session: Session, kind: str, name: str, found: WarmUp | None) -> None:
    session.execute(delete(WarmUpRow).where(WarmUpRow.kind == kind, WarmUpRow.name == name))
    if found is not None:
        session.add(WarmUpRow(kind=kind, name=name, started_on=found.started_on, days=list(found.days)))
    session.flush()


def pause_sender(
    session: Session, domain: str, *, reply: str, delivery_id: int | None, now: datetime
) -> bool:
    """Nothing goes out from this domain any more; False when it was paused already."""
    statement = insert(SenderPause).values(domain=domain, at=now, reply=reply, delivery_id=delivery_id)
    result = session.execute(statement.on_conflict_do_nothing().returning(SenderPause.domain))
    return result.first() is not None


def resume_sender(session: Session, domain: str) -> bool:
    """It may send again; False when it was not paused."""
    found = session.execute(
        delete(SenderPause).where(SenderPause.domain == domain).returning(SenderPause.domain)
    )
    return found.first() is not None


def sender_pauses(session: Session) -> dict[str, SenderPause]:
    return {row.domain: row for row in session.scalars(select(SenderPause))}


def waiting(session: Session, *, now: datetime, most: int) -> int:
    """How many mails are due and wait to go out; counted to `most`."""
    query = text("""
        SELECT count(*) FROM (
            SELECT FROM delivery d
            WHERE d.state IN ('scheduled', 'ready', 'deferred') AND (d.due_at <= :now OR d.reason = 'paced')
            LIMIT :most
        ) d
    """)
    return int(session.execute(query, {"now": now, "most": most}).scalar_one())
