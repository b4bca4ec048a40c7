"""What a mail that came back says, as a value."""

from dataclasses import dataclass, replace

HARD, SOFT, IGNORE = "hard", "soft", "ignore"
COMPLAINT, AUTOREPLY, REPLY, UNKNOWN = "complaint", "autoreply", "reply", "unknown"
# A provider tells that somebody has left by its own means.
UNSUBSCRIBED = "unsubscribed"
KINDS = (HARD, SOFT, IGNORE, COMPLAINT, AUTOREPLY, REPLY, UNSUBSCRIBED, UNKNOWN)


@dataclass(frozen=True, slots=True)
class Failed:
    """One recipient of a report. `address` is in lower case, "" where none could be read."""

    address: str
    kind: str
    reason: str
    counts: bool
    status: str
    diagnostic: str


@dataclass(frozen=True, slots=True)
class Report:
    """One mail that came back. `kind` is one of KINDS, for a bounce that of its first recipient.

    `tokens` are what may be bounce tokens of ours (after `b+`), `unsubscribe_tokens` what may be those of
    our List-Unsubscribe addresses, `message_ids` the ids in it, without angle brackets: claims, all of
    them, until a key or the database confirms one. `text` is what a person wrote (replies) or what was
    told people (bounces), bounded. `leaves`: somebody asks to be left alone, by writing to an address of
    ours for that or by a provider's means. `counts` says whether a soft bounce counts towards giving up.
    """

    kind: str
    reason: str = ""
    recipients: tuple[Failed, ...] = ()
    status: str = ""
    diagnostic: str = ""
    sentence: str = ""
    counts: bool = False
    message_ids: tuple[str, ...] = ()
    tokens: tuple[str, ...] = ()
    unsubscribe_tokens: tuple[str, ...] = ()
    leaves: bool = False
    sender: str = ""
    subject: str = ""
    text: str = ""

    def about(self, address: str) -> "Report":
        """What it says of one recipient, `address` in lower case: of several that fared differently each has
        a verdict of its own. Where none has this address (its mail was passed on), the mildest counts."""
        if len(self.recipients) < 2 or self.kind not in (HARD, SOFT):
            return self
        named = [one for one in self.recipients if one.address == address]
        failed = [one for one in self.recipients if one.kind in (HARD, SOFT)]
        meant = named[0] if named else min(failed, key=lambda one: one.kind == HARD)
        return replace(
            self,
            kind=meant.kind,
            reason=meant.reason,
            status=meant.status,
            diagnostic=meant.diagnostic,
            counts=meant.counts,
        )
