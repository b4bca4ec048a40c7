"""The target score: as good as the reference, honest on leads it has not seen, and blind to what knows the
outcome. The reference is scikit-learn."""

import json
import random
from typing import Any

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from nurture.rules.target import auc, calibration, fit, layout_of, top_tenth
from nurture.rules.target.columns import Matrix
from nurture.rules.target.figures import shares_out
from nurture.rules.target.learning import learn
from nurture.rules.target.score import for_and_against, plain, read
from tests.rules.schools import school

MANY = 4_000


def market(seed: int = 5, many: int = MANY) -> tuple[list[dict[str, Any]], Matrix]:
    """Leads of an invented market: size, country, visits and role move the odds; the shoe size does not."""
    chance = random.Random(seed)
    rows: list[dict[str, Any]] = []
    won = []
    for _number in range(many):
        size = int(chance.lognormvariate(4, 1.2))
        row: dict[str, Any] = {
            "company.size": size,
            "country": chance.choice(["DE", "AT", "CH", "FR"]),
            "role": chance.choice(["head", "clerk", "owner", None]),
            "did visited": chance.randrange(12),
            "fields.shoe_size": chance.randrange(36, 47),
        }
        odds = -3.2 + 0.5 * np.log1p(size) + {"DE": 0.8, "AT": 0.3, "CH": -0.2, "FR": -0.9}[row["country"]]
        odds += {"head": 0.9, "owner": 0.5, "clerk": -0.8}.get(row["role"], 0.0) + 0.15 * row["did visited"]
        rows.append(row)
        won.append(float(chance.random() < 1 / (1 + np.exp(-odds))))
    return rows, np.array(won)


def test_it_ranks_as_well_as_the_reference_on_the_same_split() -> None:
    rows, won = market()
    held = np.arange(len(rows)) % 4 == 0
    inside = [row for row, out in zip(rows, held, strict=True) if not out]
    layout = layout_of(inside, sorted(rows[0]))
    matrix = layout.matrix(rows)
    mine = fit(matrix[~held], won[~held]).odds(matrix[held])
    theirs = LogisticRegression(C=1.0, max_iter=2000, tol=1e-8).fit(matrix[~held], won[~held])
    reference = roc_auc_score(won[held], theirs.decision_function(matrix[held]))
    assert auc(mine, won[held]) >= reference - 0.005
    assert reference > 0.75


@pytest.mark.parametrize("seed", [3, 4])
def test_it_ranks_as_well_as_the_reference_with_its_own_reading_of_the_columns(seed: int) -> None:
    """Minutes on a website, skewed and worth the same each; many rare answers; what was not filled in."""
    rows, won = school(seed)
    held = shares_out(len(rows), 4) == 0
    _spec, report = learn(rows, won, {}, None)
    minutes = np.array([[row["minutes"], row["pages"]] for row in rows])
    words = np.array([[str(row[name]) for name in ("origin", "job", "city")] for row in rows])
    told = OneHotEncoder(handle_unknown="ignore", min_frequency=10).fit(words[~held])
    scaled = StandardScaler().fit(minutes[~held]).transform(minutes)
    matrix = np.hstack([scaled, told.transform(words).toarray()])
    theirs = LogisticRegression(max_iter=2000).fit(matrix[~held], won[~held])
    reference = roc_auc_score(won[held], theirs.decision_function(matrix[held]))
    assert reference > 0.75
    assert report["auc"] >= reference - 0.005


def test_its_weights_are_those_of_the_reference() -> None:
    rows, won = market(many=1_500)
    matrix = layout_of(rows, sorted(rows[0])).matrix(rows)
    theirs = LogisticRegression(C=1.0, max_iter=5000, tol=1e-10).fit(matrix, won)
    assert np.allclose(fit(matrix, won).weights, theirs.coef_[0], atol=2e-3)


def test_auc_is_the_reference_s_with_ties_too() -> None:
    chance = np.random.default_rng(3)
    scores, won = chance.integers(0, 8, 500).astype(float), chance.integers(0, 2, 500).astype(float)
    assert auc(scores, won) == pytest.approx(roc_auc_score(won, scores))


def test_a_column_that_knows_the_outcome_is_found_and_left_out() -> None:
    rows, won = market()
    chance = random.Random(1)
    for row, one in zip(rows, won, strict=True):
        row["fields.closing_note"] = "contract" if one and chance.random() < 0.95 else None
    _spec, report = learn(rows, won, {}, None)
    assert [one["column"] for one in report["left_out"]] == ["fields.closing_note"]
    clean, _won = market()
    assert report["auc"] == pytest.approx(learn(clean, won, {}, None)[1]["auc"], abs=1e-9)


def test_a_field_that_sales_fill_in_for_the_leads_they_work_on_is_found_without_times() -> None:
    """What an agent thinks of a lead stands with those he talked to; it is weaker than all else together."""
    rows, won = school(3)
    chance = random.Random(2)
    for row, one in zip(rows, won, strict=True):
        talked = chance.random() < (0.7 if one else 0.35)
        right = chance.random() < 0.85
        row["quality"] = (
            ("high" if one == right else "low") if talked else chance.choice(["Select", "не указано", None])
        )
    found = learn(rows, won, {}, None)[1]["left_out"]
    assert [(one["column"], one["why"]) for one in found] == [("quality", "often_empty")]
    # Where it is known that it was filled in before the hand-over it stays.
    assert learn(rows, won, {"quality": 0.0}, None)[1]["left_out"] == []


def test_a_column_filled_after_the_hand_over_is_left_out_by_its_times() -> None:
    rows, won = market(many=800)
    _spec, report = learn(rows, won, {"did visited": 0.6, "country": 0.1}, None)
    [left_out] = report["left_out"]
    assert (left_out["column"], left_out["why"], left_out["figure"]) == ("did visited", "filled_later", 0.6)


def test_a_strong_honest_column_stays() -> None:
    rows, won = market()
    assert learn(rows, won, {}, None)[1]["left_out"] == []


def test_what_it_says_is_what_comes_on_leads_it_has_not_seen() -> None:
    rows, won = market(seed=9, many=12_000)
    report = learn(rows, won, {}, None)[1]
    for one in report["calibration"]:
        assert abs(one["said"] - one["won"]) < 0.08
    assert report["top_tenth"] > 1.5 * report["base"]


def test_noise_is_no_factor_and_what_matters_is_named_in_its_direction() -> None:
    rows, won = market()
    found = {(one["column"], one["level"]): one["points"] for one in learn(rows, won, {}, None)[1]["factors"]}
    assert found["company.size", None] > 0 and found["did visited", None] > 0
    assert found["country", "de"] > 0 > found["country", "fr"]
    assert not [column for column, _level in found if column == "fields.shoe_size"]


def test_the_factors_of_a_lead_are_its_odds_against_the_average() -> None:
    rows, won = market(many=1_000)
    spec, _report = learn(rows, won, {}, None)
    scorer = read(json.loads(json.dumps(spec)))
    assert plain(scorer) == spec
    row = {"company.size": 4000, "country": "FR", "role": "head", "did visited": 11, "fields.shoe_size": 40}
    average = scorer.fitted.intercept + float(np.dot(scorer.means, scorer.fitted.weights))
    mine = float(np.log(scorer.chance(row) / (1 - scorer.chance(row))))
    told = sum(one.points for one in scorer.factors(row))
    assert told == pytest.approx((mine - average) * 10 / np.log(2), abs=0.5)
    good, bad = for_and_against(scorer.factors(row))
    assert good[0].column == "company.size" and bad[0].column == "country"


def test_a_value_never_seen_before_is_another_one() -> None:
    rows, won = market(many=1_000)
    scorer = read(learn(rows, won, {}, None)[0])
    assert 0 < scorer.chance({"country": "Atlantis", "company.size": "a lot"}) < 1


def test_the_top_tenth_and_the_tenths_are_counted_whole() -> None:
    chances, won = np.linspace(0, 1, 40), np.repeat([0.0, 1.0], 20)
    assert top_tenth(chances, won) == 1.0
    assert sum(one.leads for one in calibration(chances, won)) == 40


def test_a_person_may_use_what_looks_too_good_and_leave_out_what_does_not() -> None:
    rows, won = market(many=1_500)
    for row, one in zip(rows, won, strict=True):
        row["fields.asked_for_a_demo"] = "yes" if one else "no"
    _spec, report = learn(rows, won, {}, None, use=["fields.asked_for_a_demo"], leave_out=["country"])
    assert report["left_out"] == [{"column": "country", "why": "by_hand", "figure": 0.0}]
    assert [one["column"] for one in report["used_all_the_same"]] == ["fields.asked_for_a_demo"]
    assert "country" not in report["columns"] and "fields.asked_for_a_demo" in report["columns"]
    assert report["auc"] > 0.99


def test_a_rare_value_that_tells_much_counts_where_few_are_won() -> None:
    """Who bought before buys again, eleven of a hundred do at all: full steps would leap over the optimum."""
    chance = random.Random(6)
    rows, won = [], []
    for _number in range(6_000):
        before = chance.choices(["unknown", "failure", "other", "success"], [82, 11, 4, 3])[0]
        rows.append({"bought_before": before})
        won.append(
            float(chance.random() < {"unknown": 0.09, "failure": 0.13, "other": 0.16}.get(before, 0.67))
        )
    matrix = layout_of(rows, ["bought_before"]).matrix(rows)
    theirs = LogisticRegression(C=1.0, max_iter=5000, tol=1e-10).fit(matrix, won)
    assert np.allclose(fit(matrix, np.array(won)).weights, theirs.coef_[0], atol=2e-3)


def test_one_win_in_fifty_is_learnt_from() -> None:
    rows, won = market(many=12_000)
    kept = [at for at, one in enumerate(won) if not one or at % 40 == 0]
    some, outcomes = [rows[at] for at in kept], won[kept]
    assert outcomes.mean() < 0.03
    report = learn(some, outcomes, {}, None)[1]
    assert report["left_out"] == [] and report["useful"] and report["auc"] > 0.7
    assert all(abs(one["said"] - one["won"]) < 0.05 for one in report["calibration"])
