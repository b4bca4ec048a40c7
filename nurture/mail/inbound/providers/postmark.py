"""What is posted by Postmark."""

from collections.abc import Iterator
from typing import Any

from nurture.mail.inbound.providers.events import (
    Event,
    bounced,
    complained,
    is_mild,
    left,
    object_of,
    text_of,
)
from nurture.rules import bounces_meanings as means
from nurture.rules.bounces import Refusal

# What it calls a refusal: the reason where the words give none.
_MEANS = {
    "Transient": means.SYSTEM,
    "DnsError": means.DNS,
    "SpamNotification": means.SPAM,
    "VirusNotification": means.SPAM,
    "Blocked": means.SPAM,
    "DMARCPolicy": means.SPAM,
    "ManuallyDeactivated": means.POLICY,
    "Unconfirmed": means.POLICY,
    "SMTPApiError": means.SYSTEM,
    "InboundError": means.SYSTEM,
    "TemplateRenderingFailed": means.CONTENT,
}

# What Postmark files under bounces without anything having bounced.
_NO_BOUNCES = frozenset(("AutoResponder", "Subscribe", "OpenRelayTest", "ChallengeVerification"))


def read_postmark(said: Any) -> Iterator[Event | None]:
    one = object_of(said)
    told, kind = text_of(one, "RecordType"), text_of(one, "Type")
    address, key = text_of(one, "Email"), f"{told}:{text_of(one, 'ID')}"
    metadata = object_of(one.get("Metadata"))
    ids = [text_of(metadata, "message_id"), text_of(one, "MessageID")]
    sender = text_of(metadata, "return_path")
    if told == "SubscriptionChange":
        if one.get("SuppressSending") is True and text_of(one, "SuppressionReason") == "ManualSuppression":
            key = f"{told}:{text_of(one, 'MessageID')}:{text_of(one, 'ChangedAt')}"
            yield left(one, key, text_of(one, "Recipient"), ids, sender)
    elif told == "SpamComplaint" or kind == "SpamComplaint":
        yield complained(one, key, address, ids, sender, "abuse")
    elif told == "Bounce" and kind == "Unsubscribe":
        yield left(one, key, address, ids, sender)
    elif told == "Bounce" and kind not in _NO_BOUNCES:
        refusal = Refusal(
            "", "", [text for text in (text_of(one, "Details"), text_of(one, "Description")) if text]
        )
        yield bounced(
            one,
            key,
            refusal,
            address,
            ids,
            sender,
            hard=kind in ("HardBounce", "BadEmailAddress") and not is_mild(refusal),
            unclear=_MEANS.get(kind, ""),
        )
