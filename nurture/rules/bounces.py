"""What a refusal means for the address: is it gone for good (hard), or may a later mail arrive (soft)?

Hard is said on positive evidence alone: the user or the domain does not exist, or the mailbox is gone
(deleted, closed, moved). Everything else is soft, and of the soft ones only those that are the address's
own fault count towards giving it up: a full mailbox, and one that is there but takes nothing (disabled,
suspended; RFC 3463 leaves open whether X.2.1 passes). A mail refused for its content, our server's name
or a broken wire says nothing about the reader.

Status codes are those of RFC 3463 and the register of RFC 5248; reply codes those of RFC 5321.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from nurture.rules import bounces_clauses as clauses
from nurture.rules import bounces_meanings as means
from nurture.rules import bounces_words as words
from nurture.rules.marks import unmarked
from nurture.rules.tokens import KeyRing, mint
from nurture.rules.words import _

HARD, SOFT = "hard", "soft"
UNCLEAR = "unclear"
DELAYED = "delayed"

_HARD_REASONS = frozenset((means.UNKNOWN_USER, means.UNKNOWN_DOMAIN, means.DISABLED))
_COUNTING = frozenset((means.MAILBOX_FULL, means.SUSPENDED, UNCLEAR))
# Vague words ("rejected", "expired"): a status code that says more is believed before them.
_VAGUE = frozenset((means.RELAY, means.CONTENT, means.POLICY, means.NETWORK, means.EXPIRED, means.SYSTEM))
_LONGEST = 4_000
_MANY_UNDERSCORES = 5

# What the codes say when the words say nothing. Keys are subject.detail of the enhanced status.
_BY_STATUS = {
    "1.0": means.UNKNOWN_USER,
    "1.1": means.UNKNOWN_USER,
    "1.2": means.UNKNOWN_DOMAIN,
    "1.3": means.UNKNOWN_USER,
    "1.6": means.DISABLED,
    "1.7": means.SENDER,
    "1.8": means.SENDER,
    "1.9": means.CONTENT,
    "1.10": means.UNKNOWN_USER,
    "2.1": means.SUSPENDED,
    "2.2": means.MAILBOX_FULL,
    "2.3": means.TOO_LARGE,
    "2.4": means.SYSTEM,
    "3.1": means.SYSTEM,
    "3.4": means.TOO_LARGE,
    "4.3": means.DNS,
    "4.4": means.DNS,
    "4.6": means.NETWORK,
    "4.7": means.EXPIRED,
    "4.310": means.UNKNOWN_DOMAIN,
    "6.0": means.CONTENT,
    "7.17": means.DISABLED,
    "7.18": means.UNKNOWN_DOMAIN,
    "7.515": means.SPAM,
}
_BY_SUBJECT = {
    "3": means.SYSTEM,
    "4": means.NETWORK,
    "5": means.SYSTEM,
    "6": means.CONTENT,
    "7": means.POLICY,
}

_SAID_FOR_ALL = frozenset(("7.0", "7.1"))

_ADDRESS = re.compile(r"[<(\"'«]{0,2}[\w.+%&*!=/~-]{1,120}@[\w.-]{1,200}[\w>)\"'»]{0,2}")
_URL = re.compile(r"https?://\S+|www\.\S+")
_HOST = re.compile(r"\b(?:[a-z0-9_-]{1,63}\.){1,8}[a-z]{2,18}\b\.?|\[?\b\d{1,3}(?:\.\d{1,3}){3}\b\]?")
_IP = re.compile(r"\b(?:ip |client )?address\W{0,3}\d{1,3}(?:\.\d{1,3}){3}")
_OUT_OF_ORDER = 503
_EXCHANGE = re.compile(r"\b(?:resolver|storedrv|routing|smtpsend|transport|approval|queue|agent)\.[a-z.]+")
_SENTENCE = re.compile(r"[^.!?\n。！？]+|[.!?\n。！？]+")
_HEDGE = re.compile(
    r"\b(?:may (?:be|have|not)|might|possibly|possible (?:reason|cause)s?|perhaps|could (?:mean|"
    r"indicate)|could be (?:that|because|due|caused|one|an?|full)\b|maybe|either|for example|such as|"
    r"one of the following|common(?:ly)? (?:reasons?|causes?)|typically|usually|"
    r"if (?:you|the|this|it|your)|möglicherweise|eventuell|vielleicht|peut-être|il se peut|podría|"
    r"puede que|"
    r"es posible que|quizás?|forse|potrebbe|talvez|pode ser que|misschien|mogelijk|być może|możliwe|możná|"
    r"возможно|можливо|belki|ίσως)\b|可能是|可能性|かもしれ",
    re.I,
)
_QUOTED = re.compile(r"(?:[\"'(]|-> ?)(?=[45]\d\d[ -])|\b[45]\d\d[ -](?=['\"])")
_STATUS = re.compile(r"(?<![\d.])([245])\.(\d{1,3})\.(\d{1,3})(?![\d.]*\d)")
_REPLY = re.compile(r"(?<![\d.:/-])([45]\d\d)(?=[ -](?!\d\d?[:.]\d)|:|$|#|\.? )")


@dataclass(frozen=True, slots=True)
class Refusal:
    """What was said about one recipient. `status` is the report's own field, `replies` the words of the
    server that refused, `around` the text for people, which is heard only when the others say nothing."""

    status: str = ""
    action: str = ""
    replies: Sequence[str] = ()
    around: str = ""


@dataclass(frozen=True, slots=True)
class Judgement:
    """`kind` is hard or soft; `reason` a word of rules/bounces_meanings, `unclear` or `delayed`; `counts`
    whether a soft one counts towards giving the address up; `status` the code it rests on, "" if none."""

    kind: str
    reason: str
    counts: bool
    status: str = ""


def judge(refusal: Refusal) -> Judgement:
    """The judgement over one recipient. Never raises."""
    told = [_own_words(text[:_LONGEST]) for text in refusal.replies if text.strip()]
    said = [own_words for own_words, _label in told]
    statuses = [found for text in said for found in statuses_in(text)]
    labels = {found for _said, label in told for found in statuses_in(label)}
    own = [found for found in statuses_in(refusal.status) if found in statuses or found not in labels]
    around = _without([label for _said, label in told if label], refusal.around[:_LONGEST])
    status = _best([*statuses, *own]) or _best(statuses_in(around))
    if refusal.action == DELAYED:
        return Judgement(SOFT, DELAYED, counts=False, status=status)
    reason = _reason(said, status, around)
    if reason in _HARD_REASONS and {code for text in said for code in codes_in(text)} == {_OUT_OF_ORDER}:
        return soft_for(means.SYSTEM, status)
    if reason in _HARD_REASONS and _temporary(said, statuses, own, around):
        return Judgement(SOFT, reason, counts=False, status=status)
    kind = HARD if reason in _HARD_REASONS else SOFT
    return Judgement(kind, reason, counts=kind == HARD or reason in _COUNTING, status=status)


def soft_for(reason: str, status: str = "") -> Judgement:
    """A soft judgement for a reason that somebody else has found."""
    return Judgement(SOFT, reason, counts=reason in _COUNTING, status=status)


def return_path(ring: KeyRing, domain: str, delivery_id: int) -> str:
    """Where bounces of a delivery go: `b+<token>@domain` (variable envelope return path)."""
    return f"b+{mint(ring, 'bounce', delivery_id)}@{domain}"


def statuses_in(text: str) -> list[str]:
    """Enhanced status codes in a text, in order."""
    return [".".join(found) for found in _STATUS.findall(text[:_LONGEST])]


def codes_in(text: str) -> list[int]:
    """SMTP reply codes of refusals in a text, in order."""
    return [int(found) for found in _REPLY.findall(text[:_LONGEST])]


def meaning(text: str) -> str:
    """What the words mean: the first meaning found, "" for none."""
    return _meaning(_plain(text))


def _meaning(plain: str) -> str:
    return next((name for name, pattern in words.MEANINGS if pattern.search(plain)), "")


def sentence(reason: str) -> str:
    """The reason for people."""
    return _SENTENCES.get(reason, _SENTENCES[UNCLEAR])()


def _reason(said: Sequence[str], status: str, around: str) -> str:
    meanings = [heard(text) for text in said]
    clear = next((one for one in meanings if one and one not in _VAGUE), "")
    if clear:
        return _checked(clear, status, " ".join(said))
    by_code = _by_status(status)
    if by_code and by_code not in _VAGUE:
        return by_code
    vague = next((one for one in meanings if one), "") or by_code
    told = _checked(heard(around), status, around) if around else ""
    if vague and (by_code or told not in _HARD_REASONS):
        return vague
    return told or UNCLEAR


def heard(text: str) -> str:
    """The meaning of what was said. Where the tables of words know nothing better than a vague word, the
    clauses are asked."""
    plain = _plain(_sure(text))
    found = _understood(plain)
    return found if found != means.UNKNOWN_USER else _understood(words.FOREIGN.sub(" ", plain))


def _understood(plain: str) -> str:
    found = _meaning(plain)
    return found if found and found not in _VAGUE else clauses.meaning(plain) or found


def _own_words(text: str) -> tuple[str, str]:
    """(the words of the server that refused, the label that a relay put before them): a reply quoted in a
    text is the refusing server's, as far as it can be understood."""
    starts = [found.start() for found in _QUOTED.finditer(text)]
    if not starts or not meaning(_sure(text[starts[-1] :])):
        return text, ""
    return text[starts[-1] :], text[: starts[-1]]


def _without(labels: Sequence[str], text: str) -> str:
    flat = " ".join(text.split()) if labels else text
    for label in labels:
        flat = flat.replace(label, " ")
    return flat


def _sure(text: str) -> str:
    """The sentences that do not merely suppose."""
    return "".join(one for one in _SENTENCE.findall(text) if not _HEDGE.search(one))


def _checked(reason: str, status: str, text: str) -> str:
    """Words of an unknown user under a code of policy, storage or sender are not believed ("mailbox
    unavailable" is said for all of these), but plain ones under a code of policy are: some servers put
    5.7.1 before everything."""
    code = status.partition(".")[2]
    if reason == means.SUSPENDED and code == "1.6":  # moved: not there any more
        return means.DISABLED
    if reason == means.MAILBOX_FULL and code == "3.1":  # the disk of the whole server
        return means.SYSTEM
    if reason not in _HARD_REASONS:
        return reason
    if code.startswith("6."):  # the message: an address that stands in it, it may be
        return means.CONTENT
    by_code = _BY_STATUS.get(code, "")
    if by_code in (means.MAILBOX_FULL, means.TOO_LARGE, means.EXPIRED, means.SENDER):
        return by_code
    if by_code in _HARD_REASONS:
        return reason
    plain = _plain(text)
    plainly = words.PLAINLY_UNKNOWN.search(plain) and not words.BY_RULE.search(plain)
    return reason if not code.startswith("7.") or (code in _SAID_FOR_ALL and plainly) else means.POLICY


def _by_status(status: str) -> str:
    if not status:
        return ""
    _class, _dot, code = status.partition(".")
    return _BY_STATUS.get(code) or _BY_SUBJECT.get(code.partition(".")[0], "")


def _temporary(said: Sequence[str], statuses: Sequence[str], own: Sequence[str], around: str) -> bool:
    """Whether the server spoke of a passing trouble: its own words count before the report's fields."""
    codes = [str(code) for text in said for code in codes_in(text)]
    for spoken in (codes, list(statuses), list(own), [str(code) for code in codes_in(around)]):
        classes = {one[0] for one in spoken if one[0] in "45"}
        if classes:
            return classes == {"4"}
    return False


def _best(statuses: Iterable[str]) -> str:
    """The code that says most: not x.0.0 where another stands."""
    found = [one for one in statuses if one[0] in "45"]
    return next((one for one in found if not one.endswith((".0.0", ".5.0"))), found[0] if found else "")


def _plain(text: str) -> str:
    """Lower case, one space between words, without addresses, hosts and what is only supposed."""
    lowered = unmarked(text[:_LONGEST].replace("\u2019", "'").lower())
    if lowered.count("_") > _MANY_UNDERSCORES:  # qmail's log, where they stand for spaces
        lowered = lowered.replace("_", " ")
    lowered = _IP.sub(" client host ", _ADDRESS.sub(" ", _URL.sub(" ", lowered)))
    lowered = _EXCHANGE.sub(lambda found: found.group().replace(".", " "), lowered)
    return " ".join(_HOST.sub(" ", lowered).split())


_SENTENCES = {
    means.UNKNOWN_USER: lambda: _("The mailbox does not exist."),
    means.UNKNOWN_DOMAIN: lambda: _("The domain does not exist or takes no mail."),
    means.DISABLED: lambda: _("The mailbox is closed."),
    means.SUSPENDED: lambda: _("The mailbox is disabled or suspended."),
    means.MAILBOX_FULL: lambda: _("The mailbox is full."),
    means.GREYLISTED: lambda: _("The server asks for a later try (greylisting)."),
    means.RATE: lambda: _("The server takes no more mails at this pace."),
    means.SPAM: lambda: _("The server takes the mail for spam or does not trust the sender."),
    means.SENDER: lambda: _("The server does not accept this sender."),
    means.TOO_LARGE: lambda: _("The mail is too large."),
    means.CONTENT: lambda: _("The server refuses the content of the mail."),
    means.RELAY: lambda: _("The server does not take mail for this domain."),
    means.POLICY: lambda: _("A rule of the server keeps the mail out."),
    means.DNS: lambda: _("The domain could not be looked up."),
    means.NETWORK: lambda: _("The server could not be reached."),
    means.EXPIRED: lambda: _("The mail waited too long and was given up."),
    means.SYSTEM: lambda: _("The server has a trouble of its own."),
    DELAYED: lambda: _("The mail is delayed and still being tried."),
    UNCLEAR: lambda: _("The mail came back without a reason that can be read."),
}
