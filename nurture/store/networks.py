"""Networks that machines came from, and what visits from a network turned out to be."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ARRAY, Result, Text, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from nurture.rules.crowds import VISIT
from nurture.rules.evidence import Past
from nurture.rules.hits import CLICK, OPEN
from nurture.rules.networks import Tally
from nurture.rules.robots import HUMAN, MACHINE
from nurture.rules.signs import TELLING
from nurture.store import batch
from nurture.store.base import Base, Instant

# How far back visits are looked up, and how many of one address at most, which bounds what a busy address can
# cost: a scanner that follows ten links of a mail has been seen on eight mails then.
_PAST = timedelta(days=30)
_MOST = 80
_KEPT = timedelta(days=90)
# So many companies are told apart.
_COMPANIES = 8


class CaughtNetwork(Base):
    """A network (rules/crowds.network) from which machines came: to how many mails, at which companies, the
    first few of them. Forgotten when none has come for a while."""

    __tablename__ = "caught_network"

    name: Mapped[str] = mapped_column(primary_key=True)
    caught: Mapped[int]
    companies: Mapped[list[str]] = mapped_column(ARRAY(Text))
    seen_at: Mapped[Instant]


_CAUGHT = text("SELECT name, caught, companies FROM caught_network WHERE name = ANY(CAST(:names AS text[]))")
_GATES = text(
    """
    SELECT name, caught, companies FROM caught_network
    WHERE companies && CAST(:companies AS text[]) LIMIT 500
    """
)
_NOTE = text(
    """
    INSERT INTO caught_network AS known (name, caught, companies, seen_at)
    SELECT g.name, g.caught, ARRAY(SELECT json_array_elements_text(g.companies)), :now
    FROM json_to_recordset(CAST(:found AS json)) AS g (name text, caught int, companies json)
    ORDER BY g.name
    ON CONFLICT (name) DO UPDATE SET
        caught = known.caught + excluded.caught,
        seen_at = greatest(known.seen_at, excluded.seen_at),
        companies = ARRAY(
            SELECT DISTINCT unnest(known.companies || excluded.companies) ORDER BY 1 LIMIT :most)
    """
)
_FORGET = text("DELETE FROM caught_network WHERE seen_at < :until")
# Of each address the latest clicks; whether it was a machine, by what is said of it now; whether the same
# program had opened the mail shortly before.
_VISITS = text(
    f"""
    SELECT g.name, h.delivery_id, h.domain, h.caught, EXISTS (
        SELECT FROM hit o
        WHERE o.delivery_id = h.delivery_id AND o.kind = '{OPEN}' AND o.ip = g.ip
          AND o.user_agent = h.user_agent AND o.verdict = '{HUMAN}'
          AND o.received_at BETWEEN h.received_at - CAST(:visit AS interval) AND h.received_at
    ) AS read
    FROM json_to_recordset(CAST(:addresses AS json)) AS g (name text, ip text)
    CROSS JOIN LATERAL (
        SELECT few.*, coalesce((
            SELECT v.verdict FROM signal_verdict v WHERE v.signal_id = few.id ORDER BY v.at DESC LIMIT 1
        ), few.verdict) = '{MACHINE}' AS caught
        FROM (
            SELECT id, delivery_id, domain, user_agent, received_at, verdict, reasons FROM hit
            WHERE ip = g.ip AND received_at BETWEEN :from AND :until AND kind = '{CLICK}'
            ORDER BY received_at DESC LIMIT {_MOST}
        ) few
        WHERE few.verdict = '{HUMAN}'
           OR (few.verdict = '{MACHINE}' AND few.reasons && CAST(:telling AS text[]))
    ) h
    """
)


def caught(session: Session, names: Collection[str]) -> dict[str, Past]:
    """Those of these networks from which machines came."""
    if not names:
        return {}
    return _pasts(session.execute(_CAUGHT, {"names": sorted(names)}))


def gates(session: Session, companies: Collection[str]) -> dict[str, Past]:
    """Networks from which machines came to mails of these companies."""
    if not companies:
        return {}
    return _pasts(session.execute(_GATES, {"companies": sorted(companies)}))


def note(session: Session, found: Mapping[str, Tally], *, now: datetime) -> None:
    """Remember from where machines came just now."""
    rows = [
        {"name": name, "caught": len(tally.caught), "companies": sorted(tally.companies)[:_COMPANIES]}
        for name, tally in sorted(found.items())
    ]
    if rows:
        session.execute(_NOTE, {"found": batch.rows(rows), "now": now, "most": _COMPANIES})


def forget_old(session: Session, *, now: datetime) -> None:
    """Drop networks from which no machine has come for a while: addresses change hands."""
    session.execute(_FORGET, {"until": now - _KEPT})


def visits(session: Session, addresses: Mapping[str, Iterable[str]], *, until: datetime) -> dict[str, Tally]:
    """The visits of the last weeks from these addresses, by the network that they are of."""
    given = {
        "addresses": batch.rows([{"name": name, "ip": ip} for name, ips in addresses.items() for ip in ips]),
        "from": until - _PAST,
        "until": until,
        "visit": VISIT,
        "telling": sorted(TELLING),
    }
    found: defaultdict[str, Tally] = defaultdict(Tally)
    for row in session.execute(_VISITS, given):
        found[row.name].add(row.delivery_id, caught=row.caught, read=row.read, company=row.domain)
    return dict(found)


def _pasts(rows: Result[Any]) -> dict[str, Past]:
    return {row.name: Past(caught=row.caught, companies=frozenset(row.companies)) for row in rows}
