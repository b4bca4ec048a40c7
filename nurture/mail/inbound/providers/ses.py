"""What is posted by Amazon SES through SNS, wrapped or raw."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from nurture.mail.inbound.providers.events import (
    About,
    Event,
    NotReadable,
    bounced,
    complained,
    event_of,
    is_mild,
    left,
    object_of,
    objects_of,
    text_of,
)
from nurture.mail.inbound.report import UNKNOWN, Report
from nurture.rules import bounces_meanings as means
from nurture.rules.bounces import Refusal
from nurture.rules.words import _

SUBSCRIPTION = "subscription"
# Permanent bounces that speak of the address; their own list of addresses that bounced before does so, too.
_OF_THE_ADDRESS = frozenset(("noemail", "suppressed", "onaccountsuppressionlist", "general"))
# What it calls a refusal: the reason where the words give none.
_MEANS = {
    "mailboxfull": means.MAILBOX_FULL,
    "messagetoolarge": means.TOO_LARGE,
    "contentrejected": means.CONTENT,
    "attachmentrejected": means.CONTENT,
    "general": means.SYSTEM,
}


def read_ses(said: Any) -> Iterator[Event | None]:
    """A notification of SNS around one of SES, or that one alone (raw delivery). Raises NotReadable."""
    outer = object_of(said)
    kind = text_of(outer, "Type")
    if kind in ("SubscriptionConfirmation", "UnsubscribeConfirmation"):
        yield _subscription(outer)
        return
    inner = _unwrapped(outer) if kind == "Notification" else outer
    told = (text_of(inner, "notificationType") or text_of(inner, "eventType")).lower()
    if told == "bounce":
        yield from _bounces(inner)
    elif told == "complaint":
        yield from _complaints(inner)
    elif told == "subscription":
        yield from _leaving(inner)


def _unwrapped(outer: Mapping[str, Any]) -> Mapping[str, Any]:
    try:
        return object_of(json.loads(outer.get("Message") or "{}"))
    except (ValueError, TypeError, RecursionError) as fault:
        raise NotReadable(str(fault)) from fault


def _bounces(said: Mapping[str, Any]) -> Iterator[Event]:
    detail = object_of(said.get("bounce"))
    permanent = text_of(detail, "bounceType").lower() == "permanent"
    sub = text_of(detail, "bounceSubType").lower()
    for one in objects_of(detail.get("bouncedRecipients")):
        action, words = text_of(one, "action").lower(), text_of(one, "diagnosticCode")
        refusal = Refusal(text_of(one, "status"), action, [words])
        yield bounced(
            _about(said, detail, one),
            refusal,
            hard=permanent and sub in _OF_THE_ADDRESS and not is_mild(refusal),
            # An automatic answer is a transient bounce of theirs, too.
            soft=not permanent,
            unclear=means.SYSTEM if not permanent and sub == "" else _MEANS.get(sub, ""),
        )


def _complaints(said: Mapping[str, Any]) -> Iterator[Event]:
    detail = object_of(said.get("complaint"))
    for one in objects_of(detail.get("complainedRecipients")):
        yield complained(_about(said, detail, one), text_of(detail, "complaintFeedbackType"))


def _leaving(said: Mapping[str, Any]) -> Iterator[Event]:
    """A topic left is one thing; only who leaves all of them leaves here."""
    mail = object_of(said.get("mail"))
    topics = object_of(object_of(said.get("subscription")).get("newTopicPreferences"))
    readers = mail.get("destination")
    reader = readers[0] if isinstance(readers, list) and readers else None
    if topics.get("unsubscribeAll") is True and isinstance(reader, str):
        yield left(_mail(said, f"{text_of(mail, 'messageId')}:left", reader))


def _about(said: Mapping[str, Any], detail: Mapping[str, Any], one: Mapping[str, Any]) -> About:
    address = text_of(one, "emailAddress")
    return _mail(said, f"{text_of(detail, 'feedbackId')}:{address}", address)


def _mail(said: Mapping[str, Any], key: str, address: str) -> About:
    mail = object_of(said.get("mail"))
    ids = [text_of(object_of(mail.get("commonHeaders")), "messageId"), *_header(mail, "message-id")]
    ids.append(text_of(mail, "messageId"))  # the name under which they took it
    return About(said, key, address, ids, text_of(mail, "source"))


def _subscription(said: Mapping[str, Any]) -> Event:
    """The provider asks whether it may post here. The address to say yes is shown to a person, who follows
    it: it is never fetched from here."""
    url = text_of(said, "SubscribeURL")
    topic = text_of(said, "TopicArn")
    words = _("Amazon SNS asks to confirm {topic}: {url}").format(topic=topic, url=url)
    report = Report(
        kind=SUBSCRIPTION if url else UNKNOWN, reason="sns", subject=topic[:300], text=words[:4_000]
    )
    return event_of(said, f"{text_of(said, 'Type')}:{text_of(said, 'MessageId')}", report)


def _header(mail: Mapping[str, Any], name: str) -> list[str]:
    headers = objects_of(mail.get("headers"))
    return [text_of(one, "value") for one in headers if text_of(one, "name").lower() == name]
