"""The ways out as people set them up: add, change, test, pause, choose; limits of receivers and warm-ups."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy.orm import Session

from nurture.errors import Conflict, Invalid, NotFound, Refusal
from nurture.files.vault import Vault
from nurture.mail.envelopes import Transport, TransportDown
from nurture.mail.headers import address
from nurture.mail.smtp_url import IMPLICIT, OFF, REQUIRED, WHEN_OFFERED
from nurture.rules.pacing import WarmUp, usual_warm_up
from nurture.rules.providers import NAMES
from nurture.rules.transports import FIELDS, KINDS, OF_SETTINGS, Limits
from nurture.rules.whole import whole
from nurture.rules.words import _
from nurture.store import pacing, transports, users
from nurture.store.transports import CHOOSERS
from nurture.store.transports import Transport as Row

TLS = (REQUIRED, WHEN_OFFERED, IMPLICIT, OFF)
_LONGEST_NAME, _LONGEST_FIELD = 80, 300
_MOST_CONNECTIONS = 50
_MOST = 1_000_000_000
_LONGEST_WARM_UP = 120
Faults = dict[str, list[str]]


@dataclass(frozen=True)
class Wanted:
    """A transport as somebody wants it. `secret` None keeps the present one."""

    name: str
    kind: str
    settings: Mapping[str, Any]
    secret: str | None = field(default=None, repr=False)
    limits: Limits = field(default_factory=Limits)
    connections: int = 4
    fallback_id: int | None = None
    is_default: bool = False


def add(session: Session, vault: Vault, wanted: Wanted, *, by: str, now: datetime) -> Row:
    """A new transport. Raises Invalid with all faults."""
    faults = _faults(session, wanted, None)
    if not wanted.secret and wanted.kind != "smtp":
        faults.setdefault("secret", []).append(_("The key of the service is missing."))
    _refuse(faults)
    row = transports.new(
        session, {"key": _free_key(session, wanted.name), **_values(vault, wanted, "")}, now=now
    )
    if wanted.is_default:
        transports.set_default(session, row.id)
    users.audit(session, by, "transport.added", f"transport:{row.key}", now=now)
    return row


def change(
    session: Session, vault: Vault, transport_id: int, wanted: Wanted, *, by: str, now: datetime
) -> Row:
    """Change one; its kind stays. Raises Invalid with all faults, NotFound."""
    row = _locked(session, transport_id)
    _refuse(_faults(session, wanted, row))
    for name, value in _values(vault, wanted, row.sealed).items():
        setattr(row, name, value)
    row.updated_at = now
    session.flush()
    if wanted.is_default != row.is_default:
        transports.set_default(session, row.id if wanted.is_default else OF_SETTINGS)
    users.audit(session, by, "transport.changed", f"transport:{row.key}", now=now)
    return row


def pause(session: Session, transport_id: int, *, paused: bool, by: str, now: datetime) -> None:
    """Hold its mails, unless another takes over; or let them go on."""
    row = _locked(session, transport_id)
    if (row.paused_at is not None) != paused:
        row.paused_at = now if paused else None
        action = "transport.paused" if paused else "transport.resumed"
        users.audit(session, by, action, f"transport:{row.key}", now=now)


def remove(session: Session, transport_id: int, *, by: str, now: datetime) -> None:
    """Forget it: what chose it takes the default. Raises Conflict while it is the default."""
    row = _locked(session, transport_id)
    if row.is_default:
        raise Conflict(_("{name} is the default: make another one the default first.").format(name=row.name))
    transports.remove(session, transport_id)
    users.audit(session, by, "transport.removed", f"transport:{row.key}", now=now)


def try_out(transport: Transport) -> str:
    """Connect and sign in, sending nothing: "" when that works, else the sentence why not. May take as
    long as
    the other side lets it: call it outside of any transaction."""
    try:
        transport.check()
    except TransportDown as fault:
        return str(fault)
    finally:
        transport.close()
    return ""


def note_tried(session: Session, transport_id: int, sentence: str, *, by: str, now: datetime) -> None:
    """What a test found. One that works is used again at once."""
    if not sentence:
        transports.note_up(session, transport_id, now=now)
    users.audit(session, by, "transport.tried", f"transport:{transport_id}", now=now)


def choose(
    session: Session, kind: str, ref_id: int, transport_id: int | None, *, by: str, now: datetime
) -> None:
    """The mails of a program, a mail or a newsletter take this transport; None: the default."""
    if kind not in CHOOSERS:
        raise Invalid(_("Transports are chosen for {all}.").format(all=", ".join(CHOOSERS)))
    if transport_id is not None and transports.get(session, transport_id) is None:
        raise NotFound(_("There is no such transport."))
    transports.choose(session, kind, ref_id, transport_id)
    users.audit(session, by, "transport.chosen", f"{kind}:{ref_id}", now=now)


def set_limit(session: Session, kind: str, name: str, limits: Limits, *, by: str, now: datetime) -> None:
    """Limit what goes to a recipient domain or a mailbox provider; without a number it is dropped. Raises
    Invalid."""
    ready, faults = name.strip().lower().rstrip("."), _limit_faults(limits)
    if kind == pacing.PROVIDER and ready not in NAMES:
        faults["name"] = [_("There is no such provider.")]
    elif kind == pacing.DOMAIN:
        ready = _domain(ready, faults)
    elif kind != pacing.PROVIDER:
        faults["kind"] = [_("Limits are for a domain or a provider.")]
    _refuse(faults)
    pacing.set_limit(session, kind, ready, limits)
    users.audit(session, by, "pace.limited", f"{kind}:{ready}", now=now)


def warm_up(
    session: Session,
    kind: str,
    name: str,
    days: str,
    started_on: date | None,
    *,
    by: str,
    now: datetime,
) -> None:
    """Warm a transport (its key) or a sending domain up: `days` are the limits of each day, or one number to
    reach; nothing ends it. Raises Invalid."""
    ready, faults = name.strip().lower(), {}
    if kind == "transport" and ready != "smtp" and transports.by_key(session, ready) is None:
        faults["name"] = [_("There is no such transport.")]
    elif kind == "domain":
        ready = _domain(ready, faults)
    elif kind != "transport":
        faults["kind"] = [_("A transport or a sending domain is warmed up.")]
    schedule = _days(days, faults)
    _refuse(faults)
    found = WarmUp(started_on or now.date(), schedule) if schedule else None
    pacing.set_warm_up(session, kind, ready, found)
    users.audit(session, by, "pace.warmed" if found else "pace.warm_up_ended", f"{kind}:{ready}", now=now)


def _days(text: str, faults: Faults) -> tuple[int, ...]:
    words = text.replace(",", " ").split()
    if not all(0 < (whole(word) or 0) <= _MOST for word in words) or len(words) > _LONGEST_WARM_UP:
        faults["days"] = [_("Whole numbers, one for each day, such as 50, 100, 200; or the one to reach.")]
        return ()
    numbers = tuple(int(word) for word in words)
    return usual_warm_up(numbers[0]) or numbers if len(numbers) == 1 else numbers


def _domain(name: str, faults: Faults) -> str:
    try:
        return address(f"x@{name}").partition("@")[2]
    except Refusal:
        faults["name"] = [_("That is no domain.")]
        return name


def _values(vault: Vault, wanted: Wanted, sealed: str) -> dict[str, Any]:
    known = FIELDS[wanted.kind]
    return {
        "name": wanted.name.strip(),
        "kind": wanted.kind,
        "settings": {name: value for name, value in wanted.settings.items() if name in known and value != ""},
        "sealed": sealed if wanted.secret is None else vault.seal(wanted.secret) if wanted.secret else "",
        "per_second": wanted.limits.per_second,
        "per_hour": wanted.limits.per_hour,
        "per_day": wanted.limits.per_day,
        "connections": wanted.connections,
        "fallback_id": wanted.fallback_id,
    }


def _faults(session: Session, wanted: Wanted, present: Row | None) -> Faults:
    faults: Faults = {}
    if not 0 < len(wanted.name.strip()) <= _LONGEST_NAME:
        faults["name"] = [_("A name of at most {most} characters.").format(most=_LONGEST_NAME)]
    if wanted.kind not in KINDS:
        return faults | {"kind": [_("The kind is one of {all}.").format(all=", ".join(KINDS))]}
    if present is not None and present.kind != wanted.kind:
        faults["kind"] = [_("The kind of a transport stays: add another one.")]
    for name, needed in FIELDS[wanted.kind].items():
        value = wanted.settings.get(name, "")
        if needed and value in ("", None):
            faults[name] = [_("This is missing.")]
        elif isinstance(value, str) and (len(value) > _LONGEST_FIELD or not value.isprintable()):
            faults[name] = [_("At most {most} characters, in one line.").format(most=_LONGEST_FIELD)]
    faults |= _setting_faults(wanted) | _limit_faults(wanted.limits)
    if not 1 <= wanted.connections <= _MOST_CONNECTIONS:
        faults["connections"] = [_("A whole number from 1 to {most}.").format(most=_MOST_CONNECTIONS)]
    if wanted.fallback_id is not None:
        other = transports.get(session, wanted.fallback_id)
        if other is None or (present is not None and other.id == present.id):
            faults["fallback_id"] = [_("There is no such other transport.")]
    return faults


def _setting_faults(wanted: Wanted) -> Faults:
    settings, faults = wanted.settings, {}
    if wanted.kind == "smtp":
        port = str(settings.get("port", ""))
        if port and not 0 < (whole(port) or 0) < 65536:
            faults["port"] = [_("The port is a number below 65536.")]
        if settings.get("tls") and settings["tls"] not in TLS:
            faults["tls"] = [_("One of {all}.").format(all=", ".join(TLS))]
    endpoint = str(settings.get("endpoint", ""))
    if endpoint and not endpoint.startswith(("https://", "http://")):
        faults["endpoint"] = [_("An address beginning with https://.")]
    for name in ("region", "domain"):
        value = str(settings.get(name, ""))
        if value and not value.replace("-", "").replace(".", "").isalnum():
            faults[name] = [_("Letters, digits, hyphens and dots.")]
    return faults


def _limit_faults(limits: Limits) -> Faults:
    faults: Faults = {}
    if limits.per_second is not None and not 0 < limits.per_second <= _MOST:
        faults["per_second"] = [_("A number above 0, or nothing.")]
    for name in ("per_hour", "per_day"):
        value = getattr(limits, name)
        if value is not None and not 0 < value <= _MOST:
            faults[name] = [_("A whole number above 0, or nothing.")]
    return faults


def _refuse(faults: Faults) -> None:
    if faults:
        raise Invalid(" ".join(one for many in faults.values() for one in many), faults)


def _free_key(session: Session, name: str) -> str:
    kept = "".join(sign if sign.isascii() and sign.isalnum() else "-" for sign in name.strip().lower())
    base = kept.strip("-")[:40] or "transport"
    base = f"{base}-2" if base == "smtp" else base
    key, number = base, 2
    while transports.by_key(session, key) is not None:
        key, number = f"{base}-{number}", number + 1
    return key


def _locked(session: Session, transport_id: int) -> Row:
    row = transports.locked(session, transport_id)
    if row is None:
        raise NotFound(_("There is no such transport."))
    return row
