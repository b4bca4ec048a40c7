"""The editor of a model in sections: what each holds, what was changed in it, and what is wrong there."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from nurture.rules import names
from nurture.rules.words import _, ngettext
from nurture.web.admin.models.form import ALWAYS, NEEDS, RULES, SIGNALS, Form, Row
from nurture.web.rendering import number

ORDER = ("signals", "temperature", "potential", "readiness", "at_once", "need", "data")
_STRONGEST = 3
# How the names of the fields of a section begin; the first that fits, so that the narrower stand first.
_BEGINS = (
    ("signals", f"{SIGNALS}."),
    ("temperature", "half_life"),
    ("temperature", "temperature"),
    ("potential", "scorecard"),
    ("potential", f"{RULES}."),
    ("at_once", f"{ALWAYS}."),
    ("need", f"{NEEDS}."),
    ("data", "readiness.data"),
    ("readiness", "readiness"),
)


@dataclass(frozen=True, slots=True)
class Section:
    """One part of the editor: `holds` says in a line what is in it, `changed` what the draft changes there,
    `faults` how many things are to be mended."""

    key: str
    title: str
    holds: str
    changed: Sequence[str]
    faults: int
    open: bool


def sections(form: Form, changed: Mapping[str, Sequence[str]], opened: str) -> dict[str, Section]:
    """All of them, in their order; those with faults are open, and the one asked for."""
    faults = dict.fromkeys(ORDER, 0)
    for name, sentences in form.errors.items():
        faults[of_field(name)] += len(sentences)
    titles, held = _titles(), _held(form)
    return {
        key: Section(
            key, titles[key], held[key], changed.get(key, ()), faults[key], bool(faults[key]) or key == opened
        )
        for key in ORDER
    }


def of_field(name: str) -> str:
    """The section that a field of the form stands in."""
    return next(key for key, begin in _BEGINS if name.startswith(begin))


def _titles() -> dict[str, str]:
    return {
        "signals": _("Signals"),
        "temperature": _("Temperature"),
        "potential": _("Grades and scorecard"),
        "readiness": _("Readiness"),
        "at_once": _("At once, whatever the score"),
        "need": _("What shows a need"),
        "data": _("How the data part fills"),
    }


def _held(form: Form) -> dict[str, str]:
    said = {name: value or "–" for name, value in form.values.items()}
    return {
        "signals": _signals(form.signals),
        "temperature": _("halves in %(span)s; warm from %(warm)s, hot from %(hot)s")
        % {
            "span": said["half_life"],
            "warm": said["temperature.warm.rise"],
            "hot": said["temperature.hot.rise"],
        },
        "potential": _potential(form, said),
        "readiness": _readiness(form, said),
        "at_once": _listed([row.sentence for row in form.always]),
        "need": _listed([row.values.get("text", "") for row in form.needs]),
        "data": ngettext("grade and %(n)s field", "grade and %(n)s fields", _fields(form))
        % {"n": number(_fields(form))},
    }


def _signals(rows: Sequence[Row]) -> str:
    told = ngettext("%(n)s line", "%(n)s lines", len(rows)) % {"n": number(len(rows))}
    best = [
        f"{names.signal(row.values['kind'])} {row.values['weight']}" for row in rows if row.values["kind"]
    ]
    return f"{told}: {', '.join(best[:_STRONGEST])}{' …' if len(best) > _STRONGEST else ''}" if best else told


def _potential(form: Form, said: Mapping[str, str]) -> str:
    if not form.has_card:
        return _("no grades are given")
    rules = ngettext("%(n)s rule", "%(n)s rules", len(form.rules)) % {"n": number(len(form.rules))}
    return _("A from %(a)s, B from %(b)s; %(rules)s") % {
        "a": said["scorecard.grades.A"],
        "b": said["scorecard.grades.B"],
        "rules": rules,
    }


def _readiness(form: Form, said: Mapping[str, str]) -> str:
    told = [_("handed over from %(rise)s points") % {"rise": said["readiness.rise"]}]
    if form.values["readiness.require.temperature"]:
        told.append(names.trait(form.values["readiness.require.temperature"]))
    if form.values["readiness.require.grade"]:
        told.append(_("grade %(letter)s") % {"letter": form.values["readiness.require.grade"]})
    return ", ".join(told)


def _listed(texts: Sequence[str]) -> str:
    known = [text for text in texts if text]
    if not texts:
        return _("nothing")
    return "; ".join(known[:_STRONGEST]) + (" …" if len(known) > _STRONGEST else "")


def _fields(form: Form) -> int:
    return len([name for name in form.values["readiness.data.fields"].split(",") if name.strip()])
