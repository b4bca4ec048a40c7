"""What is known about a lead at a moment: the values every decision is made from."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class SignalFact:
    """One human signal: `kind` as the model names it, `mail` the key of the mail it belongs to."""

    kind: str
    occurred_at: datetime
    mail: str | None = None
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Facts:
    """A lead at a moment. `fields` holds plain and dotted names ("country", "company.size") and
    custom fields by name and as "fields.<name>"; `consents` the purposes granted now; `signals` are
    human ones, oldest first; `target_score` the chance to be won in percent, where a score is in use."""

    lead_id: int
    stage: str = "lead"
    temperature: str = "cold"
    heat: float = 0.0
    grade: str | None = None
    readiness: float = 0.0
    source: str | None = None
    owner: int | None = None
    tags: frozenset[str] = frozenset()
    consents: frozenset[str] = frozenset()
    segments: frozenset[str] = frozenset()
    fields: Mapping[str, Any] = field(default_factory=dict)
    bant: Mapping[str, str] = field(default_factory=dict)
    signals: tuple[SignalFact, ...] = ()
    touches: int = 0
    timezone: str | None = None
    target_score: float | None = None

    def rated(
        self, temperature: str, heat: float, grade: str | None, readiness: float, touches: int | None = None
    ) -> "Facts":
        """The same lead as rating finds it. Spelled out: `dataclasses.replace` takes five times as long, and
        this is asked for every lead that is rated."""
        return Facts(
            self.lead_id,
            self.stage,
            temperature,
            heat,
            grade,
            readiness,
            self.source,
            self.owner,
            self.tags,
            self.consents,
            self.segments,
            self.fields,
            self.bant,
            self.signals,
            self.touches if touches is None else touches,
            self.timezone,
            self.target_score,
        )
