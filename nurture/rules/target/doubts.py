"""Columns that may know the outcome and may not: a person is asked about them, and until then they are used.

The signs are weaker than those of rules/target/leaks, or lie in the name alone. Nobody but the marketer knows
whether "last activity" is what the lead did before the hand-over or what sales wrote down after it.
"""

import re
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from nurture.rules.target import signs
from nurture.rules.target.columns import Matrix, Row
from nurture.rules.target.leaks import NEVER_EMPTY, TELLS

_GOOD_ALONE = 0.75
_ONE_SIDED = 0.05
_EMPTINESS = 0.6
_SOMETIMES = (0.05, 0.95)
# What a column is called that is written down, or written anew, on the way to the outcome: words of a name
# begin so, in the languages that CRMs of Europe and the Americas are set up in.
_STEMS = re.compile(
    r"last|latest|recent|notable|activit|quality|score|index|status|stage|outcome|result|reason"
    r"|closed|closing|lifecycle|disposition|rating|conver"
    r"|letzt|zuletzt|aktivit|qualit|bewertung|phase|grund|ergebnis|abschluss|gewonnen|verlor"
    r"|dernier|statut|etape|raison|resultat|gagn|perdu"
    r"|ultim|activid|ativid|calidad|qualidad|etapa|motivo|ganad|perdid|attivit|esito|risultat"
    r"|laatst|kwaliteit|reden|resultaat|ostatni|aktywno|jakosc|powod|wynik"
    r"|последн|активн|качеств|оценк|балл|статус|этап|стади|причин|результат|итог|сделк"
)
_WORDS = frozenset(("tag", "tags", "won", "lost", "теги", "тег"))
_BETWEEN = re.compile(r"[\W_]+")


@dataclass(frozen=True, slots=True)
class Doubt:
    """A column to ask about. `why` and its `figure`:
    one_value: `value` stands with one outcome only, with this share of all leads;
    good: what the column reaches alone, as AUC;
    emptiness: what the mere fact that it is filled in reaches, as AUC;
    name: what it reaches alone; its name says that it may be written on the way to the outcome."""

    column: str
    why: str
    figure: float
    value: str = ""


def find_doubts(
    rows: Sequence[Row],
    won: Matrix,
    names: Sequence[str],
    alone: Mapping[str, float],
    *,
    dated: Collection[str] = (),
) -> list[Doubt]:
    """Which of these columns to ask about, the most telling first. `alone` is what each reaches by itself; of
    `dated` ones it is known when they were filled in, so that neither name nor gaps raise a doubt."""
    found = []
    for name in sorted(names, key=lambda one: -alone[one]):
        if not name.startswith(NEVER_EMPTY) and alone[name] >= TELLS:
            doubt = _doubt(rows, won, name, alone[name], is_dated=name in dated)
            if doubt is not None:
                found.append(doubt)
    return found


def sounds_late(name: str) -> bool:
    """Whether the name of a column has a word in it for what is written when a deal goes on or ends."""
    plain = unicodedata.normalize("NFKD", name.casefold().replace("ł", "l"))
    plain = "".join(letter for letter in plain if not unicodedata.combining(letter))
    return any(word in _WORDS or _STEMS.match(word) for word in _BETWEEN.split(plain))


def _doubt(rows: Sequence[Row], won: Matrix, name: str, alone: float, *, is_dated: bool) -> Doubt | None:
    kinds = signs.with_one_outcome(rows, won, name)
    share = sum(kinds.values()) / len(rows)
    if share >= _ONE_SIDED:
        return Doubt(name, "one_value", share, max(kinds, key=lambda one: kinds[one]))
    if alone >= _GOOD_ALONE:
        return Doubt(name, "good", alone)
    if is_dated:
        return None
    has = signs.filled(rows, name)
    if _SOMETIMES[0] <= float(has.mean()) <= _SOMETIMES[1]:
        told = 0.5 + abs(float(has[won == 1].mean()) - float(has[won == 0].mean())) / 2
        if told >= _EMPTINESS:
            return Doubt(name, "emptiness", told)
    return Doubt(name, "name", alone) if sounds_late(name) else None
