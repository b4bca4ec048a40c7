"""The events of a Mautic campaign as the steps of a chain."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from nurture.rules.bring_in.mautic_events import Event
from nurture.rules.bring_in.mautic_fields import is_custom, question_of
from nurture.rules.bring_in.values import MailWords, key_of
from nurture.rules.whole import whole
from nurture.rules.words import _

Step = dict[str, Any]
# How long a decision is waited for that has no "no" side: Mautic waits for ever.
_FOR_EVER = "90d"
# Ways in ways: as many as the reading of a program takes.
_DEEPEST = 7
_SIGNALS = {
    "email.open": "opened",
    "email.click": "clicked",
    "email.reply": "replied",
    "page.pagehit": "visited",
    "form.submit": "form_submitted",
    "asset.download": "downloaded",
}


class Steps:
    """The steps of one campaign; `left_out` says what they could not say, `seen` which events they came
    from."""

    def __init__(self, events: Sequence[Event], mails: Mapping[int, MailWords]) -> None:
        self._events, self._mails = events, mails
        self.left_out: list[str] = []
        self.seen: set[int] = set()
        self._sent: list[MailWords] = []
        self._keys: dict[int, str] = {}
        for event in events:
            self._keys[event.id] = key_of(event.name, self._keys.values(), "step")

    def all(self) -> list[Step]:
        return self._in_order([event for event in self._events if event.parent is None], 0, 0)

    def sent(self) -> Iterator[MailWords]:
        """The mails that some step sends."""
        yield from self._sent

    def _in_order(self, events: Sequence[Event], passed_s: int, depth: int) -> list[Step]:
        """Events side by side, one after the other by their delay."""
        steps: list[Step] = []
        ordered = sorted(events, key=lambda event: (event.delay_s, event.order, event.id))
        if sum(bool(self._after(event)) for event in ordered) > 1:
            self._say(
                _('What follows "{name}" side by side comes one after the other here.'), name=ordered[0].name
            )
        for event in ordered:
            if event.id in self.seen:
                continue
            self.seen.add(event.id)
            if depth > _DEEPEST:
                self._say(_('"{name}" stands too deep in ways of ways and was left out.'), name=event.name)
                continue
            steps += self._until(event, event.delay_s - passed_s)
            passed_s = max(passed_s, event.delay_s)
            steps += self._one(event, depth)
        return steps

    def _after(self, event: Event, way: str | None = None) -> list[Event]:
        found = [one for one in self._events if one.parent == event.id]
        return found if way is None else [one for one in found if one.way == way]

    def _until(self, event: Event, seconds: int) -> list[Step]:
        steps: list[Step] = [{"wait": _length(seconds)}] if seconds > 0 else []
        if event.at or event.days:
            hours: dict[str, Any] = {"weekday": list(event.days)} if event.days else {}
            steps.append({"wait_until": hours | {"at": event.at or "00:00"}})
        if event.stop:
            self._say(
                _('"{name}" goes out until {stop} in Mautic: here the window of the program sets hours.'),
                name=event.name,
                stop=event.stop,
            )
        if event.date:
            self._say(
                _('"{name}" waits for a fixed day ({day}), which was left out.'),
                name=event.name,
                day=event.date,
            )
        return steps

    def _one(self, event: Event, depth: int) -> list[Step]:
        if event.kind == "decision":
            return [self._decision(event, depth)]
        if event.kind == "condition":
            return [self._condition(event, depth)]
        return [*self._action(event), *self._in_order(self._after(event), 0, depth + 1)]

    def _decision(self, event: Event, depth: int) -> Step:
        signal = _SIGNALS.get(event.type)
        if signal is None:
            return self._branch(event, self._unasked(event), depth)
        no = self._after(event, "no")
        within_s = min((one.delay_s for one in no), default=0)
        asked: Step = {"signal": signal}
        if event.type.startswith("email.") and (mail := self._mail_before(event)) is not None:
            asked["mail"] = mail
        if event.type in ("form.submit", "asset.download", "page.pagehit") and event.settings:
            self._say(_('"{name}" asks for any of its kind here, not for a certain one.'), name=event.name)
        return {
            "wait_for": asked | {"within": _length(within_s) if within_s else _FOR_EVER},
            "key": self._keys[event.id],
            "then": self._in_order(self._after(event, "yes"), 0, depth + 1),
            "else": self._in_order(no, within_s, depth + 1),
        }

    def _mail_before(self, event: Event) -> str | None:
        """The mail that the decision hangs on."""
        at: Event | None = event
        while at is not None:
            at = next((one for one in self._events if at is not None and one.id == at.parent), None)
            if at is not None and at.type == "email.send" and (mail := self._mail_of(at)) is not None:
                return mail.key
        return None

    def _condition(self, event: Event, depth: int) -> Step:
        return self._branch(event, _asked(event) or self._unasked(event), depth)

    def _branch(self, event: Event, when: Mapping[str, Any], depth: int) -> Step:
        ways: list[Step] = [
            {"when": dict(when), "steps": self._in_order(self._after(event, "yes"), 0, depth + 1)}
        ]
        if no := self._after(event, "no"):
            ways.append({"else": True, "steps": self._in_order(no, 0, depth + 1)})
        return {"branch": ways, "key": self._keys[event.id]}

    def _unasked(self, event: Event) -> dict[str, Any]:
        """A tag that nobody has stands for a question that cannot be asked: both ways are kept."""
        tag = f"to-decide-{self._keys[event.id]}"
        self._say(
            _('"{name}" ({type}) cannot be asked here: its branch asks for the tag {tag} instead.'),
            name=event.name,
            type=event.type,
            tag=tag,
        )
        return {"tag": tag}

    def _action(self, event: Event) -> list[Step]:
        made = _ACTIONS.get(event.type, Steps._nothing)(self, event)
        return [{**step, "key": self._key(event, at)} for at, step in enumerate(made)]

    def _key(self, event: Event, at: int) -> str:
        return self._keys[event.id] if at == 0 else f"{self._keys[event.id]}-{at + 1}"

    def _nothing(self, event: Event) -> list[Step]:
        self._say(_('"{name}" ({type}) has no like here and was left out.'), name=event.name, type=event.type)
        return []

    def _mail_of(self, event: Event) -> MailWords | None:
        given = event.settings.get("email")
        number = event.channel_id or whole(str(given), digits=18) or 0
        return self._mails.get(number)

    def _send(self, event: Event) -> list[Step]:
        mail = self._mail_of(event)
        if mail is None:
            self._say(_('The mail of "{name}" is not in the export; the step was left out.'), name=event.name)
            return []
        self._sent.append(mail)
        return [{"send": mail.of or mail.key}]

    def _tags(self, event: Event) -> list[Step]:
        if event.settings.get("remove_tags"):
            self._say(_('"{name}" takes tags away, which no step does here.'), name=event.name)
        tags = [str(tag).strip()[:60] for tag in _listed(event.settings.get("add_tags")) if str(tag).strip()]
        return [{"tag": tags}] if tags else []

    def _fields(self, event: Event) -> list[Step]:
        inside = event.settings.get("properties")
        given = inside if isinstance(inside, Mapping) else {}
        said = {
            name: value
            for name, value in given.items()
            if isinstance(value, str | int | float) and value != ""
        }
        for name in said:
            if not is_custom(str(name)):
                self._say(_('"{name}" sets {field}, which no step does here.'), name=event.name, field=name)
        custom = {name: value for name, value in said.items() if is_custom(str(name))}
        return [{"set": {"field": str(name).lower(), "to": value}} for name, value in custom.items()]

    def _lists(self, event: Event) -> list[Step]:
        self._say(
            _('"{name}" changes segments; members of segments are found by conditions here.'), name=event.name
        )
        return []

    def _webhook(self, event: Event) -> list[Step]:
        url = str(event.settings.get("url") or "")
        if not url:
            return self._nothing(event)
        if event.settings.get("headers") or str(event.settings.get("method") or "post").lower() != "post":
            self._say(_('"{name}" is sent by POST and without headers of its own here.'), name=event.name)
        return [{"webhook": {"url": url}}]

    def _notice(self, event: Event) -> list[Step]:
        self._say(_('The words of the notice "{name}" are new: read them.'), name=event.name)
        return [{"notify": {"owner": True, "text": event.name}}]

    def _jump(self, event: Event) -> list[Step]:
        target = str(event.settings.get("jumpToEvent") or "")
        key = self._keys.get(whole(target, digits=18) or 0)
        if key is None:
            return self._nothing(event)
        # A way back without a wait would send without end.
        return [{"wait": "1d"}, {"goto": {"step": key}}] if not event.delay_s else [{"goto": {"step": key}}]

    def _leave(self, event: Event) -> list[Step]:
        return [{"exit": "done"}]

    def _say(self, sentence: str, **names: str) -> None:
        said = sentence.format(**names)
        if said not in self.left_out:
            self.left_out.append(said)


_ACTIONS: Mapping[str, Callable[[Steps, Event], list[Step]]] = {
    "email.send": Steps._send,
    "lead.changetags": Steps._tags,
    "lead.updatelead": Steps._fields,
    "lead.changelist": Steps._lists,
    "campaign.sendwebhook": Steps._webhook,
    "email.send.to.user": Steps._notice,
    "campaign.jump_to_event": Steps._jump,
    "lead.adddnc": Steps._leave,
    "lead.deletecontact": Steps._leave,
}


def _asked(event: Event) -> dict[str, Any] | None:
    if event.type == "lead.field_value":
        return question_of(event.settings)
    if event.type == "lead.tags":
        tags = [str(tag) for tag in _listed(event.settings.get("tags"))]
        return (
            {"any": [{"tag": tag} for tag in tags]} if len(tags) > 1 else {"tag": tags[0]} if tags else None
        )
    if event.type == "lead.pageHit":
        return {"signal": "visited"}
    return None


def _listed(raw: object) -> list[Any]:
    return list(raw) if isinstance(raw, list) else []


def _length(seconds: int) -> str:
    for unit, size in (("d", 86400), ("h", 3600), ("m", 60)):
        if seconds % size == 0:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"
