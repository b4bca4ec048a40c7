"""What can be said of a whole program and of each chain, described like the steps."""

from nurture.rules.program.kinds.values import Field
from nurture.rules.words import _

_ON_CHANGE = ("resume", "restart", "rest")
EXITS = ("reply", "hand_over")


def program_fields() -> tuple[Field, ...]:
    """The fields of a program, without its chains."""
    return (
        Field(("program",), "name", _("Key"), required=True),
        Field(("name",), "text", _("Name")),
        Field(("model",), "name", _("Heat model"), default="default"),
        Field(("timezone",), "timezone", _("Time zone"), default="UTC"),
        *_hours(),
        *_goal(),
        Field(("exit_on",), "choices", _("Leaves on"), choices=EXITS, default=["reply"]),
        Field(("on_warm",), "choice", _("When warmer"), choices=_ON_CHANGE, default="resume"),
        Field(("on_cool",), "choice", _("When cooler"), choices=_ON_CHANGE, default="resume"),
        Field(
            ("after_end",),
            "choice",
            _("After the end"),
            choices=("repeat", "newsletter_only", "exit"),
            default="newsletter_only",
        ),
        Field(("holdout",), "percent", _("Held out"), default=0),
        Field(("purpose",), "name", _("Consent"), default="marketing"),
        Field(
            ("while_with_sales",),
            "choice",
            _("While sales talks to the lead"),
            choices=("pause", "go_on"),
            default="pause",
        ),
        Field(("priority",), "whole", _("Priority"), default=0),
        Field(("hold_after",), "duration", _("Held after a pause of"), default="7d"),
        Field(("sender",), "sender", _("Mails in the name of"), default="house"),
        Field(("in_doubt",), "choice", _("A mail in doubt"), choices=("assume_sent", "resend_once")),
    )


def chain_fields() -> tuple[Field, ...]:
    """The fields of a chain, without its steps."""
    return (
        Field(("enter", "when"), "condition", _("Enters when")),
        Field(("enter", "signal"), "signals", _("Enters on the signal")),
        Field(("enter", "form"), "names", _("Enters by the form")),
        Field(("enter", "date", "field"), "date_field", _("Enters on the date")),
        Field(("enter", "date", "offset"), "offset", _("Before or after it"), default="0d"),
        Field(("enter", "date", "yearly"), "flag", _("Every year"), default=False),
        Field(("enter", "date", "at"), "time", _("At")),
        Field(("reentry", "multiple"), "flag", _("May enter again"), default=True),
        Field(("reentry", "after"), "duration", _("After it left, at the earliest")),
        Field(("reentry", "concurrent"), "flag", _("Several at once"), default=False),
    )


def _hours() -> tuple[Field, ...]:
    return (
        Field(("window", "days"), "weekdays", _("Days of writing")),
        Field(("window", "from"), "time", _("From"), default="00:00"),
        Field(("window", "to"), "time", _("To"), default="24:00"),
        Field(("window", "holidays"), "holidays", _("Without holidays of")),
        Field(("frequency", "max"), "whole", _("Mails at most")),
        Field(("frequency", "per"), "duration", _("In")),
        Field(
            ("frequency", "over"),
            "choice",
            _("More than that"),
            choices=("defer", "skip"),
            default="defer",
        ),
    )


def _goal() -> tuple[Field, ...]:
    return (
        Field(("goal", "when"), "condition", _("Goal")),
        Field(("goal", "value"), "amount", _("Worth")),
        Field(("goal", "currency"), "currency", _("Currency")),
        Field(("goal", "within"), "duration", _("Counts within"), default="90d"),
    )
