"""The harness in its short, seeded form: a round under fire breaks nothing, and one fault sown is found."""

from pathlib import Path

import pytest

from bench.faults.__main__ import struck
from bench.faults._mutants import MUTANTS, QUICK, Mutant, copy

pytestmark = pytest.mark.xdist_group("embedded")


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda one: one.name)
def test_every_mutant_still_fits_the_code(mutant: Mutant, tmp_path: Path) -> None:
    assert copy(tmp_path, (*QUICK, *mutant.changes)).is_dir()


@pytest.mark.fire
def test_a_round_under_fire_breaks_nothing() -> None:
    assert struck("", (), 11) == []


@pytest.mark.fire
def test_a_sown_fault_is_found() -> None:
    mutant = next(one for one in MUTANTS if one.name == "lines_too_long")
    assert any(sentence.startswith("I14") for sentence in struck(mutant.name, mutant.changes, 11))
