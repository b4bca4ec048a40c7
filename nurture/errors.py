"""One tree of refusals: everything the engine says no to, in sentences a person can act on."""


class Refusal(Exception):
    """The engine refuses; `str(refusal)` is one clear sentence for the person at the door."""


class Invalid(Refusal):
    """Input that cannot be taken. `errors` names each field with its sentences."""

    def __init__(self, message: str, errors: dict[str, list[str]] | None = None) -> None:
        super().__init__(message)
        self.errors = errors or {}


class NotFound(Refusal):
    """No such thing, or none that this person may see."""


class Conflict(Refusal):
    """True on its own, but not together with what is already there."""


class Forbidden(Refusal):
    """Known, understood, and not allowed for this person."""


class Unavailable(Refusal):
    """A part that is needed does not answer; the sentence says which and what to do."""


class SettingsFault(Refusal):
    """Wrong settings; `faults` holds one sentence for each, all at once."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


class FileFault(Refusal):
    """Faults in a program or model file; `faults` are `path:line: sentence`, all at once."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults
