"""Where a run goes on when the program around it is replaced, and which mails it has had already."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from typing import Any

from nurture.rules.program import Chain, Program, Send, Step

# The fields of a step that hold the steps inside it.
_INSIDE = ("then", "otherwise", "steps")


@dataclass(frozen=True, slots=True)
class Gone:
    """What a version took from where it was. `steps`: temperature -> removed step -> the step at which its
    leads go on (None: behind the last). `mails`: temperature -> step -> (mail, since): the step sends a
    mail that another step sent before, and whoever had it before `since` passes the step over."""

    steps: Mapping[str, Mapping[str, str | None]] = field(default_factory=dict)
    mails: Mapping[str, Mapping[str, tuple[str, datetime]]] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        mails = {
            name: {key: [mail, since.isoformat()] for key, (mail, since) in steps.items()}
            for name, steps in self.mails.items()
        }
        return {"steps": {name: dict(steps) for name, steps in self.steps.items()}, "mails": mails}

    @staticmethod
    def from_json(raw: Mapping[str, Any]) -> "Gone":
        mails = {
            name: {key: (mail, datetime.fromisoformat(since)) for key, (mail, since) in steps.items()}
            for name, steps in raw.get("mails", {}).items()
        }
        return Gone(raw.get("steps", {}), mails)

    def had(self, temperature: str, sent: Mapping[str, datetime]) -> frozenset[str]:
        """The steps of a chain that a run passes over, given when it was sent which mail."""
        steps = self.mails.get(temperature, {})
        return frozenset(key for key, (mail, since) in steps.items() if mail in sent and sent[mail] < since)


def lands_at(before: Chain, after: Chain, key: str, *, mailed: bool = False) -> str | None:
    """The step at which somebody who stands at `key` goes on: the same one while it is still of its kind,
    else the next of the old chain that the new one has. With `mailed`, its mail is out already, and steps
    sending the same mail are passed over. None: behind the last step."""
    if _same_kind(before.by_key.get(key), after.by_key.get(key)):
        return key
    mail = _mail_of(before, key) if mailed else None
    following: str | None = key if not mailed and key in after.by_key else before.after[key]
    while following is not None:
        if following in after.by_key and (mail is None or _mail_of(after, following) != mail):
            return following
        following = before.after.get(following)
    return None


def changed_steps(before: Chain, after: Chain) -> frozenset[str]:
    """The steps that are still there, of the same kind, and say something else than they did."""
    return frozenset(
        key
        for key, step in after.by_key.items()
        if _same_kind(before.by_key.get(key), step) and _own(before.by_key[key]) != _own(step)
    )


def gone_of(before: Program, after: Program, known: Gone, now: datetime) -> Gone:
    """What has gone from where it was, once `after` takes the place of `before`; `known` is what had gone
    before that."""
    steps = {name: _gone_steps(before, chain, known) for name, chain in after.chains.items()}
    return Gone(
        steps={name: found for name, found in steps.items() if found},
        mails={
            name: found
            for name, chain in after.chains.items()
            if (found := _moved_mails(before, chain, known.mails.get(name, {}), now))
        },
    )


def senders_changed(before: Program, after: Program) -> Iterator[tuple[str, str, str]]:
    """(temperature, step, mail) of each step of `after` that sends a mail which `before` sent elsewhere."""
    was = {mail for chain in before.chains.values() for _key, mail in _sends(chain)}
    for name, chain in after.chains.items():
        old = dict(_sends(before.chains[name])) if name in before.chains else {}
        for key, mail in _sends(chain):
            if mail in was and old.get(key) != mail:
                yield name, key, mail


def _gone_steps(before: Program, after: Chain, known: Gone) -> dict[str, str | None]:
    name = after.temperature
    old = before.chains.get(name)
    found: dict[str, str | None] = {}
    for key, target in known.steps.get(name, {}).items():
        if key not in after.by_key:
            found[key] = _carried_on(old, after, target)
    if old is not None:
        found |= {key: lands_at(old, after, key) for key in old.by_key if key not in after.by_key}
    return found


def _carried_on(old: Chain | None, after: Chain, target: str | None) -> str | None:
    """Where those go on who were to go on at `target`, which may be gone by now as well."""
    if target is None or target in after.by_key:
        return target
    return lands_at(old, after, target) if old is not None and target in old.by_key else None


def _moved_mails(
    before: Program, after: Chain, known: Mapping[str, tuple[str, datetime]], now: datetime
) -> dict[str, tuple[str, datetime]]:
    sends = dict(_sends(after))
    found = {key: one for key, one in known.items() if sends.get(key) == one[0]}
    alone = replace(before, chains={**before.chains, after.temperature: after})
    for name, key, mail in senders_changed(before, alone):
        if name == after.temperature:
            found[key] = (mail, now)
    return found


def _sends(chain: Chain) -> Iterator[tuple[str, str]]:
    for key, step in chain.by_key.items():
        if isinstance(step, Send):
            yield key, step.mail


def _mail_of(chain: Chain, key: str) -> str | None:
    step = chain.by_key[key]
    return step.mail if isinstance(step, Send) else None


def _same_kind(before: Step | None, after: Step | None) -> bool:
    return before is not None and type(before) is type(after)


def _own(step: Any) -> tuple[Any, ...]:
    """What a step says itself, without the steps inside it."""
    return tuple(_bare(getattr(step, one.name)) for one in fields(step) if one.name not in _INSIDE)


def _bare(value: Any) -> Any:
    """Ways of a branch or a split by what decides them, whatever steps they hold."""
    if isinstance(value, tuple):
        return tuple(_bare(one) for one in value)
    return _own(value) if hasattr(value, "steps") else value
