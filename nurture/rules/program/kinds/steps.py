"""Every kind of step, described. Words are looked up when they are asked for, in the reader's language."""

from nurture.rules.program.kinds.values import Block, Field, Kind
from nurture.rules.words import _

CHAINS = ("cold", "warm", "hot")
ROLES = ("admin", "marketer", "sales", "viewer")
_KEY = "key"


def steps() -> tuple[Kind, ...]:
    """The kinds of steps, in the order in which a person looks for them."""
    return tuple(one for _name, kinds in groups() for one in kinds)


def groups() -> tuple[tuple[str, tuple[Kind, ...]], ...]:
    """The kinds of steps by what they are for, each group with its name."""
    return (
        (_("Mail"), _mails()),
        (_("Wait"), _waits()),
        (_("Ways"), _ways()),
        (_("Change the lead"), _marks()),
        (_("Tell others"), _telling()),
        (_("End"), _endings()),
    )


def key() -> Field:
    """What every step may say beside its own: the name by which leads keep their place."""
    return Field(
        (_KEY,),
        "name",
        _("Key"),
        hint=_("Leads keep their place by it when the program changes. Made of mail or kind if left out."),
    )


def _mails() -> tuple[Kind, ...]:
    return (
        Kind(
            "send",
            "mail",
            _("Send a mail"),
            _("Sends a mail of the program; the step ends when the mail is accepted or skipped."),
            (
                Field(("send",), "mail", _("Mail"), required=True),
                Field(
                    ("immediate",),
                    "flag",
                    _("At once"),
                    default=False,
                    hint=_("The first mail of one who has just asked ignores window and cap."),
                ),
                Field(
                    ("sender",),
                    "sender",
                    _("In the name of"),
                ),
            ),
            example={"send": "welcome", "immediate": True},
        ),
    )


def _waits() -> tuple[Kind, ...]:
    return (
        Kind(
            "wait",
            "clock",
            _("Wait"),
            _("Days and weeks keep the lead's local hour; hours and minutes are elapsed time."),
            (Field(("wait",), "duration", _("How long"), required=True),),
            example={"wait": "3d"},
        ),
        _wait_until(),
        Kind(
            "wait_for",
            "click",
            _("Wait for a signal"),
            _("One way as soon as the lead does it, the other when the time has passed without it."),
            (
                Field(("wait_for", "signal"), "signals", _("Signal"), required=True),
                Field(
                    ("wait_for", "mail"),
                    "mail",
                    _("Of the mail"),
                    hint=_("Counts from the moment this mail was sent; without it, from here on."),
                ),
                Field(("wait_for", "within"), "duration", _("Within"), required=True),
            ),
            (Block("then", "steps", _("If it came")), Block("else", "steps", _("If not"))),
            example={
                "wait_for": {"signal": "clicked", "mail": "welcome", "within": "5d"},
                "then": [{"send": "case-study"}],
                "else": [{"send": "welcome-again"}],
            },
        ),
    )


def _wait_until() -> Kind:
    return Kind(
        "wait_until",
        "calendar-event",
        _("Wait until"),
        _("Until a weekday and hour, or until a date of the lead, in the lead's own time zone."),
        (
            Field(
                ("wait_until", "weekday"),
                "weekdays",
                _("Weekdays"),
                hint=_("Every day if left out."),
                form="weekday",
            ),
            Field(("wait_until", "field"), "date_field", _("Date"), required=True, form="date"),
            Field(
                ("wait_until", "offset"),
                "offset",
                _("Before or after it"),
                default="0d",
                hint=_("-14d is fourteen days before the date, 2d two days after it."),
                form="date",
            ),
            Field(
                ("wait_until", "yearly"),
                "flag",
                _("Every year"),
                default=False,
                hint=_("The next anniversary of the date: birthdays, the day of the contract."),
                form="date",
            ),
            Field(
                ("wait_until", "at"),
                "time",
                _("At"),
                hint=_("The hour of that day. A date may go without: then it is the date's own moment."),
            ),
        ),
        (Block("else", "steps", _("If the date is past or missing")),),
        (("weekday", _("a weekday and hour")), ("date", _("a date of the lead"))),
        example={"wait_until": {"weekday": ["tue", "thu"], "at": "10:00"}},
    )


def _ways() -> tuple[Kind, ...]:
    return (
        Kind(
            "branch",
            "git-branch",
            _("Branch"),
            _("The first way whose condition holds is taken; without any the chain goes on below."),
            blocks=(Block("branch", "ways", _("Ways")),),
            example={
                "branch": [
                    {"when": {"field": "company.size", "gte": 50}, "steps": [{"send": "enterprise"}]},
                    {"else": True, "steps": [{"send": "small-team"}]},
                ]
            },
        ),
        Kind(
            "split",
            "test-pipe",
            _("Split"),
            _("Divides leads by weight; the same lead always goes the same way of a split of this name."),
            (
                Field(("split", "name"), "name", _("Name"), required=True),
                Field(("split", "weights"), "weights", _("Weights"), required=True),
            ),
            (Block("", "arms", _("Ways")),),
            example={
                "split": {"name": "subject-test", "weights": {"a": 50, "b": 50}},
                "a": [{"send": "price-a"}],
                "b": [{"send": "price-b"}],
            },
        ),
        Kind(
            "holdout",
            "user-off",
            _("Hold out"),
            _("Keeps a share of the leads without mails from here on, to compare with; they are counted."),
            (
                Field(("holdout", "percent"), "percent", _("Share"), required=True),
                Field(
                    ("holdout", "name"),
                    "name",
                    _("Name"),
                    hint=_("Steps of one name hold out the same leads. The step's key if left out."),
                ),
            ),
            example={"holdout": {"percent": 10}},
        ),
        Kind(
            "goto",
            "arrow-back-up",
            _("Go to"),
            _("Goes on in another chain, or at another step of this one."),
            (
                Field(("goto", "chain"), "chain", _("Chain"), choices=CHAINS),
                Field(("goto", "step"), "step", _("Step"), hint=_("Its mails may be sent again.")),
            ),
            example={"goto": {"chain": "warm"}},
        ),
    )


def _marks() -> tuple[Kind, ...]:
    return (
        Kind(
            "tag",
            "tag",
            _("Tag"),
            _("Adds tags to the lead."),
            (Field(("tag",), "tags", _("Tags"), required=True),),
            example={"tag": ["engaged"]},
        ),
        Kind(
            "set",
            "note",
            _("Set a field"),
            _("Sets a custom field of the lead."),
            (
                Field(("set", "field"), "field", _("Field"), required=True),
                Field(("set", "to"), "value", _("To"), required=True),
            ),
            example={"set": {"field": "interest", "to": "pricing"}},
        ),
        Kind(
            "signal",
            "circle-check",
            _("Record a signal"),
            _("Counts like anything the lead does: it warms as the heat model says and can be waited for."),
            (
                Field(("signal", "kind"), "signal", _("Kind"), required=True),
                Field(("signal", "data"), "json", _("Data")),
            ),
            example={"signal": {"kind": "finished_cold"}},
        ),
    )


def _telling() -> tuple[Kind, ...]:
    return (
        Kind(
            "notify",
            "bell",
            _("Notify"),
            _("Sends a mail to people of the house: the lead's owner, a role, or an address."),
            (
                Field(("notify", "owner"), "flag", _("The lead's owner"), default=False),
                Field(("notify", "role"), "choice", _("Everybody with the role"), choices=ROLES),
                Field(
                    ("notify", "to"),
                    "addresses",
                    _("Addresses"),
                    hint=_("Of users, or at the domain that mails are sent from."),
                ),
                Field(("notify", "subject"), "template", _("Subject")),
                Field(("notify", "text"), "template", _("Text"), required=True),
            ),
            example={"notify": {"owner": True, "text": "{{ lead.first_name }} has read the offer."}},
        ),
        Kind(
            "webhook",
            "webhook",
            _("Call a webhook"),
            _("Posts to an address of another program, and tries again for days until it is taken."),
            (
                Field(("webhook", "url"), "url", _("Address"), required=True),
                Field(
                    ("webhook", "body"),
                    "json",
                    _("Body"),
                    hint=_("Sent as JSON. If left out: program, chain, step and lead."),
                ),
            ),
            example={"webhook": {"url": "https://crm.example/hooks", "body": {"email": "{{ lead.email }}"}}},
        ),
        Kind(
            "hand_over",
            "heart-handshake",
            _("Hand over to sales"),
            _("Hands the lead to sales, whatever its readiness; the chain goes on."),
            example={"hand_over": {}},
        ),
    )


def _endings() -> tuple[Kind, ...]:
    return (
        Kind(
            "exit",
            "door-exit",
            _("End"),
            _("Ends the chain for the lead; what comes after the end is said by the program."),
            (Field(("exit",), "name", _("Reason"), default="done"),),
            example={"exit": "done"},
        ),
    )
