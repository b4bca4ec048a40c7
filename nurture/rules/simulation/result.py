"""What came of a simulation, as plain values: figures with their spread, days, steps, delays, ends, ways."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from statistics import median
from typing import Any

from nurture.rules.program import Program, Send, walk
from nurture.rules.simulation.tally import Counts
from nurture.rules.timing import zone_for

WAYS = 40


def result_of(program: Program, runs: Sequence[Counts], start: datetime, days: int) -> dict[str, Any]:
    """The first run in full, the others for the spread. Shares and sums are of people and mails, durations
    in seconds, days by the calendar of the program."""
    first = runs[0]
    figures = [_figures(one) for one in runs]
    return {
        "leads": first.leads,
        "days": days,
        "start": start.isoformat(),
        "runs": len(runs),
        "figures": {name: spread([one[name] for one in figures]) for name in figures[0]},
        "by_day": list(_by_day(program, first, start, days)),
        "hot_spread": _hot_spread(runs, days),
        "steps": list(_steps(program, first)),
        "per_lead": _per_lead(first),
        "held": _held(first),
        "skipped": [{"reason": reason, "mails": n} for reason, n in first.skipped.most_common()],
        "ends": [{"what": what, "name": name, "leads": n} for (what, name), n in first.ends.most_common()],
        "sales": _sales(first),
        "ways": _ways(first),
    }


def spread(values: Sequence[float | None]) -> dict[str, float | None]:
    """The value of the first run, and what a tenth, half and nine tenths of the runs lie below."""
    known = sorted(value for value in values if value is not None)
    marks = {name: quantile(known, share) for name, share in (("p10", 0.1), ("p50", 0.5), ("p90", 0.9))}
    return {"value": values[0], **marks}


def quantile(known: Sequence[float], share: float) -> float | None:
    """Of sorted values, straight between them; None of none."""
    if not known:
        return None
    where = share * (len(known) - 1)
    below = int(where)
    above = min(below + 1, len(known) - 1)
    return round(known[below] + (known[above] - known[below]) * (where - below), 2)


def _figures(counts: Counts) -> dict[str, float | None]:
    sums = {name: sum(one[name] for one in counts.of_step.values()) for name in _SUMMED}
    to_hot = [day - counts.came.get(no, 0) for no, day in counts.hot_at.items()]
    ripe, released, withdrawn = (
        sum(one.values()) for one in (counts.ripe, counts.released, counts.withdrawn)
    )
    return {
        "mails": sums["sent"],
        "busiest_day": max(_mails_by_day(counts).values(), default=0),
        "opened": sums["opened"],
        "clicked": sums["clicked"],
        "replied": sums["replied"],
        "unsubscribed": sums["unsubscribed"],
        "warm": len(counts.warm_at),
        "hot": len(counts.hot_at),
        "days_to_hot": median(to_hot) if to_hot else None,
        "ready": ripe,
        "handed_over": released,
        "withdrawn": withdrawn,
        "waiting": max(0, ripe - released - withdrawn),
        "longest_wait": max(counts.waited, default=0.0),
        "meetings": counts.answers["meeting"],
    }


def _mails_by_day(counts: Counts) -> dict[int, int]:
    found: dict[int, int] = {}
    for (day, _chain), n in counts.mails.items():
        found[day] = found.get(day, 0) + n
    return found


_SUMMED = ("sent", "opened", "clicked", "replied", "unsubscribed")


def _by_day(program: Program, counts: Counts, start: datetime, days: int) -> Iterator[dict[str, Any]]:
    """Every calendar day: mails by chain, and until then turned warm, turned hot, ripe, taken, waiting."""
    day = start.astimezone(zone_for(None, program.timezone)).date()
    sums = dict.fromkeys(("warm", "hot", "ready", "taken", "back"), 0)
    new = {
        "warm": _each(counts.warm_at),
        "hot": _each(counts.hot_at),
        "ready": counts.ripe,
        "taken": counts.released,
        "back": counts.withdrawn,
    }
    for no in range(days + 1):
        for name, found in new.items():
            sums[name] += found.get(no, 0)
        mails = {chain: counts.mails[no, chain] for chain in program.chains}
        waiting = max(0, sums["ready"] - sums["taken"] - sums["back"])
        told = {name: sums[name] for name in ("warm", "hot", "ready", "taken")}
        yield {"day": (day + timedelta(days=no)).isoformat(), "mails": mails, **told, "waiting": waiting}


def _each(days: Mapping[int, int]) -> dict[int, int]:
    found: dict[int, int] = {}
    for day in days.values():
        found[day] = found.get(day, 0) + 1
    return found


def _hot_spread(runs: Sequence[Counts], days: int) -> list[list[float | None]]:
    """For each day the tenth, half and nine tenths of the leads that were hot once by then, over the runs."""
    if len(runs) < 2:
        return []
    curves = []
    for one in runs:
        new, total, curve = _each(one.hot_at), 0, []
        for day in range(days + 1):
            total += new.get(day, 0)
            curve.append(total)
        curves.append(curve)
    return [
        [quantile(sorted(curve[day] for curve in curves), share) for share in (0.1, 0.5, 0.9)]
        for day in range(days + 1)
    ]


def _steps(program: Program, counts: Counts) -> Iterator[dict[str, Any]]:
    """Every step in the order of the program, those that nobody comes to too."""
    for chain in program.chains.values():
        for step in walk(chain.steps):
            found: Mapping[str, int] = counts.of_step.get((chain.temperature, step.key), {})
            arrived = found.get("arrived", 0)
            yield {
                "chain": chain.temperature,
                "step": step.key,
                "mail": step.mail if isinstance(step, Send) else None,
                "arrived": arrived,
                "left": found.get("left", 0),
                **{name: found.get(name, 0) for name in (*_SUMMED, "held", "skipped")},
            }


def _per_lead(counts: Counts) -> dict[str, Any]:
    """How many mails one lead gets: quantiles over all leads, and how many get so many."""
    mails = sorted([*counts.mails_of_lead.values(), *[0] * (counts.leads - len(counts.mails_of_lead))])
    shares = {"p10": 0.1, "p50": 0.5, "p90": 0.9}
    spread_of: dict[str, Any] = {name: quantile(mails, share) for name, share in shares.items()}
    counted: dict[int, int] = {}
    for n in mails:
        counted[n] = counted.get(n, 0) + 1
    return spread_of | {"most": mails[-1] if mails else 0, "leads_by_mails": sorted(counted.items())}


def _held(counts: Counts) -> list[dict[str, Any]]:
    found = [
        {"reason": reason, "mails": len(spans), "median": median(spans), "longest": max(spans)}
        for reason, spans in counts.held.items()
        if spans
    ]
    return sorted(found, key=lambda one: -int(one["mails"]))


def _sales(counts: Counts) -> dict[str, Any]:
    waits = sorted(counts.waited)
    return {
        "answers": dict(counts.answers),
        "wait_median": quantile(waits, 0.5),
        "wait_p90": quantile(waits, 0.9),
        "wait_longest": waits[-1] if waits else None,
    }


def _ways(counts: Counts) -> list[dict[str, Any]]:
    """Some leads with different fates, those to whom most happened first."""
    by_fate: dict[str, list[int]] = {}
    for no, lines in counts.ways.items():
        by_fate.setdefault(_fate(lines), []).append(no)
    for found in by_fate.values():
        found.sort(key=lambda no: (-len(counts.ways[no]), no))
    chosen: list[tuple[str, int]] = []
    while len(chosen) < WAYS and any(by_fate.values()):
        for fate in FATES:
            if by_fate.get(fate):
                chosen.append((fate, by_fate[fate].pop(0)))
    chosen = sorted(chosen[:WAYS], key=lambda one: FATES.index(one[0]))
    return [
        {"lead": no, "name": counts.names.get(no, ""), "fate": fate, "lines": counts.ways[no]}
        for fate, no in chosen
    ]


FATES = ("met", "handed_over", "ripe", "hot", "warm", "unsubscribed", "replied", "cold")


def _fate(lines: Sequence[Mapping[str, Any]]) -> str:
    seen = {line["what"] for line in lines}
    temperatures = {line.get("new") for line in lines if line["what"] == "temperature"}
    if any(line["what"] == "answered" and line.get("outcome") == "meeting" for line in lines):
        return "met"
    for what, fate in (("released", "handed_over"), ("ripe", "ripe")):
        if what in seen:
            return fate
    if "unsubscribed" in seen:
        return "unsubscribed"
    if "hot" in temperatures:
        return "hot"
    if "replied" in seen:
        return "replied"
    return "warm" if "warm" in temperatures else "cold"
