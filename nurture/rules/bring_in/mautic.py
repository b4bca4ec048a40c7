"""An export of Mautic 7 (campaigns, their events and e-mails as JSON) as programs of ours.

A campaign is a tree of events: what follows an event has it as `parent_id`, and after a decision or a
condition `decisionPath` says on which way. Our chain is a list in which ways are nested, so that what runs
side by side in Mautic comes one after the other here, by its delay. What an export holds is told by Mautic:
app/bundles/CampaignBundle/EventListener/CampaignEventImportExportSubscriber.php.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from nurture.errors import Invalid
from nurture.rules.bring_in.mautic_events import Event, events_of
from nurture.rules.bring_in.mautic_mails import mails_of
from nurture.rules.bring_in.mautic_steps import Steps
from nurture.rules.bring_in.values import Brought, key_of
from nurture.rules.words import _


def from_mautic(raw: object) -> list[Brought]:
    """A program for each campaign of the export. Raises Invalid where there is none."""
    found: list[Brought] = []
    for part in raw if isinstance(raw, list) else [raw]:
        if isinstance(part, Mapping):
            keys = [str(one.program["program"]) for one in found]
            found += [_brought(part, one, keys) for one in _rows(part, "campaign")]
    if not found:
        raise Invalid(_('This is no export of a Mautic campaign: there is no "campaign" in it.'))
    return found


def _brought(part: Mapping[str, Any], campaign: Mapping[str, Any], taken: Sequence[str]) -> Brought:
    name = str(campaign.get("name") or "").strip() or _("Campaign")
    events = events_of(_rows(part, "campaign_event"), campaign.get("id"))
    mails, said = mails_of(_rows(part, "email"))
    steps = Steps(events, mails)
    made = steps.all()
    enter, sources = _entry(part)
    used = {words.key for words in steps.sent()}
    program = {
        "program": key_of(name, taken, "campaign"),
        "name": name,
        "chains": {"cold": {"enter": {"when": enter}, "steps": made or [{"exit": "done"}]}},
    }
    kept = tuple(one for one in mails.values() if (one.of or one.key) in used)
    return Brought(program, kept, (*sources, *steps.left_out, *_about(said, used), *_lost(events, steps)))


def _about(said: Sequence[tuple[str, str]], used: set[str]) -> list[str]:
    return [sentence for key, sentence in said if key in used]


def _entry(part: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """Who enters: members of its segments, and whoever sends its forms; both ask for consent here."""
    ways: list[dict[str, Any]] = []
    said: list[str] = []
    for segment in _rows(part, "lists"):
        key = key_of(str(segment.get("alias") or segment.get("name") or ""), (), "segment")
        ways.append({"segment": key})
        said.append(
            _('The segment "{name}" is not part of it: make a segment with the key {key} first.').format(
                name=segment.get("name"), key=key
            )
        )
    for form in _rows(part, "forms"):
        ways.append({"signal": "form_submitted", "within": "1d"})
        said.append(_('The form "{name}" becomes: any form that was sent.').format(name=form.get("name")))
    consent = {"consent": "marketing"}
    unique = [way for at, way in enumerate(ways) if way not in ways[:at]]
    if not unique:
        return consent, said
    return {"all": [consent, unique[0] if len(unique) == 1 else {"any": unique}]}, said


def _lost(events: Sequence[Event], steps: Steps) -> list[str]:
    """Events that hang on nothing: their parent is not in the export."""
    return [
        _('"{name}" hangs on nothing in the export and was left out.').format(name=event.name)
        for event in events
        if event.id not in steps.seen
    ]


def _rows(part: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    found = part.get(name)
    return [one for one in found if isinstance(one, Mapping)] if isinstance(found, list) else []
