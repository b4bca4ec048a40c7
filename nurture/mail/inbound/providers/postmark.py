"""What is posted by Postmark."""

from collections.abc import Iterator, Mapping
from typing import Any

from nurture.mail.inbound.providers.events import (
    About,
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
    """A bounce, a complaint, or a change of who may be written to."""
    one = object_of(said)
    told, kind = text_of(one, "RecordType"), text_of(one, "Type")
    if told == "SubscriptionChange":
        if one.get("SuppressSending") is True and text_of(one, "SuppressionReason") == "ManualSuppression":
            name = f"{told}:{text_of(one, 'MessageID')}:{text_of(one, 'ChangedAt')}"
            yield left(_about(one, name, text_of(one, "Recipient")))
        return
    about = _about(one, f"{told}:{text_of(one, 'ID')}", text_of(one, "Email"))
    if "SpamComplaint" in (told, kind):
        yield complained(about)
    elif told == "Bounce" and kind == "Unsubscribe":
        yield left(about)
    elif told == "Bounce" and kind not in _NO_BOUNCES:
        yield _bounce(about, kind)


def _about(one: Mapping[str, Any], key: str, address: str) -> About:
    metadata = object_of(one.get("Metadata"))
    ids = [text_of(metadata, "message_id"), text_of(one, "MessageID")]
    return About(one, key, address, ids, text_of(metadata, "return_path"))


def _bounce(about: About, kind: str) -> Event:
    words = (text_of(about.said, "Details"), text_of(about.said, "Description"))
    refusal = Refusal("", "", [word for word in words if word])
    hard = kind in ("HardBounce", "BadEmailAddress") and not is_mild(refusal)
    return bounced(about, refusal, hard=hard, unclear=_MEANS.get(kind, ""))
