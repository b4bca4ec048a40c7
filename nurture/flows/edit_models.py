"""A person changes a model: a draft that may still be wrong, then a new version that rates."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from nurture.errors import Conflict, Invalid, NotFound
from nurture.files.models import write_model
from nurture.flows.models import begin_switch
from nurture.rules import portrait
from nurture.rules.model import (
    HeatModel,
    ModelFault,
    asked_fields,
    changes_by_part,
    doubts,
    is_name,
    plain,
    read,
)
from nurture.rules.portrait import Trait
from nurture.rules.segments import named
from nurture.rules.words import _
from nurture.store import custom_fields, lead_counts, model_drafts, model_work, models, segments
from nurture.store.audit import audit
from nurture.store.model_drafts import Draft
from nurture.store.model_work import Work
from nurture.store.models import LiveModel

_MOST_LETTERS = 200_000


@dataclass(frozen=True, slots=True)
class Editing:
    """A model as it is being changed. `draft` is None while nobody has changed anything: then `spec` is what
    the live version says."""

    model_id: int
    key: str
    live: LiveModel | None
    draft: Draft | None
    spec: Mapping[str, Any]

    @property
    def revision(self) -> int:
        return self.draft.revision if self.draft is not None else 0


def editing(session: Session, model_id: int) -> Editing:
    """How the model stands. Raises NotFound."""
    key = models.key_of(session, model_id)
    if key is None:
        raise NotFound(_("There is no such model."))
    live = next((one for one in models.live(session) if one.id == model_id), None)
    draft = model_drafts.find(session, model_id)
    said = draft.spec if draft is not None else plain(live.model) if live is not None else {"model": key}
    return Editing(model_id, key, live, draft, said)


def check(session: Session, key: str, spec: object) -> HeatModel:
    """The model that a draft says. Raises Invalid with every fault by its place."""
    model = read(spec)
    if model.key != key:
        sentence = _("The model is called {key}; its name does not change.").format(key=key)
        raise Invalid(sentence, {"model": [sentence]})
    known = {one.key for one in segments.every(session)}
    unknown = sorted({name for condition in model.conditions for name in named(condition)} - known)
    if unknown:
        sentence = _("There is no segment called {names}.").format(names=", ".join(unknown))
        raise Invalid(sentence, {"scorecard": [sentence]})
    return model


def is_untouched(stands: Editing) -> bool:
    """Whether nobody has said anything of the model yet but its name."""
    return stands.live is None and not set(stands.spec) - {"model"}


def faults(session: Session, key: str, spec: object) -> dict[str, list[str]]:
    """What is wrong with a draft, by place; nothing when it can be published."""
    try:
        check(session, key, spec)
    except ModelFault as fault:
        return fault.errors
    except Invalid as fault:
        return fault.errors
    return {}


def told_doubts(session: Session, spec: object) -> list[str]:
    """What a draft says that it hardly means, in sentences; nothing for one that cannot be read."""
    try:
        model = read(spec)
    except ModelFault:
        return []
    return doubts(model, custom_fields.unknown(session, asked_fields(model)))


def told_changes(stands: Editing) -> list[str]:
    """What the draft changes of the live version, in sentences; nothing for one that cannot be read."""
    return [sentence for told in changed_parts(stands, stands.spec).values() for sentence in told]


def changed_parts(stands: Editing, spec: object) -> dict[str, list[str]]:
    """What `spec` changes of the live version, in sentences by part of the model."""
    if stands.live is None:
        return {}
    try:
        return changes_by_part(stands.live.model, read(spec))
    except ModelFault:
        return {}


def create(session: Session, key: str, *, like: int | None, now: datetime, by: str) -> int:
    """A new model, as a draft that says what the model `like` says; its id. Raises Invalid, Conflict."""
    if not is_name(key):
        sentence = _("A name in small letters, digits, - and _, beginning with a letter.")
        raise Invalid(sentence, {"key": [sentence]})
    if models.id_of(session, key) is not None:
        raise Conflict(_("There is a model called {key} already.").format(key=key))
    said = dict(editing(session, like).spec) if like is not None else {}
    model_id = models.add_model(session, key, now=now)
    model_drafts.put(session, model_id, said | {"model": key}, based_on=None, now=now, by=by)
    audit(session, by, "model.created", f"model:{model_id}", now=now)
    return model_id


def save_draft(
    session: Session,
    model_id: int,
    spec: Mapping[str, Any],
    *,
    revision: int | None,
    now: datetime,
    by: str,
) -> int:
    """Keep what was typed, right or wrong; the new revision. `revision` is the one it was begun from:
    Conflict when somebody else has changed the draft since; None overwrites."""
    stands = editing(session, model_id)
    if len(json.dumps(spec)) > _MOST_LETTERS:
        raise Invalid(_("The model is longer than 200,000 letters."))
    if revision is not None and revision != stands.revision:
        who = stands.draft.who if stands.draft is not None else ""
        raise Conflict(
            _(
                "{who} has changed this draft meanwhile. Nothing of yours is kept yet: open the draft again"
                " to see theirs, or keep yours in its place."
            ).format(who=who or "–")
        )
    based = stands.live.no if stands.draft is None and stands.live is not None else None
    if stands.draft is None:
        audit(session, by, "model.draft_begun", f"model:{model_id}", now=now)
    return model_drafts.put(session, model_id, spec, based_on=based, now=now, by=by)


def discard(session: Session, model_id: int, *, now: datetime, by: str) -> None:
    """Throw the draft away; what rates is as it was."""
    stands = editing(session, model_id)
    if stands.live is None:
        raise Conflict(_("No version of this model rates yet: its draft is all there is."))
    if stands.draft is not None:
        model_drafts.drop(session, model_id)
        audit(session, by, "model.draft_discarded", f"model:{model_id}", now=now)


def start_from(session: Session, model_id: int, no: int, *, now: datetime, by: str) -> int:
    """Take an older version as the draft, in place of what was there; the new revision."""
    found = models.version_of(session, model_id, no)
    if found is None:
        raise NotFound(_("There is no such version."))
    audit(session, by, "model.draft_begun", f"model:{model_id}", now=now, detail={"version": no})
    return model_drafts.put(session, model_id, plain(found.model), based_on=no, now=now, by=by)


def ask_preview(session: Session, model_id: int, *, now: datetime, by: str) -> Work:
    """Ask what the draft would do. Raises Invalid for one that cannot be read."""
    stands = editing(session, model_id)
    model = check(session, stands.key, stands.spec)
    total = lead_counts.about(session)
    return model_work.add(session, "preview", model_id, plain(model), total=total, now=now, by=by)


def publish(session: Session, model_id: int, *, revision: int | None, now: datetime, by: str) -> Work | None:
    """Make the draft a version that rates from now on; the work of bringing every lead over to it, None where
    it says what rates already. Raises Invalid, Conflict."""
    stands = editing(session, model_id)
    if revision is not None and revision != stands.revision:
        raise Conflict(_("The draft has changed since you looked. Look at it again."))
    model = check(session, stands.key, stands.spec)
    if stands.live is not None and plain(stands.live.model) == plain(model):
        model_drafts.drop(session, model_id)
        return None
    _id, version_id, _no = models.add_version(session, model, write_model(model), now=now, by=by)
    begin_switch(session, model_id, version_id, now=now, by=by)
    model_drafts.drop(session, model_id)
    return model_work.add(
        session,
        "switch",
        model_id,
        {},
        total=lead_counts.about(session),
        now=now,
        by=by,
        version_id=version_id,
    )


def add_portrait(
    session: Session,
    traits: Sequence[Trait],
    told: Callable[[Trait], str],
    *,
    now: datetime,
    by: str,
) -> tuple[int, int]:
    """Put traits of customers into the draft of the default model, as rules that its scorecard does not have
    yet; the model's id and how many rules. `told` says a trait in words. Raises NotFound."""
    model_id = models.id_of(session, models.DEFAULT)
    if model_id is None:
        raise NotFound(_("There is no default model yet."))
    stands = editing(session, model_id)
    card = dict(stands.spec.get("scorecard") or {"grades": {"A": 60, "B": 30}, "rules": []})
    known = [rule.get("when") for rule in card["rules"] if isinstance(rule, Mapping)]
    new = [
        rule | {"text": told(trait)}
        for trait, rule in zip(traits, portrait.rules(traits), strict=True)
        if rule["when"] not in known
    ]
    if new:
        spec = {**stands.spec, "scorecard": {**card, "rules": [*card["rules"], *new]}}
        save_draft(session, model_id, spec, revision=None, now=now, by=by)
    return model_id, len(new)
