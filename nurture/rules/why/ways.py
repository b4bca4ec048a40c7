"""Which steps a run may still come to."""

from collections.abc import Iterator

from nurture.rules.program import Branch, Chain, Exit, Goto, Split, Step, WaitFor, WaitUntilDate


def reachable(chain: Chain, start: str | None) -> frozenset[str]:
    """The steps that a run may still come to after leaving `start` (None: before the first)."""
    found: set[str] = set()
    open_ends = [chain.first] if start is None else list(_next_to(chain, chain.by_key.get(start)))
    while open_ends:
        key = open_ends.pop()
        if key is None or key in found:
            continue
        found.add(key)
        open_ends.extend(_next_to(chain, chain.by_key.get(key)))
    return frozenset(found)


def _next_to(chain: Chain, step: Step | None) -> Iterator[str | None]:
    match step:
        case None | Exit():
            return
        case Branch(_key, arms):
            yield from (chain.into(step, arm.steps) for arm in arms)
            if all(arm.when is not None for arm in arms):
                yield chain.after[step.key]
        case WaitFor():
            yield chain.into(step, step.then)
            yield chain.into(step, step.otherwise)
        case Split():
            yield from (chain.into(step, share.steps) for share in step.shares)
        case WaitUntilDate():
            yield chain.after[step.key]
            yield chain.into(step, step.otherwise)
        case Goto():
            if step.chain is None or step.chain == chain.temperature:
                yield step.step or chain.first
        case _:
            yield chain.after[step.key]
