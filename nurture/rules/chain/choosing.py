"""The steps that choose a way: by condition, by weight, for comparison, back or over to another chain."""

from dataclasses import replace

from nurture.rules.chain.values import (
    LOOPING,
    MOST_ROUNDS,
    RELEASED,
    ROUNDS_WITHIN,
    Go,
    Leave,
    MoveTo,
    Outcome,
    Rest,
    Rounds,
    Stay,
)
from nurture.rules.chain.walk import Walk
from nurture.rules.chance import place
from nurture.rules.conditions import holds
from nurture.rules.program import Branch, Goto, HoldOut, Program, Share, Split


def branch(walk: Walk, step: Branch) -> Outcome:
    for no, arm in enumerate(step.arms, start=1):
        if arm.when is None or holds(arm.when, walk.facts, walk.now):
            walk.note(step, "branched", "else" if arm.when is None else str(no))
            return walk.into(step, arm.steps, walk.standing.since)
    walk.note(step, "branched", "none")
    return walk.on(step, walk.standing.since)


def split(walk: Walk, step: Split) -> Outcome:
    share = share_of(step, walk.facts.lead_id)
    walk.note(step, "branched", share.name, split=step.name)
    return walk.into(step, share.steps, walk.standing.since)


def share_of(step: Split, lead_id: int) -> Share:
    """The way of a lead: the same for every split of this name with these weights. Weights that change
    move as few leads as they must, as long as the ways keep their order."""
    whole = sum(share.weight for share in step.shares)
    point = place(f"split:{step.name}", lead_id) * whole
    for share in step.shares:
        point -= share.weight
        if point < 0 and share.weight:
            return share
    return next(share for share in reversed(step.shares) if share.weight)


def hold_out(walk: Walk, step: HoldOut) -> Outcome:
    if holds_out(walk.program, step, walk.facts.lead_id):
        walk.note(step, "branched", "held_out")
        return Rest("holdout")
    walk.note(step, "branched", "not_held_out")
    return walk.on(step, walk.standing.since)


def holds_out(program: Program, step: HoldOut, lead_id: int) -> bool:
    return place(f"holdout:{program.key}:{step.name}", lead_id) * 100 < step.percent


def goto(walk: Walk, step: Goto) -> Outcome:
    rounds = _rounds(walk)
    if rounds.n >= MOST_ROUNDS and walk.standing.waits != RELEASED:
        if walk.standing.waits != LOOPING:
            walk.note(step, "held", LOOPING, rounds=rounds.n)
        return Stay(None, LOOPING)
    released = rounds.n >= MOST_ROUNDS
    walk.standing = replace(
        walk.standing, rounds=Rounds(1, walk.now) if released else Rounds(rounds.n + 1, rounds.since)
    )
    walk.note(step, "done")
    if step.chain is None or step.chain == walk.chain.temperature:
        return Go(step.step, walk.standing.since, again=True)
    return Leave("goto", MoveTo(step.chain, step.step))


def _rounds(walk: Walk) -> Rounds:
    """The rounds of the present span; a slow loop is as good as none."""
    rounds = walk.standing.rounds
    if rounds.since is None or walk.now - rounds.since >= ROUNDS_WITHIN:
        return Rounds(0, walk.now)
    return rounds
