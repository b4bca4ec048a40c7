"""The words a person reads for the names that rows hold. A name without words is shown as it is."""

from collections.abc import Mapping

from babel.dates import get_day_names
from flask import Flask

from nurture.flows.watch_response import CLOCK
from nurture.rules import bounces, domains
from nurture.rules.providers import NAMES
from nurture.rules.timing import WEEKDAYS
from nurture.rules.words import _, retold
from nurture.web import house_words, lead_words, list_words, mail_words, program_words, sales_words
from nurture.web.happenings import ANSWER_REASONS, BUYING_ROLES, EXITS, SIGNS, STAGE_REASONS, VERDICTS
from nurture.web.language import locale

_TABLES: Mapping[str, Mapping[str, str]] = {
    "stage": lead_words.STAGES,
    "temperature": lead_words.TEMPERATURES,
    "signal": lead_words.SIGNALS,
    "guest": list_words.GUESTS,
    "delivery": mail_words.DELIVERIES,
    "handoff": sales_words.HANDOFFS,
    "outcome": sales_words.OUTCOMES,
    "handoff_event": sales_words.HANDOFF_EVENTS,
    "why_not": sales_words.WHY_NOT,
    "cause": sales_words.CAUSES,
    "bant": lead_words.BANT,
    "answer": lead_words.ANSWERS,
    "purpose": lead_words.PURPOSES,
    "role": house_words.ROLES,
    "program": program_words.PROGRAMS,
    "post": house_words.POSTS,
    "resting": program_words.RESTING,
    "due": program_words.DUE,
    "newsletter": mail_words.NEWSLETTERS,
    "reason": mail_words.REASONS,
    "report": mail_words.REPORTS,
    "channel": lead_words.CHANNELS,
    "part": lead_words.PARTS,
    "import": list_words.IMPORTS,
    "held_up": list_words.HELD_UP,
    "finding": mail_words.FINDINGS,
    "dkim": mail_words.SIGNING_KEYS,
    "door": mail_words.DOORS,
    "transport": mail_words.TRANSPORTS,
    "transport_kind": mail_words.TRANSPORT_KINDS,
    "provider": NAMES,
    "verdict": VERDICTS,
    "sign": SIGNS,
    "answer_reason": ANSWER_REASONS,
    "buying": BUYING_ROLES,
    "exit": EXITS,
    "choice": program_words.CHOICES,
    "difference": program_words.DIFFERENCES,
    "duplicate": lead_words.DUPLICATES,
    "bulk": list_words.BULK,
}


def install(app: Flask) -> None:
    app.jinja_env.filters["says"] = says
    app.jinja_env.filters["says_all"] = lambda names, table: [says(name, table) for name in names]
    app.jinja_env.filters["retold"] = retold
    app.jinja_env.filters["written_day"] = written_day
    app.jinja_env.filters["quoted"] = lambda text: _("“%(text)s”") % {"text": text}
    app.jinja_env.filters["stage_reason"] = stage_reason
    app.jinja_env.filters["answer_reason"] = answer_reason
    app.jinja_env.filters["bounce_sentence"] = bounces.sentence
    app.jinja_env.filters["finding"] = domains.sentence
    app.jinja_env.filters["finding_about"] = domains.words_of


def written_day(name: str) -> str:
    """The short name of a weekday as programs write it (tue)."""
    days = get_day_names("abbreviated", locale=locale())
    return str(days[WEEKDAYS.index(name)]) if name in WEEKDAYS else name


def says(name: str | None, table: str) -> str:
    """The reader's words for `name`, such as says("sales_ready", "stage")."""
    if name is None:
        return "–"
    text = _TABLES[table].get(name)
    return _(text) if text else name.replace("_", " ")


def answer_reason(reason: str, by: str) -> str:
    """Why sales answered so: a reason of its own, or one of the clock, which answers for the silent."""
    return says(reason, "answer_reason" if by == CLOCK else "why_not")


def stage_reason(reason: str, by: str) -> str:
    """Why a stage changed, as it is kept: a name, an answer of sales with its reason, or a sentence. `by` is
    who changed it."""
    outcome, colon, why = reason.partition(": ")
    if outcome in sales_words.HANDOFFS:
        return says(outcome, "handoff") + colon + (answer_reason(why, by) if why else "")
    return _(STAGE_REASONS[reason]) if reason in STAGE_REASONS else retold(reason).replace("_", " ")
