"""What publishing would do to every lead inside, counted before anything is done."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from nurture.rules.edits.landing import changed_steps, lands_at, senders_changed
from nurture.rules.program import Chain, Exit, Goto, Program, Send, blocks

GOES_ON, COMES_TO_THE_END, RESTS, LOOKS_AGAIN = "goes_on", "comes_to_the_end", "rests", "looks_again"
NEW_WORDS, PASSES_OVER = "new_words", "passes_over"


@dataclass(frozen=True, slots=True)
class Standing:
    """So many active runs stand at one step of one version (None: before the first). `mailed`: the mail of
    the step is on its way or out. `had` are mails that all of them have been sent."""

    temperature: str
    version_no: int
    step_key: str | None
    n: int
    mailed: bool = False
    had: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Effect:
    """What happens to `n` leads at a step: goes_on (at `to`), comes_to_the_end, rests (their chain goes
    away), looks_again (the step says something else), new_words (they get the mail of `step_key` as it is
    now), passes_over (they had the mail of `step_key`, which another step sent)."""

    what: str
    temperature: str
    step_key: str
    n: int
    to: str | None = None


@dataclass(frozen=True)
class Plan:
    """`inside` leads stand in the program, `elsewhere` of them on a version older than the live one.
    `effects` holds what happens to them if they are moved."""

    inside: int
    elsewhere: int
    effects: tuple[Effect, ...] = field(default=())

    def of(self, what: str) -> list[Effect]:
        return [effect for effect in self.effects if effect.what == what]


def plan(
    versions: Mapping[int, Program],
    live_no: int,
    draft: Program,
    standing: Sequence[Standing],
    changed_mails: Collection[str],
) -> Plan:
    """The effect of making `draft` live and moving everybody. `versions` holds the programs that somebody
    stands on, by number; `changed_mails` are the keys of mails whose words differ."""
    effects: dict[Effect, int] = {}
    for group in standing:
        for effect in _effects(versions[group.version_no], draft, group, changed_mails):
            effects[effect] = effects.get(effect, 0) + group.n
    counted = [
        Effect(one.what, one.temperature, one.step_key, n, one.to) for one, n in effects.items() if n > 0
    ]
    return Plan(
        inside=sum(group.n for group in standing),
        elsewhere=sum(group.n for group in standing if group.version_no != live_no),
        effects=tuple(sorted(counted, key=lambda one: (one.what, one.temperature, -one.n, one.step_key))),
    )


def _effects(before: Program, draft: Program, group: Standing, changed: Collection[str]) -> Iterator[Effect]:
    """Those of one group, not yet counted."""
    name = group.temperature
    after = draft.chains.get(name)
    if after is None:
        yield Effect(RESTS, name, group.step_key or "", 0)
        return
    old = before.chains.get(name)
    at = group.step_key
    if at is not None and old is not None and at in old.by_key:
        at = lands_at(old, after, at, mailed=group.mailed)
        if at is None:
            yield Effect(COMES_TO_THE_END, name, group.step_key or "", 0)
            return
        if at != group.step_key or type(old.by_key[at]) is not type(after.by_key[at]):
            yield Effect(GOES_ON, name, group.step_key or "", 0, at)
        elif at in changed_steps(old, after) and not group.mailed:
            yield Effect(LOOKS_AGAIN, name, at, 0)
    at = at if at is not None else after.first
    if at is None:
        return
    ahead = _ahead(after, at) - ({at} if group.mailed and at == group.step_key else set())
    moved = {
        key for where, key, mail in senders_changed(before, draft) if where == name and mail in group.had
    }
    for key in sorted(ahead):
        step = after.by_key[key]
        if key in moved:
            yield Effect(PASSES_OVER, name, key, 0)
        elif isinstance(step, Send) and step.mail in changed:
            yield Effect(NEW_WORDS, name, key, 0)


def _ahead(chain: Chain, key: str) -> set[str]:
    """Every step that a run standing at `key` may still come to in its chain, `key` among them."""
    seen: set[str] = set()
    open_keys = [key]
    while open_keys:
        here = open_keys.pop()
        if here not in seen and here in chain.by_key:
            seen.add(here)
            open_keys.extend(_next(chain, here))
    return seen


def _next(chain: Chain, key: str) -> Iterator[str]:
    step = chain.by_key[key]
    if isinstance(step, Goto):
        if step.step is not None and step.chain in (None, chain.temperature):
            yield step.step
        return
    if isinstance(step, Exit):
        return
    for following in (chain.after[key], *(chain.into(step, block) for block in blocks(step))):
        if following is not None:
            yield following
