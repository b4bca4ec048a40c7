"""Lives that chance writes: reported late, twice and in any order, taken back, merged and parted, under two
models that change meanwhile. Whatever happened, heat, floors and level are those that the law says."""

import random
from collections import defaultdict
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from nurture.files.models import write_model
from nurture.flows.explain import explain, explain_at
from nurture.flows.merge_leads import merge
from nurture.flows.models import ModelFile, publish_model
from nurture.flows.rate import rate
from nurture.flows.rejudge import undo_signal
from nurture.flows.take_signals import take_signals
from nurture.flows.unmerge_leads import undo_merge
from nurture.rules.model import read
from tests.flows.decimal_heat import DIGITS, Happened, Law
from tests.flows.garden import PEPPER, Garden

READINESS = {"rise": 60, "fall": 45, "parts": {"need": 25, "activity": 35, "data": 20, "bant": 20}}
SPANS = {"1h": timedelta(hours=1), "1d": timedelta(days=1), "21d": timedelta(days=21)}
STEPS = (1, 59, 3_600, 86_400, 9 * 86_400)


class Life:
    """Some leads, what was reported of them, and what holds of it."""

    def __init__(self, garden: Garden, seed: int) -> None:
        self.garden, self.chance = garden, random.Random(seed)
        self.leads = [garden.lead(f"lead{number}") for number in range(4)]
        self.said: list[dict[str, Any]] = []
        self.wrong: set[str] = set()
        self.merged: tuple[int, int] | None = None
        self.laws: dict[str, Law] = {}
        for key in ("default", "other"):
            self.publish(key)

    def live(self, turns: int) -> None:
        acts = (self.report, self.report, self.report, self.wait, self.rate_some, self.take_back, self.merge)
        for _turn in range(turns):
            self.chance.choice(acts)()
        self.publish(self.chance.choice(["default", "other"]))
        self.report()
        while rate(self.garden.sessions, now=self.garden.clock.now, limit=3):
            pass

    def publish(self, key: str) -> None:
        half_life = self.chance.choice(list(SPANS))
        raw: dict[str, Any] = {
            "model": key,
            "half_life": half_life,
            "signals": {
                "opened": {"weight": 0.1, "cap": 2},
                "clicked": {"weight": self.chance.choice([10, 20]), "cap": self.chance.choice([1, 3])},
                "replied": {"weight": 25, "floor": "warm"},
                "called": {"weight": 10_000},
                "event_no_show": {"weight": -5, "cap": 1},
                "unsubscribed": {"weight": -100},
                "note": {"weight": 0},
            },
            "temperature": {"warm": {"rise": 20, "fall": 12}, "hot": {"rise": 50, "fall": 35}},
            "readiness": READINESS,
        }
        self.laws[key] = Law(SPANS[half_life], raw["signals"], raw["temperature"])
        model = read(raw)
        with self.garden.sessions.begin() as session:
            publish_model(session, ModelFile(model, write_model(model)), now=self.garden.clock.now)

    def report(self) -> None:
        now, kinds = self.garden.clock.now, [*self.laws["default"].signals, *["clicked"] * 9]
        if self.said and self.chance.random() < 0.2:
            chosen = [self.chance.choice(self.said)]
        else:
            chosen = [
                {
                    "lead_id": self.chance.choice(self.leads),
                    "kind": self.chance.choice(kinds),
                    "occurred_at": self.a_moment(),
                    "key": f"{len(self.said)}-{number}",
                }
                for number in range(self.chance.choice([1, 1, 5]))
            ]
            self.said += chosen
        with self.garden.sessions.begin() as session:
            take_signals(session, chosen, source="api", now=now)

    def a_moment(self) -> datetime:
        """Now, a while or days ago, or on either side of the border of a UTC day."""
        now = self.garden.clock.now
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
        before = midnight - timedelta(microseconds=1)
        ago = [now - timedelta(minutes=self.chance.randrange(most)) for most in (600, 9 * 1_440)]
        return self.chance.choice([now, midnight, before, *ago])

    def wait(self) -> None:
        self.garden.clock.advance(seconds=self.chance.choice(STEPS))

    def rate_some(self) -> None:
        rate(self.garden.sessions, now=self.garden.clock.now, limit=self.chance.choice([1, 2, 50]))

    def take_back(self) -> None:
        if self.said:
            key = self.chance.choice(self.said)["key"]
            chosen = self.garden.value("SELECT signal_id FROM signal_key WHERE key = :key", key=key)
            assert isinstance(chosen, UUID)
            with self.garden.sessions.begin() as session:
                undo_signal(session, chosen, now=self.garden.clock.now)
            self.wrong.add(key)

    def merge(self) -> None:
        with self.garden.sessions.begin() as session:
            if self.merged is None:
                one, other = self.chance.sample(self.leads, 2)
                noted = merge(session, one, other, pepper=PEPPER, by="mia", now=self.garden.clock.now)
                self.merged = (noted.id, other)
            else:
                undo_merge(session, self.merged[0], pepper=PEPPER, by="mia", now=self.garden.clock.now)
                self.merged = None

    def standing(self) -> list[int]:
        return [lead for lead in self.leads if self.merged is None or lead != self.merged[1]]

    def happened(self) -> dict[int, list[Happened]]:
        """What holds, by whose it is now; nothing that was reported is missing, nothing there twice."""
        with self.garden.sessions() as session:
            rows = session.execute(
                text(
                    "SELECT k.key, s.id, s.occurred_at, s.kind, s.lead_id FROM signal s"
                    " JOIN signal_key k ON k.signal_id = s.id"
                )
            ).all()
        assert sorted(row.key for row in rows) == sorted(one["key"] for one in self.said)
        found: dict[int, list[Happened]] = defaultdict(list)
        for row in rows:
            if row.key not in self.wrong:
                found[row.lead_id].append(Happened(row.id, row.occurred_at, row.kind))
        return found


@pytest.mark.parametrize("seed", range(4))
def test_heat_is_what_its_law_says_whatever_happened(sessions, clock, tmp_path, seed: int) -> None:
    garden = Garden(sessions, clock, tmp_path / "garden")
    life = Life(garden, seed)
    life.live(turns=60)
    now, happened = clock.now, life.happened()
    with sessions() as session:
        rows = session.execute(
            text("SELECT h.*, m.key FROM lead_heat h JOIN heat_model m ON m.id = h.model_id")
        )
        heats = {(row.lead_id, row.key): row for row in rows}
        for lead in life.standing():
            for key, law in life.laws.items():
                row, (warms, cools) = heats.get((lead, key)), law.sums(happened[lead], now)
                for kept, wanted in ((row and row.pos_log2, warms), (row and row.neg_log2, cools)):
                    found = worth(kept, law, now)
                    assert abs(found - wanted) <= Decimal("1e-9") * wanted + Decimal("1e-11"), (lead, key)
                until = law.warm_until(happened[lead])
                if row and until and until > now:
                    assert row.warm_floor_until == until
            net = max(Decimal(), Decimal.__sub__(*life.laws["default"].sums(happened[lead], now)))
            assert abs(Decimal(explain(session, lead, now=now)["heat"]["value"]) - net) < Decimal("0.0501")
            told = explain_at(session, lead, at=now, now=now)["temperature"]["level"]
            assert told == life.laws["default"].level(happened[lead], now)


def worth(log: float | None, law: Law, now: Any) -> Decimal:
    """A stored log at a moment."""
    if log is None:
        return Decimal()
    age = DIGITS.divide(Decimal(now.timestamp()), Decimal(law.half_life.total_seconds()))
    return DIGITS.power(2, Decimal(log) - age)
