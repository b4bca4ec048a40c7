"""What happens in a simulation, in words: reasons, fates, and the lines of a lead's way."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from nurture.rules.program import Program
from nurture.rules.words import _
from nurture.web import rendering
from nurture.web.admin.step_words import Mails, in_words
from nurture.web.wording import says

# gettext reads these marks; the words themselves are looked up at each request.
_N = str

HELD = {
    "window": (_N("Outside the hours of the program"), "clock"),
    "holiday": (_N("Public holidays"), "calendar-event"),
    "frequency": (_N("Mails enough within the cap"), "hourglass"),
    "with_sales": (_N("Sales is talking to the lead"), "heart-handshake"),
    "own_pause": (_N("The lead wants a pause"), "player-pause"),
}
SKIPPED = {
    "no_consent": _N("no consent"),
    "no_address": _N("no address"),
    "suppressed": _N("the address must not be written to"),
    "frequency": _N("mails enough within the cap"),
    "window": _N("the window never opens"),
}
FATES = {
    "met": _N("met by sales"),
    "handed_over": _N("handed over"),
    "ripe": _N("waits for sales"),
    "hot": _N("turned hot"),
    "warm": _N("turned warm"),
    "unsubscribed": _N("unsubscribed"),
    "replied": _N("replied"),
    "cold": _N("stayed as it was"),
}
LEFT = {
    "goal": _N("reached the goal"),
    "replied": _N("replied"),
    "unsubscribed": _N("unsubscribed"),
    "handed_over": _N("handed over"),
    "hand_over": _N("handed over"),
    "warmed": _N("warmed"),
    "cooled": _N("cooled"),
    "done": _N("came to the end"),
    "goto": _N("goes on in another chain"),
    "entered_anew": _N("came in anew"),
}
RESTS = {
    "newsletter_only": _N("at the end: newsletters only"),
    "repeat": _N("rests until the chain repeats"),
    "rest": _N("rests after its temperature changed"),
    "holdout": _N("held out for comparison"),
    "circle": _N("went in a circle"),
    "chain_removed": _N("its chain is gone"),
}
_WAITS = {
    "wait": _N("waits"),
    "wait_until": _N("waits for the weekday"),
    "wait_date": _N("waits for the date"),
    "wait_for": _N("waits for a signal"),
}
_LINES = {
    "came": ("users", _N("Comes")),
    "opened": ("mail-opened", _N("Opens %(mail)s")),
    "clicked": ("click", _N("Clicks in %(mail)s")),
    "replied": ("message-circle", _N("Replies to %(mail)s")),
    "meeting_requested": ("phone", _N("Asks for a meeting, after %(mail)s")),
    "unsubscribed": ("door-exit", _N("Unsubscribes, by %(mail)s")),
    "withdrawn": ("arrow-back-up", _N("Has cooled before sales had room: taken back")),
}


def ends(what: str, name: str) -> str:
    """Where leads stand at the end."""
    if what == "in_chain":
        return _("under way in the %(chain)s chain") % {"chain": says(name, "temperature").lower()}
    if what == "resting":
        return _(RESTS[name]) if name in RESTS else name
    if what == "left":
        return _("left: %(reason)s") % {"reason": left(name)}
    return _("never came in")


def left(reason: str) -> str:
    return _(LEFT[reason]) if reason in LEFT else says(reason, "exit")


def held(reason: str) -> tuple[str, str]:
    """Why mails were held back, and its icon."""
    words, icon = HELD.get(reason, (reason, "hourglass"))
    return _(words), icon


class Teller:
    """Tells the lines of one version."""

    def __init__(self, program: Program, mails: Mails) -> None:
        self.program, self.mails = program, mails

    def step(self, chain: str | None, key: str | None) -> str:
        """A step in words."""
        found = self.program.chains.get(chain or "")
        step = found.by_key.get(key or "") if found is not None else None
        return in_words(step, self.mails)[1] if step is not None else (key or "")

    def mail(self, key: str | None) -> str:
        return self.mails[key][1] if key is not None and key in self.mails else (key or "")

    def line(self, one: Mapping[str, Any]) -> tuple[str, str]:
        """Icon and sentence of a line."""
        what = one["what"]
        if what in _LINES:
            icon, words = _LINES[what]
            return icon, _(words) % {"mail": quoted(self.mail(one.get("mail")))}
        return self._told(what, one)

    def _told(self, what: str, one: Mapping[str, Any]) -> tuple[str, str]:
        reason = one.get("reason", "")
        step = self.step(one.get("chain"), one.get("step"))
        match what:
            case "sent":
                return "mail", _("Mail %(mail)s") % {"mail": quoted(self.mail(one.get("mail")))}
            case "waits":
                return "clock", f"{step}: {self._waits(reason, one)}"
            case "deferred" | "skipped" | "branched":
                return _at_step(what, step, reason, one)
            case "entered" | "left" | "finished":
                return _in_chain(what, one.get("chain"), reason)
            case "temperature" | "ripe" | "released" | "answered":
                return _towards_sales(what, one)
            case "resting":
                return "player-pause", _("Rests: %(why)s") % {"why": _(RESTS.get(reason, reason))}
        return "check", f"{step}: {what.replace('_', ' ')}" if step else what.replace("_", " ")

    def _waits(self, reason: str, one: Mapping[str, Any]) -> str:
        words = _(_WAITS[reason]) if reason in _WAITS else held(reason)[0].lower()
        return _("%(words)s until %(until)s") % {"words": words, "until": moment(one["until"])}


def moment(written: str) -> str:
    return rendering.moment(datetime.fromisoformat(written))


def quoted(text: str) -> str:
    return _("“%(text)s”") % {"text": text}


def _way(reason: str) -> str:
    known = {
        "then": _("it happened"),
        "else": _("otherwise"),
        "none": _("none of the ways"),
        "held_out": _("held out"),
        "not_held_out": _("not held out"),
        "no_date": _("no date"),
        "date_past": _("the date is past"),
    }
    if reason.isdigit():
        return _("way %(no)s") % {"no": reason}
    return known.get(reason, reason)


def _at_step(what: str, step: str, reason: str, one: Mapping[str, Any]) -> tuple[str, str]:
    """What became of a step: held back, left out, or the way it took."""
    if what == "deferred":
        words = {"step": step, "why": held(reason)[0].lower(), "until": moment(one["until"])}
        return "hourglass", _("%(step)s is held back until %(until)s: %(why)s") % words
    if what == "skipped":
        why_not = _(SKIPPED[reason]) if reason in SKIPPED else reason
        return "x", _("%(step)s is left out: %(why)s") % {"step": step, "why": why_not}
    return "git-branch", _("%(step)s: %(way)s") % {"step": step, "way": _way(reason)}


def _in_chain(what: str, temperature: str | None, reason: str) -> tuple[str, str]:
    """Into a chain, out of it, and through."""
    chain = says(temperature, "temperature").lower() if temperature else ""
    if what == "left":
        return "door-exit", _("Leaves the %(chain)s chain: %(why)s") % {"chain": chain, "why": left(reason)}
    if what == "finished":
        return "check", _("The %(chain)s chain has come to its end") % {"chain": chain}
    if reason in RESTS:
        words = {"chain": chain, "why": _(RESTS[reason])}
        return "arrow-right", _("Comes into the %(chain)s chain: %(why)s") % words
    return "arrow-right", _("Comes into the %(chain)s chain") % {"chain": chain}


def _towards_sales(what: str, one: Mapping[str, Any]) -> tuple[str, str]:
    """Warmer or colder, ready, with sales, and what sales says."""
    if what == "temperature":
        by = _("silence") if one["by"] == "silence" else says(one["by"], "signal").lower()
        heat = rendering.number(one["heat"], 1)
        words = {"new": says(one["new"], "temperature"), "heat": heat, "by": by}
        return "flame" if one["new"] == "hot" else "sun", _("%(new)s by %(by)s, heat %(heat)s") % words
    if what == "ripe":
        words = {"score": rendering.number(one["score"], 1), "why": says(one["cause"], "cause").lower()}
        return "target", _("Ready with %(score)s points: %(why)s") % words
    if what == "released":
        return "heart-handshake", _("Goes to sales")
    return "message-circle", _("Sales: %(answer)s") % {"answer": says(one["outcome"], "outcome").lower()}
