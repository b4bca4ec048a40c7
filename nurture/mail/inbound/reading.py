"""What a mail that came back says: a bounce and of which kind, a complaint, an automatic answer, a reply.

The machine's own words are heard first (RFC 5965, RFC 3464), then the codes in the text, then the text.
Nothing a message holds makes reading fail, and how much is read of it is bounded.
"""

import re

from nurture.mail.inbound import (
    automatic,
    bouncing,
    complaints,
    human_part,
    named,
    second_opinion,
    signs,
    statuses,
    traces,
)
from nurture.mail.inbound.fields import Fields, addresses_in, first
from nurture.mail.inbound.opening import Opened, open_message
from nurture.mail.inbound.report import AUTOREPLY, COMPLAINT, IGNORE, REPLY, UNKNOWN, Failed, Report
from nurture.mail.inbound.statuses import Told
from nurture.rules import bounces
from nurture.rules.bounces import Judgement, Refusal
from nurture.rules.bounces_meanings import MAILBOX_FULL, POLICY
from nurture.rules.words import _

_DONE = frozenset(("delivered", "relayed", "expanded"))
_RECEIPT = "message/disposition-notification"
_REFUSED = re.compile(
    r"reject|refus|denied|deliver\w* (?:\S+ ){0,3}fail|over ?quota|quota exceeded|abgelehnt|abgewiesen", re.I
)
_MOST_DIAGNOSTIC = 1_000
_WRITTEN_TO = ("to", "delivered-to", "x-original-to", "envelope-to")


def read_report(raw: bytes) -> Report:
    """The report in these bytes. Never raises; at most 512 KiB are read."""
    return _read(raw, inner=False)


def _read(raw: bytes, *, inner: bool) -> Report:
    opened = open_message(raw)
    feedback = complaints.feedback(opened)
    if feedback is not None:
        return _complaint(opened, feedback)
    said, rest = human_part.before_original(human_part.written(opened))
    original = human_part.original_fields(opened, rest)
    told_of_it = named.without_titles(said, original)
    bounced = bouncing.bounces_back(opened, told_of_it, rest, original)
    if opened.report_type == "disposition-notification" or opened.of(_RECEIPT):
        return _receipt(opened, said)
    told = statuses.told(opened)
    if told and (_has_status_part(opened) or bounced):
        return _notification(opened, told, told_of_it, original)
    if bouncing.arrived(opened, said):
        return _plain(opened, IGNORE, said)
    if bounced:
        failed = addresses_in(first(opened.fields, "x-failed-recipients"))
        return _text_bounce(opened, told_of_it, original, failed)
    if _answers_by_itself(opened):
        return _plain(opened, AUTOREPLY, said)
    if not signs.answers_something(opened.fields):
        if not inner and (found := _forwarded(opened)):
            return found
        if failed := second_opinion.failed_addresses(raw):
            return _text_bounce(opened, told_of_it, original, failed)
    person = signs.answers_something(opened.fields) and not signs.from_daemon(opened.fields)
    return _plain(opened, REPLY if person else UNKNOWN, said)


def _answers_by_itself(opened: Opened) -> bool:
    """Whether a machine has answered, by the head or by the words. Who quotes what is answered is a person:
    machines seldom do."""
    subject = first(opened.fields, "subject")
    if automatic.says_automatic(opened.fields) or automatic.away_subject(subject):
        return True
    text = human_part.written(opened)
    answer = signs.answers_something(opened.fields)
    return not human_part.quotes(text) and automatic.away(human_part.own_words(text), answer=answer)


def _has_status_part(opened: Opened) -> bool:
    return opened.report_type == "delivery-status" or bool(opened.of("message/delivery-status"))


def _receipt(opened: Opened, said: str) -> Report:
    """What a reader's program tells of a mail (RFC 8098). One that refuses it (RFC 5429) has not taken it,
    by a rule of its reader: the mailbox is there, whatever the words say."""
    told = f"{first(opened.fields, 'subject')}\n{said[:1_000]}"
    if not _REFUSED.search(told):
        return _plain(opened, AUTOREPLY, said)
    whose = [one for part in opened.of(_RECEIPT) for one in addresses_in(part.text)] or [""]
    heard = bounces.judge(Refusal(around=said))
    verdict = heard if heard.reason == MAILBOX_FULL else bounces.soft_for(POLICY)
    return _bounce(opened, [_failed(whose[0], verdict, " ".join(said.split()))], said)


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


def _notification(opened: Opened, told: list[Told], said: str, original: Fields) -> Report:
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
    fallback = named.recipient(opened, original, said)
    failed = []
    for one in spoken:
        replies = [one.diagnostic] if one.diagnostic.strip() else []
        verdict = bounces.judge(Refusal(one.status, one.action, replies, said))
        if verdict.reason in _OPEN and servers:
            heard = bounces.judge(Refusal(one.status, one.action, [*replies, *servers], said))
            verdict = verdict if heard.reason in _OPEN else heard
        failed.append(_failed(one.address or fallback, verdict, one.diagnostic or " ".join(servers[:2])))
    failed += [Failed(one.address, IGNORE, one.action, False, "", "") for one in told if one.action in _DONE]
    return _bounce(opened, failed, said)


_OPEN = frozenset((bounces.UNCLEAR, "policy", "system", "content", "relay"))


def _text_bounce(opened: Opened, said: str, original: Fields, known: list[str]) -> Report:
    subject = named.without_titles(first(opened.fields, "subject"), original)
    servers = human_part.said_by_servers(said)
    delayed = bouncing.delayed(subject, said)
    whole = f"{subject}.\n{said}"
    verdict = bounces.judge(Refusal("", bounces.DELAYED if delayed else "", servers, whole))
    addresses = known or [named.recipient(opened, original, said)]
    diagnostic = " ".join(servers[:2]) or " ".join(said.split())
    return _bounce(opened, [_failed(one, verdict, diagnostic) for one in addresses[:20]], said)


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
