"""Programs that nobody would write, but anybody might: strategies for whole chains of steps."""

from typing import Any

from hypothesis import strategies as st

WAITS = st.sampled_from(["1h", "7h", "1d", "3d", "2w"])
TAGS = st.sampled_from(["engaged", "buyer"])
KINDS = st.sampled_from(["visited", "called"])
MAILS = ("one", "two", "three")

_ACTS = st.one_of(
    st.sampled_from(MAILS).map(lambda mail: {"send": mail}),
    WAITS.map(lambda span: {"wait": span}),
    TAGS.map(lambda tag: {"tag": [tag]}),
    st.just({"set": {"field": "interest", "to": "pumps"}}),
    KINDS.map(lambda kind: {"signal": {"kind": kind}}),
    st.just({"hand_over": {}}),
    st.sampled_from([{"weekday": ["tue", "thu"], "at": "10:00"}, {"at": "23:30"}]).map(
        lambda until: {"wait_until": until}
    ),
)
# Now and then; what comes below is seldom reached.
_ENDS = st.sampled_from([{"exit": "done"}, {"goto": {"chain": "warm"}}, {"holdout": 40}])


def _some(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[list[Any]]:
    return st.lists(inner, max_size=2)


def _nested(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(
        st.builds(
            lambda kind, span, then, otherwise: {
                "wait_for": {"signal": kind, "within": span},
                "then": then,
                "else": otherwise,
            },
            KINDS,
            WAITS,
            _some(inner),
            _some(inner),
        ),
        st.builds(
            lambda tag, one, other: {
                "branch": [{"when": {"tag": tag}, "steps": one}, {"else": True, "steps": other}]
            },
            TAGS,
            _some(inner),
            _some(inner),
        ),
        st.builds(
            lambda name, weight, one, other: {
                "split": {"name": name, "weights": {"a": weight, "b": 10}},
                "a": one,
                "b": other,
            },
            st.sampled_from(["subject", "price"]),
            st.integers(1, 40),
            _some(inner),
            _some(inner),
        ),
        st.builds(
            lambda offset, otherwise: {
                "wait_until": {"field": "dates.renewal", "offset": offset, "at": "09:00"},
                "else": otherwise,
            },
            st.sampled_from(["-14d", "0d", "2d"]),
            _some(inner),
        ),
    )


STEPS = st.lists(
    st.one_of(_ACTS, _ACTS, _ACTS, _nested(st.one_of(_ACTS, _nested(_ACTS), _ENDS)), _ENDS),
    min_size=1,
    max_size=6,
)


# Mails with waits between them, as real chains have, so that few lives are without any.
_SPINES = st.lists(
    st.tuples(st.sampled_from(MAILS), st.sampled_from(["1h", "7h", "1d", "3d"])), min_size=1, max_size=3
).map(lambda pairs: [step for mail, span in pairs for step in ({"send": mail}, {"wait": span})])


@st.composite
def programs(draw: st.DrawFn) -> dict[str, Any]:
    """A program without its key: the plain form, every step with a key of its own, loops with a wait."""
    cold, warm = [*draw(_SPINES), *draw(STEPS)], [*draw(_SPINES), *draw(STEPS)]
    if draw(st.booleans()):
        warm = [*warm, {"wait": "5h"}, {"goto": {"step": "warm-first"}}]
    chains = {
        "cold": {
            "enter": {"when": {"consent": "marketing"}},
            "reentry": {"after": "2d"},
            "steps": _keyed("cold", cold),
        },
        "warm": {"steps": _keyed("warm", _without_goto_warm(warm))},
    }
    windows = [{"days": "mon-fri", "from": "09:00", "to": "18:00"}, {"from": "08:00", "to": "20:00"}]
    raw: dict[str, Any] = {
        "timezone": "Europe/Berlin",
        "chains": chains,
        "goal": {"when": {"tag": "goal"}, "value": 10},
        "on_warm": draw(st.sampled_from(["resume", "restart", "rest"])),
        "on_cool": draw(st.sampled_from(["resume", "restart", "rest"])),
        "after_end": draw(st.sampled_from(["repeat", "newsletter_only", "exit"])),
        "holdout": draw(st.sampled_from([0, 0, 30])),
        "exit_on": draw(st.sampled_from([[], ["reply"]])),
    }
    if draw(st.booleans()):
        raw["window"] = draw(st.sampled_from(windows))
    if draw(st.booleans()):
        raw["frequency"] = {"max": 2, "per": "3d", "over": draw(st.sampled_from(["defer", "skip"]))}
    return raw


def _without_goto_warm(steps: list[Any]) -> list[Any]:
    """A chain cannot go to itself as a whole; in the warm chain such steps go to the cold one."""
    told = []
    for step in steps:
        step = dict(step)
        if step.get("goto") == {"chain": "warm"}:
            step["goto"] = {"chain": "cold"}
        for name in ("then", "else", "a", "b"):
            if isinstance(step.get(name), list):
                step[name] = _without_goto_warm(step[name])
        if "branch" in step:
            step["branch"] = [{**arm, "steps": _without_goto_warm(arm["steps"])} for arm in step["branch"]]
        told.append(step)
    return told


def _keyed(prefix: str, steps: list[Any], count: list[int] | None = None) -> list[Any]:
    numbers = [0] if count is None else count
    told = []
    for step in steps:
        numbers[0] += 1
        step = {**step, "key": f"{prefix}-first" if numbers[0] == 1 else f"{prefix}-{numbers[0]}"}
        for name in ("then", "else", "a", "b"):
            if isinstance(step.get(name), list):
                step[name] = _keyed(prefix, step[name], numbers)
        if "branch" in step:
            step["branch"] = [
                {**arm, "steps": _keyed(prefix, arm["steps"], numbers)} for arm in step["branch"]
            ]
        told.append(step)
    return told


_EDITS = st.sampled_from(["remove", "insert", "move", "wait", "rename", "postpone", "words"])
EDITS = st.lists(
    st.tuples(_EDITS, st.integers(0, 30), st.integers(0, 30), _ACTS, WAITS), min_size=1, max_size=3
)


def edited(raw: dict[str, Any], edits: list[Any], number: int, gone: set[str]) -> dict[str, Any]:
    """The program after these changes: steps taken out, put in, moved to another place, given another key or
    another wait, and without those `gone` (unless nothing would be left). What is put in is named after
    `number`."""
    chains = {
        name: {**chain, "steps": [one for one in chain["steps"] if one["key"] not in gone] or chain["steps"]}
        for name, chain in raw["chains"].items()
    }
    chains = {name: {**chain, "steps": list(chain["steps"])} for name, chain in chains.items()}
    for place, (what, at, to, act, span) in enumerate(edits):
        steps = chains[("cold", "warm")[at % 2]]["steps"]
        _edit(steps, what, at // 2, to, {**act, "key": f"new-{number}-{place}"}, span)
    return {**raw, "chains": chains}


def _edit(steps: list[Any], what: str, at: int, to: int, act: dict[str, Any], span: str) -> None:
    if what == "insert":
        steps.insert(at % (len(steps) + 1), act)
        return
    meant = {"wait": "wait", "rename": "send", "postpone": "send"}.get(what)
    places = [place for place, step in enumerate(steps) if meant is None or meant in step]
    if not places:
        return
    here = places[at % len(places)]
    if what == "remove" and len(steps) > 1:
        del steps[here]
    elif what == "move":
        steps.insert(to % len(steps), steps.pop(here))
    elif what == "wait":
        steps[here] = {**steps[here], "wait": span}
    elif what == "postpone":
        # The same mail at the end of the chain, by a step of another name.
        steps.append({**steps.pop(here), "key": act["key"]})
    elif what == "rename":
        steps[here] = {**steps[here], "key": act["key"]}
