"""Complaints of readers as mailbox providers pass them on: ARF (RFC 5965), and one older habit."""

import re

from nurture.mail.inbound.fields import Fields, addresses_in, first, read_fields
from nurture.mail.inbound.opening import Opened

# What is reported of a mail without its reader being unhappy with it.
_HARMLESS = frozenset(("not-spam", "auth-failure", "dmarc"))
_FEEDBACK = re.compile(r"^feedback-type[ \t]*:", re.I | re.M)
_OLD_HABIT = re.compile(r"^x-hmxmroriginalrecipient[ \t]*:[ \t]*(\S+)", re.I | re.M)


def feedback(opened: Opened) -> Fields | None:
    """The fields of the machine's part, None when this is no feedback report."""
    for part in opened.of("message/feedback-report"):
        return read_fields(part.text)
    if opened.report_type == "feedback-report" or "arf" in opened.report_type:
        for part in opened.parts:
            if found := _FEEDBACK.search(part.text):
                return read_fields(part.text[found.start() :])
    if found := _OLD_HABIT.search(opened.raw[:100_000]):
        return {"feedback-type": ["abuse"], "original-rcpt-to": [found.group(1)]}
    return None


def is_complaint(fields: Fields) -> bool:
    return first(fields, "feedback-type").strip().lower() not in _HARMLESS


def complained(fields: Fields) -> list[str]:
    """Whose complaint it is, as far as the provider tells."""
    names = ("original-rcpt-to", "removal-recipient", "original-recipient")
    return [one for name in names for value in fields.get(name, []) for one in addresses_in(value)]
