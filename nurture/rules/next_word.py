"""What to open the talk with: the question that BANT leaves, and what the lead has looked at."""

from collections.abc import Mapping

from nurture.rules.words import _

# In the order in which a first talk asks; each with the sentence for an answer that is half known.
_QUESTIONS = {
    "need": (
        lambda: _("Ask what they want to solve, and what happens if they do not."),
        lambda: _("They have named a need: ask what it costs them today."),
    ),
    "timing": (
        lambda: _("Ask by when it has to work, and what hangs on that date."),
        lambda: _("Ask whether the date is fixed."),
    ),
    "authority": (
        lambda: _("Ask who decides, and who else has to agree."),
        lambda: _("Ask who decides beside them."),
    ),
    "budget": (
        lambda: _("Ask whether there is a budget, and who holds it."),
        lambda: _("Ask whether the budget is enough, and for which year."),
    ),
}
_MOST = 2


def questions(bant: Mapping[str, str]) -> list[str]:
    """At most two sentences, for the first answers that are missing; one when all is known."""
    open_parts = [part for part in _QUESTIONS if bant.get(part, "unknown") in ("unknown", "partly")]
    said = [_QUESTIONS[part][bant.get(part) == "partly"]() for part in open_parts[:_MOST]]
    return said or [_("Everything is known: propose a date.")]
