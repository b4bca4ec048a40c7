"""The result of a simulation as the page shows it: sentences, figures, charts, tables, one lead's way."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from nurture.rules.program import TEMPERATURES, Program, Send, walk
from nurture.rules.words import _, ngettext
from nurture.web import rendering
from nurture.web.admin import simulation_words as words
from nurture.web.admin.simulation_words import Teller
from nurture.web.admin.step_words import Mails, in_words

_FIGURES = ("hot", "handed_over", "waiting", "mails", "days_to_hot", "unsubscribed")


@dataclass(frozen=True)
class Figure:
    """A figure with what explains it; `other` that of the version compared with."""

    name: str
    label: str
    value: str
    note: str
    other: str | None = None


def shown(
    result: Mapping[str, Any], programs: Mapping[str, Program], mails: Mails, way: int | None, side: str
) -> dict[str, Any]:
    """Everything the template shows."""
    a, b = result["a"], result.get("b")
    side = side if side in result else "a"
    teller = Teller(programs[side], mails)
    ways = result[side]["ways"]
    followed = next((one for one in ways if one["lead"] == way), ways[0] if ways else None)
    return {
        "a": a,
        "b": b,
        "names": {name: version(one) for name, one in result.items()},
        "sentence": sentence(a, b),
        "figures": list(figures(a, b)),
        "hot_chart": hot_chart(a, b),
        "mail_chart": mail_chart(a),
        "weeks": weeks(a, b),
        "held": [(*words.held(one["reason"]), one) for one in a["held"]],
        "skipped": [(words.SKIPPED.get(one["reason"], one["reason"]), one["mails"]) for one in a["skipped"]],
        "ends": [(words.ends(one["what"], one["name"]), one["leads"]) for one in a["ends"]],
        "mails": list(mail_rows(programs["a"], a, mails)),
        "unreached": list(unreached(programs["a"], a, mails)),
        "ways": [(one["lead"], one["name"], words.FATES[one["fate"]]) for one in ways],
        "followed": followed,
        "lines": way_lines(teller, followed["lines"]) if followed else [],
        "side": side,
    }


def version(one: Mapping[str, Any]) -> str:
    """ "draft after v3", "v3"."""
    found = one["version"]
    if found["kind"] == "draft":
        return _("draft after v%(no)s") % {"no": found["no"]}
    return f"v{found['no']}"


def sentence(a: Mapping[str, Any], b: Mapping[str, Any] | None) -> list[str]:
    """What came of it, in sentences."""
    of = {name: int(one["value"] or 0) for name, one in a["figures"].items() if name != "days_to_hot"}
    told = [
        ngettext(
            "%(hot)s of %(leads)s leads turns hot in %(days)s days.",
            "%(hot)s of %(leads)s leads turn hot in %(days)s days.",
            of["hot"],
        )
        % {"hot": rendering.number(of["hot"]), "leads": rendering.number(a["leads"]), "days": a["days"]}
    ]
    if b is not None:
        other = int(b["figures"]["hot"]["value"] or 0)
        told.append(_("In the version compared with it are %(n)s.") % {"n": rendering.number(other)})
    if of["ready"]:
        told.append(
            _("%(ready)s are ready for sales, %(given)s are handed over.")
            % {"ready": rendering.number(of["ready"]), "given": rendering.number(of["handed_over"])}
        )
    else:
        told.append(_("Nobody becomes ready for sales."))
    if of["waiting"]:
        told.append(
            ngettext(
                "On the last day %(n)s is waiting for sales.",
                "On the last day %(n)s are waiting for sales.",
                of["waiting"],
            )
            % {"n": rendering.number(of["waiting"])}
        )
    return told


def figures(a: Mapping[str, Any], b: Mapping[str, Any] | None) -> Iterator[Figure]:
    """The figures at the top."""
    labels = {
        "hot": _("Turn hot"),
        "handed_over": _("Handed over"),
        "waiting": _("Wait at the end"),
        "mails": _("Mails"),
        "days_to_hot": _("Days to hot"),
        "unsubscribed": _("Unsubscribe"),
    }
    for name in _FIGURES:
        one = a["figures"][name]
        other = None if b is None else rendering.number(b["figures"][name]["value"])
        yield Figure(name, labels[name], rendering.number(one["value"]), _note(name, a), other)


def _note(name: str, a: Mapping[str, Any]) -> str:
    one = a["figures"][name]
    if a["runs"] > 1 and one["p10"] is not None and one["p10"] != one["p90"]:
        span = {"low": rendering.number(one["p10"]), "high": rendering.number(one["p90"])}
        return _("%(low)s to %(high)s in most runs") % span
    return {
        "mails": _("%(n)s on the busiest day")
        % {"n": rendering.number(a["figures"]["busiest_day"]["value"])},
        "days_to_hot": _("median"),
    }.get(name, _("in every run") if a["runs"] > 1 else "")


def hot_chart(a: Mapping[str, Any], b: Mapping[str, Any] | None) -> dict[str, Any]:
    """Cumulative: turned hot, ready, taken, with the spread of the repetitions."""
    return {
        "days": [one["day"] for one in a["by_day"]],
        "hot": [one["hot"] for one in a["by_day"]],
        "ready": [one["ready"] for one in a["by_day"]],
        "taken": [one["taken"] for one in a["by_day"]],
        "low": [one[0] for one in a["hot_spread"]],
        "high": [one[2] for one in a["hot_spread"]],
        "other": [one["hot"] for one in b["by_day"]] if b is not None else [],
        "words": {
            "hot": _("turned hot"),
            "ready": _("ready for sales"),
            "taken": _("taken by sales"),
            "spread": _("most runs"),
            "other": _("turned hot, compared"),
        },
    }


def mail_chart(a: Mapping[str, Any]) -> dict[str, Any]:
    chains = [name for name in TEMPERATURES if a["by_day"] and name in a["by_day"][0]["mails"]]
    names = {"cold": _("cold"), "warm": _("warm"), "hot": _("hot")}
    return {
        "days": [one["day"] for one in a["by_day"]],
        "chains": [
            {
                "name": name,
                "words": names.get(name, name),
                "mails": [one["mails"][name] for one in a["by_day"]],
            }
            for name in chains
        ],
    }


def weeks(a: Mapping[str, Any], b: Mapping[str, Any] | None) -> list[dict[str, Any]]:
    """The same as the charts say, by seven days."""
    rows = []
    for start in range(0, len(a["by_day"]), 7):
        part = a["by_day"][start : start + 7]
        last = part[-1]
        mails = {chain: sum(one["mails"][chain] for one in part) for chain in last["mails"]}
        other = b["by_day"][min(start + 6, len(b["by_day"]) - 1)]["hot"] if b is not None else None
        rows.append({**last, "until": date.fromisoformat(last["day"]), "mails": mails, "other": other})
    return rows


def mail_rows(program: Program, a: Mapping[str, Any], mails: Mails) -> Iterator[dict[str, Any]]:
    """Every step that sends, with what came of it."""
    found = {(one["chain"], one["step"]): one for one in a["steps"]}
    for chain in program.chains.values():
        for step in walk(chain.steps):
            if isinstance(step, Send):
                yield {**found[chain.temperature, step.key], "words": in_words(step, mails)[1]}


def unreached(program: Program, a: Mapping[str, Any], mails: Mails) -> Iterator[tuple[str, str]]:
    """Steps that nobody came to: their chain and their words."""
    for one in a["steps"]:
        if not one["arrived"]:
            step = program.chains[one["chain"]].by_key[one["step"]]
            yield one["chain"], in_words(step, mails)[1]


def way_lines(teller: Teller, lines: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """A lead's way, line by line; a new day stands before the first line of it."""
    told: list[dict[str, Any]] = []
    before = None
    for one in lines:
        at = datetime.fromisoformat(one["at"])
        day = rendering.day(at)
        icon, words_ = teller.line(one)
        told.append(
            {
                "day": day if day != before else None,
                "at": rendering.clock(at),
                "icon": icon,
                "words": words_,
                "quiet": one["what"] in ("waits", "branched", "deferred", "skipped", "opened"),
                "temperature": one["new"] if one["what"] == "temperature" else None,
            }
        )
        before = day
    return told
