"""What changed, in words: the detail of a line of the audit log."""

from typing import Any

from nurture.rules.words import _
from nurture.web.wording import says

# gettext reads these marks; the words themselves are looked up at each request.
_N = str
FIELDS = {
    "admins_need_totp": _N("second factor a must"),
    "body": _N("text"),
    "bytes": _N("bytes"),
    "color": _N("colour"),
    "columns": _N("columns"),
    "company_name": _N("company name"),
    "condition": _N("condition"),
    "days": _N("days"),
    "description": _N("description"),
    "digest": _N("daily digest"),
    "erased": _N("erased"),
    "field": _N("what it looks at"),
    "from": _N("from"),
    "go_on": _N("go on"),
    "grade": _N("grade"),
    "guests": _N("guests asked"),
    "host": _N("website"),
    "in_doubt": _N("mails in doubt"),
    "inside": _N("those inside"),
    "into": _N("into"),
    "kept_out": _N("kept out"),
    "key": _N("address"),
    "kind": _N("kind"),
    "language": _N("language"),
    "lead": _N("lead"),
    "leads": _N("leads"),
    "made_at": _N("made at"),
    "mark": _N("mark"),
    "merge": _N("merge"),
    "most": _N("mails at most"),
    "n": _N("how many"),
    "name": _N("name"),
    "names": _N("what"),
    "narrowed_by": _N("narrowed by"),
    "new": _N("new name"),
    "no_show": _N("did not come"),
    "note": _N("note"),
    "old": _N("old name"),
    "open_most": _N("open at most"),
    "outcome": _N("answer"),
    "over": _N("over the cap"),
    "pattern": _N("addresses"),
    "paused": _N("paused"),
    "per_day": _N("a day"),
    "place": _N("chain"),
    "postal_address": _N("postal address"),
    "preheader": _N("preview line"),
    "purpose": _N("purpose"),
    "quiet_from": _N("quiet from"),
    "quiet_until": _N("quiet until"),
    "reply_to": _N("address for answers"),
    "role": _N("role"),
    "segment": _N("segment"),
    "email": _N("sender address"),
    "sender": _N("sender"),
    "sender_email": _N("sender address"),
    "sender_key": _N("sender"),
    "sender_name": _N("sender name"),
    "set": _N("set"),
    "state": _N("answer of the lead"),
    "step": _N("step"),
    "subject": _N("subject"),
    "tag": _N("tag"),
    "team": _N("team"),
    "timezone": _N("time zone"),
    "to": _N("to"),
    "trap_link": _N("link that only machines follow"),
    "uncertain": _N("not known whether sent"),
    "verdict": _N("verdict"),
    "version": _N("version"),
    "what": _N("what"),
    "within_min": _N("minutes to call"),
}
# Whose values are several names, not what was before and after.
_SEVERAL = frozenset({"what", "names", "columns", "narrowed_by"})
# Whose values are names that have words of their own.
_KINDS = {"role": "role", "inside": "choice", "verdict": "verdict", "purpose": "purpose"}


def detail(kept: dict[str, Any]) -> str:
    """What changed, in words: "role: Viewer → Administrator"."""
    parts = []
    for name, value in kept.items():
        field = _field(name)
        if name not in _SEVERAL and isinstance(value, list) and len(value) == 2:
            before, after = (_value(name, one) for one in value)
            parts.append(f"{field}: {before} → {after}" if value[0] is not None else f"{field}: {after}")
        else:
            parts.append(f"{field}: {_value(name, value)}")
    return ", ".join(parts)


def _field(name: str) -> str:
    return _(FIELDS[name]) if name in FIELDS else name.replace("_", " ")


def _value(name: str, value: Any) -> str:
    if value is None or value == "":
        return "–"
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if name in _KINDS:
        return says(str(value), _KINDS[name])
    if isinstance(value, list):
        return ", ".join(_field(str(one)) for one in value) or "–"
    return str(value)
