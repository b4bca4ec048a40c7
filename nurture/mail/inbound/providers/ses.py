"""What is posted by Amazon SES through SNS, wrapped or raw."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from nurture.mail.inbound.providers.events import (
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
# What it calls a refusal: the reason where the words give none.
_MEANS = {
    "mailboxfull": means.MAILBOX_FULL,
    "messagetoolarge": means.TOO_LARGE,
    "contentrejected": means.CONTENT,
    "attachmentrejected": means.CONTENT,
    "general": means.SYSTEM,
}


def read_ses(said: Any) -> Iterator[Event | None]:
    """A notification of SNS around one of SES, or that one alone (raw delivery)."""
    outer = object_of(said)
    kind = text_of(outer, "Type")
    if kind in ("SubscriptionConfirmation", "UnsubscribeConfirmation"):
        yield _subscription(outer)
        return
    inner = outer
    if kind == "Notification":
        try:
            inner = object_of(json.loads(outer.get("Message") or "{}"))
        except (ValueError, TypeError, RecursionError) as fault:
            raise NotReadable(str(fault)) from fault
    told = (text_of(inner, "notificationType") or text_of(inner, "eventType")).lower()
    mail = object_of(inner.get("mail"))
    ids = [text_of(object_of(mail.get("commonHeaders")), "messageId"), *_header(mail, "message-id")]
    ids.append(text_of(mail, "messageId"))  # the name under which they took it
    source = text_of(mail, "source")
    if told == "bounce":
        detail = object_of(inner.get("bounce"))
        permanent = text_of(detail, "bounceType").lower() == "permanent"
        sub = text_of(detail, "bounceSubType").lower()
        for one in objects_of(detail.get("bouncedRecipients")):
            refusal = Refusal(
                text_of(one, "status"), text_of(one, "action").lower(), [text_of(one, "diagnosticCode")]
            )
            yield bounced(
                inner,
                f"{text_of(detail, 'feedbackId')}:{text_of(one, 'emailAddress')}",
                refusal,
                text_of(one, "emailAddress"),
                ids,
                source,
                # Their own list of addresses that bounced before says so of the address as well.
                hard=permanent
                and sub in ("noemail", "suppressed", "onaccountsuppressionlist", "general")
                and not is_mild(refusal),
                # An automatic answer is a transient bounce of theirs, too.
                soft=not permanent,
                unclear=means.SYSTEM if not permanent and sub == "" else _MEANS.get(sub, ""),
            )
    elif told == "complaint":
        detail = object_of(inner.get("complaint"))
        for one in objects_of(detail.get("complainedRecipients")):
            key = f"{text_of(detail, 'feedbackId')}:{text_of(one, 'emailAddress')}"
            yield complained(
                inner,
                key,
                text_of(one, "emailAddress"),
                ids,
                source,
                text_of(detail, "complaintFeedbackType"),
            )
    elif told == "subscription":
        detail = object_of(inner.get("subscription"))
        topics = object_of(detail.get("newTopicPreferences"))
        for address in mail.get("destination", [])[:1] if isinstance(mail.get("destination"), list) else []:
            if topics.get("unsubscribeAll") is True and isinstance(address, str):
                yield left(inner, f"{text_of(mail, 'messageId')}:left", address, ids, source)


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
