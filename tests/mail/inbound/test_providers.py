"""Events of mail providers, in the shapes that they document; words and people are ours."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nurture.mail.inbound.providers import PROVIDERS, NotReadable, read_events

OURS = "0195d2a0-0000-4000-8000-000000000001@nurture.example"
ANN = "ann@garden.example"
VERP = "b+a3f1.2s.AbCdEfGhIjKlMnOpQrStUv@bounce.nurture.example"


def ses(told: dict[str, Any], *, wrapped: bool = True) -> Any:
    inner = {
        "mail": {
            "source": VERP,
            "messageId": "0100",
            "destination": [ANN],
            "commonHeaders": {"messageId": f"<{OURS}>"},
        },
        **told,
    }
    if not wrapped:
        return inner
    return {"Type": "Notification", "MessageId": "m1", "TopicArn": "arn:x", "Message": json.dumps(inner)}


def ses_bounce(kind: str, sub: str, status: str, words: str) -> dict[str, Any]:
    one = {"emailAddress": ANN, "action": "failed", "status": status, "diagnosticCode": words}
    detail = {"bounceType": kind, "bounceSubType": sub, "bouncedRecipients": [one], "feedbackId": "f1"}
    return {"notificationType": "Bounce", "bounce": detail}


def mailgun(event: str, severity: str = "", code: int = 0, words: str = "", *, reason: str = "") -> Any:
    status = {"code": code, "message": words, "description": ""}
    return {
        "signature": {"token": "t", "timestamp": "1", "signature": "s"},
        "event-data": {
            "event": event, "severity": severity, "id": "e1", "recipient": ANN, "reason": reason,
            "delivery-status": status, "message": {"headers": {"message-id": OURS}},
        },
    }  # fmt: skip


CASES: list[tuple[str, str, Any, str]] = [
    ("ses", "hard", ses(ses_bounce("Permanent", "General", "5.1.1", "smtp; 550 5.1.1 user unknown")), OURS),
    ("ses", "hard", ses(ses_bounce("Permanent", "NoEmail", "", ""), wrapped=False), OURS),
    ("ses", "soft", ses(ses_bounce("Transient", "MailboxFull", "5.2.2", "smtp; 552 mailbox full")), OURS),
    ("ses", "soft", ses(ses_bounce("Permanent", "General", "5.7.1", "smtp; 554 5.7.1 spam")), OURS),
    (
        "ses",
        "complaint",
        ses({
            "notificationType": "Complaint",
            "complaint": {"complainedRecipients": [{"emailAddress": ANN}], "feedbackId": "f2",
                          "complaintFeedbackType": "abuse"},
        }),
        OURS,
    ),
    ("mailgun", "hard", mailgun("failed", "permanent", 550, "5.1.1 no such user here"), OURS),
    ("mailgun", "soft", mailgun("failed", "temporary", 452, "4.2.2 over quota"), OURS),
    ("mailgun", "complaint", mailgun("complained"), OURS),
    ("postmark", "hard", {"RecordType": "Bounce", "Type": "HardBounce", "ID": 4, "Email": ANN,
                          "Description": "The server was unable to deliver.", "Details": "smtp;550 "
                              "5.1.1 unknown user",
                          "Metadata": {"message_id": OURS}}, OURS),
    ("postmark", "soft", {"RecordType": "Bounce", "Type": "SoftBounce", "ID": 5, "Email": ANN,
                          "Details": "smtp;552 5.2.2 over quota", "Metadata": {"message_id": OURS}}, OURS),
    ("postmark", "complaint", {"RecordType": "SpamComplaint", "Type": "SpamComplaint", "ID": 6, "Email": ANN,
                               "Metadata": {"message_id": OURS}}, OURS),
    ("sendgrid", "hard", [{"event": "bounce", "email": ANN, "sg_event_id": "a", "smtp-id": f"<{OURS}>",
                           "status": "5.1.1", "reason": "550 5.1.1 does not exist", "type": "bounce"}], OURS),
    ("sendgrid", "soft", [{"event": "bounce", "email": ANN, "sg_event_id": "b", "smtp-id": f"<{OURS}>",
                           "status": "5.7.1", "reason": "554 blocked using a list", "type": "blocked"}],
                               OURS),
    ("sendgrid", "complaint", [{"event": "spamreport", "email": ANN, "sg_event_id": "c",
                                "smtp-id": f"<{OURS}>"}], OURS),
    ("mailjet", "hard", [{"event": "bounce", "email": ANN, "time": 1, "MessageID": 9, "CustomID": OURS,
                          "hard_bounce": True, "blocked": True, "error": "user unknown", "comment": ""}],
                              OURS),
    ("mailjet", "soft", [{"event": "blocked", "email": ANN, "time": 2, "MessageID": 9, "CustomID": OURS,
                          "error": "spam content", "comment": ""}], OURS),
    ("mailjet", "complaint", {"event": "spam", "email": ANN, "time": 3, "MessageID": 9, "CustomID": OURS},
        OURS),
    # Lists of the provider's own, people who left there, and refusals that it explains itself.
    ("ses", "soft", ses(ses_bounce("Transient", "General", "", "")), OURS),
    ("ses", "hard", ses(ses_bounce("Permanent", "OnAccountSuppressionList", "5.1.1",
                                   "Amazon SES did not send the message to this address")), OURS),
    ("ses", "unsubscribed", ses({"eventType": "Subscription", "subscription": {
        "source": "UnsubscribeHeader", "newTopicPreferences": {"unsubscribeAll": True}}}), OURS),
    ("mailgun", "unsubscribed", mailgun("unsubscribed"), OURS),
    ("mailgun", "unsubscribed", mailgun("failed", "permanent", 605, reason="suppress-unsubscribe"), OURS),
    ("mailgun", "complaint", mailgun("failed", "permanent", 605, reason="suppress-complaint"), OURS),
    ("mailgun", "hard", mailgun("failed", "permanent", 605, "Not delivering to previously bounced address",
                                reason="suppress-bounce"), OURS),
    ("postmark", "unsubscribed", {"RecordType": "SubscriptionChange", "Recipient": ANN, "MessageID": "x",
                                  "SuppressSending": True, "SuppressionReason": "ManualSuppression",
                                  "Metadata": {"message_id": OURS}}, OURS),
    ("postmark", "unsubscribed", {"RecordType": "Bounce", "Type": "Unsubscribe", "ID": 7, "Email": ANN,
                                  "Metadata": {"message_id": OURS}}, OURS),
    ("postmark", "soft", {"RecordType": "Bounce", "Type": "Blocked", "ID": 8, "Email": ANN,
                          "Details": "not today", "Metadata": {"message_id": OURS}}, OURS),
    ("sendgrid", "unsubscribed", [{"event": "group_unsubscribe", "email": ANN, "sg_event_id": "d",
                                   "smtp-id": OURS}], OURS),
    ("sendgrid", "unsubscribed", [{"event": "dropped", "email": ANN, "sg_event_id": "e", "smtp-id": OURS,
                                   "reason": "Unsubscribed Address"}], OURS),
    ("sendgrid", "complaint", [{"event": "dropped", "email": ANN, "sg_event_id": "f", "smtp-id": OURS,
                                "reason": "Spam Reporting Address"}], OURS),
    ("sendgrid", "hard", [{"event": "dropped", "email": ANN, "sg_event_id": "g", "smtp-id": OURS,
                           "reason": "Bounced Address"}], OURS),
    ("sendgrid", "soft", [{"event": "dropped", "email": ANN, "sg_event_id": "h", "smtp-id": OURS,
                           "reason": "Recipient List over Package Quota"}], OURS),
    ("mailjet", "unsubscribed", {"event": "unsub", "email": ANN, "time": 4, "MessageID": 9,
                                 "CustomID": OURS}, OURS),
    ("generic", "hard", {"type": "bounce", "kind": "hard", "recipient": ANN, "message_id": OURS}, OURS),
    ("generic", "soft", {"type": "bounce", "reply": "450 greylisted", "recipient": ANN,
        "message_id": OURS}, OURS),
    ("generic", "complaint", {"type": "complaint", "recipient": ANN, "message_id": OURS}, OURS),
]  # fmt: skip


@pytest.mark.parametrize(("provider", "kind", "said", "message_id"), CASES)
def test_an_event_is_read_for_what_it_is(provider: str, kind: str, said: Any, message_id: str) -> None:
    (event,) = read_events(provider, json.dumps(said).encode())
    assert event.report.kind == kind
    assert event.report.recipients[0].address == ANN
    assert message_id in event.report.message_ids
    assert event.key
    if provider == "ses":
        assert event.report.tokens


@pytest.mark.parametrize(
    ("provider", "said"),
    [
        ("ses", ses(ses_bounce("Transient", "General", "", ""))),
        ("ses", ses(ses_bounce("Transient", "ContentRejected", "", ""))),
        ("postmark", {"RecordType": "Bounce", "Type": "Transient", "ID": 1, "Email": ANN, "Details": "wait"}),
        ("postmark", {"RecordType": "Bounce", "Type": "DMARCPolicy", "ID": 1, "Email": ANN}),
        ("sendgrid", [{"event": "bounce", "email": ANN, "type": "blocked", "reason": "no"}]),
        ("sendgrid", [{"event": "dropped", "email": ANN, "reason": "Recipient List over Package Quota"}]),
    ],
)
def test_what_is_not_the_readers_fault_never_counts_against_the_address(provider: str, said: Any) -> None:
    (event,) = read_events(provider, json.dumps(said).encode())
    assert (event.report.kind, event.report.counts) == ("soft", False)


@pytest.mark.parametrize(
    ("provider", "said"),
    [
        ("sendgrid", [{"event": "bounce", "email": ANN, "reason": "550 no such user", "return_path": VERP}]),
        ("postmark", {"RecordType": "Bounce", "Type": "HardBounce", "ID": 1, "Email": ANN,
                      "Metadata": {"return_path": VERP}}),
    ],
)  # fmt: skip
def test_the_return_path_that_we_sent_along_names_the_delivery(provider: str, said: Any) -> None:
    (event,) = read_events(provider, json.dumps(said).encode())
    assert event.report.tokens == (VERP.partition("@")[0].removeprefix("b+"),)


def test_a_long_notification_of_sns_is_read_whole() -> None:
    said = ses_bounce("Permanent", "General", "5.1.1", "smtp; 550 5.1.1 user unknown")
    (event,) = read_events("ses", json.dumps(ses(said | {"padding": "x" * 60_000})).encode())
    assert event.report.kind == "hard"


def test_under_a_known_token_of_mailgun_nothing_else_is_heard() -> None:
    first, other = mailgun("complained"), mailgun("failed", "permanent", 550, "5.1.1 no such user")
    other["event-data"]["id"] = "e2"
    keys = {read_events("mailgun", json.dumps(one).encode())[0].key for one in (first, other)}
    assert keys == {"t"}


def test_what_is_neither_bounce_nor_complaint_is_left_out() -> None:
    assert read_events("sendgrid", b'[{"event": "open", "email": "ann@garden.example"}]') == []
    assert read_events("ses", json.dumps(ses({"notificationType": "Delivery"})).encode()) == []
    assert read_events("mailgun", json.dumps(mailgun("opened")).encode()) == []


def test_a_subscription_is_shown_and_never_followed() -> None:
    said = {"Type": "SubscriptionConfirmation", "MessageId": "m", "TopicArn": "arn:aws:sns:eu:1:t",
            "SubscribeURL": "https://sns.eu.amazonaws.com/?Action=ConfirmSubscription"}  # fmt: skip
    (event,) = read_events("ses", json.dumps(said).encode())
    assert event.report.kind == "subscription"
    assert said["SubscribeURL"] in event.report.text


@pytest.mark.parametrize("provider", sorted(PROVIDERS))
@settings(max_examples=60, deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=8),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(
                    [
                        "Type",
                        "Message",
                        "event",
                        "event-data",
                        "bounce",
                        "mail",
                        "notificationType",
                        "bouncedRecipients",
                        "email",
                        "recipient",
                        "id",
                        "type",
                        "headers",
                        "RecordType",
                        "Metadata",
                        "delivery-status",
                        "complaint",
                        "commonHeaders",
                    ]
                ),
                inner
                | st.sampled_from(
                    ["Notification", "bounce", "Bounce", "failed", "complaint", "{}", "\ud800"]
                ),
                max_size=4,
            )
        ),
        max_leaves=12,
    )
)
def test_no_shape_makes_reading_fail(provider: str, said: Any) -> None:
    try:
        events = read_events(provider, json.dumps(said).encode())
    except NotReadable:
        return
    for event in events:
        event.key.encode()


def test_a_body_without_json_is_refused_by_name() -> None:
    for body in (b"", b"<xml/>", b"[" * 100_000):
        with pytest.raises(NotReadable):
            read_events("ses", body)
