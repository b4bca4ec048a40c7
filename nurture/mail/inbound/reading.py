"""What a mail that came back says: a bounce and of which kind, a complaint, an automatic answer, a reply.

The machine's own words are heard first (RFC 5965, RFC 3464), then the codes in the text, then the text.
Nothing a message holds makes reading fail, and how much is read of it is bounded.
"""

import re

from nurture.mail.inbound import automatic, complaints, human_part, second_opinion, signs, statuses, traces
from nurture.mail.inbound.fields import Fields, addresses_in, first
from nurture.mail.inbound.opening import Opened, open_message
from nurture.mail.inbound.report import AUTOREPLY, COMPLAINT, IGNORE, REPLY, UNKNOWN, Failed, Report
from nurture.mail.inbound.statuses import Told
from nurture.rules import bounces
from nurture.rules.bounces import Judgement, Refusal
from nurture.rules.words import _

_DONE = frozenset(("delivered", "relayed", "expanded"))
_DELAYED = re.compile(
    r"\bdelayed\b|will (?:keep|continue)(?: to| to be)? (?:try|re-?try|be|attempt)|still (?:being|"
    r"trying|be) (?:re)?tr|"
    r"not yet been delivered|will be re-?(?:tried|attempted)|do(?:es)? not need to re-?send|no action "
    r"is required|"
    r"(?:warning|temporar\w+)\b.{0,60}(?:could not send|has not (?:yet )?been|not been delivered)|"
    r"attempts? (?:to deliver )?(?:the message )?will continue|verzögert|noch nicht zugestellt|retardé|"
    r"n'a pas encore été|retrasad|aún no se ha|ritardat|non è (?:stat\w+ )?ancora|atrasad|ainda não foi|"
    r"vertraagd|nog niet|ännu inte|endnu ikke|ennå ikke|opóźnion|jeszcze nie|zpožd|dosud ne|késedelm|"
    r"отложен|задерж|ещё не (?:был|достав)|затрим|遅延|まだ配信されて|延迟|延遲|지연",
    re.I,
)
_ARRIVED = re.compile(
    r"success(?:ful|fully)? (?:mail )?deliver|successfully (?:\w+ )?delivered|delivery (?:was )?successful|"
    r"(?:has been|was) (?:relayed|expanded)|erfolgreich (?:zugestellt|übermittelt)|remis avec succès|"
    r"message (?:was )?(?:read|displayed)\b",
    re.I,
)
_RECEIPT = "message/disposition-notification"
_REFUSED = re.compile(
    r"reject|refus|denied|deliver\w* (?:\S+ ){0,3}fail|over ?quota|quota exceeded|abgelehnt|abgewiesen", re.I
)
_MAIL_BACK = ("message/rfc822", "text/rfc822-headers", "message/rfc822-headers")
_MOST_DIAGNOSTIC = 1_000
_WRITTEN_TO = ("to", "delivered-to", "x-original-to", "envelope-to")
_SERVICE = re.compile(
    r"^(?:mailer-daemon|postmaster|mail-daemon|abuse|support|noreply|no-reply|helpdesk|admin)@"
)


def read_report(raw: bytes) -> Report:
    """The report in these bytes. Never raises; at most 512 KiB are read."""
    return _read(raw, inner=False)


def _read(raw: bytes, *, inner: bool) -> Report:
    opened = open_message(raw)
    feedback = complaints.feedback(opened)
    if feedback is not None:
        return _complaint(opened, feedback)
    said, rest = human_part.before_original(human_part.written(opened))
    if opened.report_type == "disposition-notification" or opened.of(_RECEIPT):
        return _receipt(opened, said, rest)
    told = statuses.told(opened)
    if told and (_has_status_part(opened) or _reads_like_a_bounce(opened, said, rest)):
        return _notification(opened, told, said, rest)
    if _arrived(opened, said):
        return _plain(opened, IGNORE, said)
    if _reads_like_a_bounce(opened, said, rest):
        return _text_bounce(opened, said, rest, addresses_in(first(opened.fields, "x-failed-recipients")))
    subject = first(opened.fields, "subject")
    if automatic.says_automatic(opened.fields) or automatic.away_subject(subject) or _reads_automatic(opened):
        return _plain(opened, AUTOREPLY, said)
    if not signs.answers_something(opened.fields):
        if not inner and (found := _forwarded(opened)):
            return found
        if failed := second_opinion.failed_addresses(raw):
            return _text_bounce(opened, said, rest, failed)
    person = signs.answers_something(opened.fields) and not signs.from_daemon(opened.fields)
    return _plain(opened, REPLY if person else UNKNOWN, said)


def _reads_automatic(opened: Opened) -> bool:
    """Whether the words are a machine's. Who quotes what is answered is a person: machines seldom do."""
    text = human_part.written(opened)
    own = human_part.own_words(text)
    answer = signs.answers_something(opened.fields)
    return not human_part.quotes(text) and automatic.away(own, answer=answer)


def _arrived(opened: Opened, said: str) -> bool:
    """Whether a mail server tells that all went well."""
    told = f"{first(opened.fields, 'subject')}\n{said[:1_000]}"
    refused = any(code >= 400 for text in human_part.said_by_servers(said) for code in bounces.codes_in(text))
    return signs.from_daemon(opened.fields) and bool(_ARRIVED.search(told)) and not refused


def _has_status_part(opened: Opened) -> bool:
    return opened.report_type == "delivery-status" or bool(opened.of("message/delivery-status"))


def _receipt(opened: Opened, said: str, rest: str) -> Report:
    """What a reader's program tells of a mail (RFC 8098). One that refuses it (RFC 5429) has not taken it."""
    told = f"{first(opened.fields, 'subject')}\n{said[:1_000]}"
    if not _REFUSED.search(told):
        return _plain(opened, AUTOREPLY, said)
    named = [one for part in opened.of(_RECEIPT) for one in addresses_in(part.text)]
    return _text_bounce(opened, said, rest, named[:1])


def _reads_like_a_bounce(opened: Opened, said: str, rest: str) -> bool:
    fields = opened.fields
    if "x-failed-recipients" in fields:
        return True
    subject = first(fields, "subject")
    by_subject, by_words = signs.bounce_subject(subject), signs.bounce_words(said)
    if signs.from_daemon(fields):
        codes = bool(human_part.said_by_servers(said))
        away = automatic.away_subject(subject) and not by_subject
        mail_back = signs.named_daemon(fields) and _comes_back(opened, rest)
        return not away and (by_subject or by_words or codes or mail_back)
    if signs.answers_something(fields) and re.match(r"\s*\w{1,4}\s*:", subject):
        return False
    if automatic.away_subject(subject) and not by_subject:
        return False
    if signs.answers_something(fields) or not (by_subject or _comes_back(opened, rest)):
        return False
    return by_words and _names_somebody(opened, said, rest)


def _comes_back(opened: Opened, rest: str) -> bool:
    """Whether a mail stands below or beside the words."""
    return bool(rest) or bool(opened.of(*_MAIL_BACK))


def _names_somebody(opened: Opened, said: str, rest: str) -> bool:
    """Whether a failed mail can be told by more than words: an address, a code, the mail itself."""
    own = set(addresses_in(first(opened.fields, "from")))
    return (
        _comes_back(opened, rest)
        or bool(set(addresses_in(said)) - own)
        or bool(human_part.said_by_servers(said))
    )


def _forwarded(opened: Opened) -> Report | None:
    """A report that somebody's mail program wrapped into another message."""
    for part in opened.of("message/rfc822")[:1]:
        found = _read(part.text.encode("utf-8", "replace"), inner=True)
        if found.kind not in (UNKNOWN, REPLY, AUTOREPLY):
            return found
    return None


def _complaint(opened: Opened, feedback: Fields) -> Report:
    original = human_part.original_fields(opened, "")
    whose = complaints.complained(feedback) or addresses_in(first(original, "to"))
    kind = COMPLAINT if complaints.is_complaint(feedback) else IGNORE
    word = first(feedback, "feedback-type").strip().lower()[:40] or "abuse"
    return _report(
        opened,
        kind,
        reason=word,
        recipients=tuple(Failed(one, kind, word, False, "", "") for one in whose[:10]),
        sentence=_("The reader has marked the mail as unwanted.")
        if kind == COMPLAINT
        else _("A provider tells about a mail; nobody complains."),
        text=human_part.written(opened)[:2_000],
    )


def _notification(opened: Opened, told: list[Told], said: str, rest: str) -> Report:
    spoken = [one for one in told if one.action not in _DONE]
    if not spoken:
        return _report(
            opened,
            IGNORE,
            reason=told[0].action,
            sentence=_("The mail has arrived or was passed on."),
            text=said,
        )
    servers = human_part.said_by_servers(said)
    fallback = _fallback(opened, said, rest)
    failed = []
    for one in spoken:
        replies = [one.diagnostic] if one.diagnostic.strip() else []
        verdict = bounces.judge(Refusal(one.status, one.action, replies, said))
        if verdict.reason in _OPEN and servers:
            heard = bounces.judge(Refusal(one.status, one.action, [*replies, *servers], said))
            verdict = verdict if heard.reason in _OPEN else heard
        failed.append(_failed(one.address or fallback, verdict, one.diagnostic or " ".join(servers[:2])))
    return _bounce(opened, failed, said)


_OPEN = frozenset((bounces.UNCLEAR, "policy", "system", "content", "relay"))


def _text_bounce(opened: Opened, said: str, rest: str, known: list[str]) -> Report:
    subject = first(opened.fields, "subject")
    servers = human_part.said_by_servers(said)
    head = said[:3_000]
    delayed = bool(_DELAYED.search(subject)) or (
        bool(_DELAYED.search(head)) and "failed" not in subject.lower()
    )
    whole = f"{subject}.\n{said}"
    verdict = bounces.judge(Refusal("", bounces.DELAYED if delayed else "", servers, whole))
    addresses = known or [_fallback(opened, said, rest)]
    diagnostic = " ".join(servers[:2]) or " ".join(said.split())
    return _bounce(opened, [_failed(one, verdict, diagnostic) for one in addresses[:20]], said)


def _fallback(opened: Opened, said: str, rest: str) -> str:
    """The recipient as the text tells: an address of it that the mail went to, else the first that is
    neither ours nor a server's, else whom the mail went to."""
    original = human_part.original_fields(opened, rest)
    went_to = addresses_in(first(original, "to"))
    failed = addresses_in(first(original, "x-failed-recipients")) or addresses_in(
        first(opened.fields, "x-failed-recipients")
    )
    ours = {
        *addresses_in(first(opened.fields, "to")),
        *addresses_in(first(opened.fields, "from")),
        *addresses_in(first(original, "from")),
    }
    named = [one for one in addresses_in(said) if one not in ours and not _SERVICE.match(one)]
    return next((one for one in (*failed, *(n for n in named if n in went_to), *named, *went_to)), "")


def _failed(address: str, verdict: Judgement, diagnostic: str) -> Failed:
    return Failed(
        address,
        verdict.kind,
        verdict.reason,
        verdict.counts,
        verdict.status,
        " ".join(diagnostic.split())[:_MOST_DIAGNOSTIC],
    )


def _bounce(opened: Opened, failed: list[Failed], said: str) -> Report:
    lead = failed[0]
    return _report(
        opened,
        lead.kind,
        reason=lead.reason,
        recipients=tuple(failed),
        status=lead.status,
        diagnostic=lead.diagnostic,
        sentence=bounces.sentence(lead.reason),
        counts=lead.counts,
        text=said,
    )


def _plain(opened: Opened, kind: str, said: str) -> Report:
    sentences = {
        AUTOREPLY: _("A machine has answered."),
        REPLY: _("Somebody has answered."),
        IGNORE: _("The mail has arrived or was passed on."),
        UNKNOWN: _("This mail is neither a bounce nor an answer that can be read."),
    }
    return _report(opened, kind, sentence=sentences[kind], text=human_part.own_words(said))


def _report(
    opened: Opened,
    kind: str,
    *,
    reason: str = "",
    recipients: tuple[Failed, ...] = (),
    status: str = "",
    diagnostic: str = "",
    sentence: str = "",
    counts: bool = False,
    text: str = "",
) -> Report:
    texts = (opened.raw, *(part.text for part in opened.parts))
    leaving = traces.leaving_tokens(*(first(opened.fields, name) for name in _WRITTEN_TO))
    return Report(
        kind=kind,
        reason=reason,
        recipients=recipients,
        status=status,
        diagnostic=diagnostic,
        sentence=sentence,
        counts=counts,
        message_ids=traces.message_ids(*texts),
        tokens=traces.tokens(*texts),
        unsubscribe_tokens=(*leaving, *traces.unsubscribe_tokens(*texts)),
        leaves=bool(leaving) and kind in (REPLY, UNKNOWN),
        sender=signs.sender_of(opened.fields),
        subject=first(opened.fields, "subject")[:300],
        text=text[: human_part.MOST_TEXT].replace("\x00", ""),
    )
