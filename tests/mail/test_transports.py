"""The interfaces of mail services: what goes over the wire, and what each of their answers means."""

import base64
import email
import email.policy
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

import pytest

from nurture.mail.envelopes import CalledOff, Envelope, TransportDown
from nurture.mail.replies import Accepted, Lost, Outcome, Refused
from nurture.mail.transports import Api, HttpTransport, Mailgun, Postmark, SendGrid, Ses
from nurture.mail.transports.sigv4 import Credentials, authorization
from nurture.net.calls import Caller
from nurture.net.outgoing import Way
from tests.mail.scripted_api import Answer, Call, ScriptedApi

NOON = datetime(2026, 3, 3, 12, tzinfo=UTC)
RAW = (
    b"From: =?utf-8?b?QW5uYSDDhHJtZWw=?= <anna@news.example>\r\nTo: Bert <bert@leads.example>\r\n"
    b"Reply-To: anna@desk.example\r\nSubject: A case for Bert\r\nMessage-ID: <1@news.example>\r\n"
    b"List-Unsubscribe: <https://nurture.example/u/abc>\r\n"
    b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\nMIME-Version: 1.0\r\n"
    b'Content-Type: multipart/alternative; boundary="b"\r\n\r\n--b\r\n'
    b"Content-Type: text/plain; charset=utf-8\r\n\r\nHello Bert\r\n--b\r\n"
    b"Content-Type: text/html; charset=utf-8\r\n\r\n<p>Hello Bert</p>\r\n--b--\r\n"
)


def mails(count: int) -> list[Envelope]:
    return [Envelope(n, f"b+{n}@bounce.example", f"lead{n}@leads.example", RAW) for n in range(1, count + 1)]


def ses(url: str) -> Api:
    host = url.partition("//")[2]
    return Ses(Credentials("AKIDEXAMPLE", "secret", "eu-west-1", "ses"), host, lambda: NOON, "nurture")


def mailgun(url: str) -> Api:
    return Mailgun("news.example", "key-1")


def postmark(url: str) -> Api:
    return Postmark("token-1", "broadcasts")


def sendgrid(url: str) -> Api:
    return SendGrid("SG.1")


def over(api: Api, url: str, *, connections: int = 3, seconds: float = 5.0) -> HttpTransport:
    way = Way(private=True, connect_seconds=seconds, total_seconds=seconds)
    return HttpTransport(api, Caller(way, url), connections=connections)


def sent(transport: HttpTransport, envelopes: Sequence[Envelope]) -> dict[int, Outcome]:
    found = {one.key: outcome for one, outcome in transport.send(envelopes, lambda envelope: True)}
    transport.close()
    return found


TAKEN = Answer(202, None, {"X-Message-Id": "m-1"})
SERVICES = [
    (ses, Answer(200, {"MessageId": "m-1"}), "m-1"),
    (mailgun, Answer(200, {"id": "<m-1@news.example>", "message": "Queued."}), "m-1@news.example"),
    (postmark, Answer(200, [{"ErrorCode": 0, "Message": "OK", "MessageID": "m-1"}]), "m-1"),
    (sendgrid, Answer(202, None, {"X-Message-Id": "m-1"}), "m-1"),
]


@pytest.mark.parametrize(("made", "answer", "name"), SERVICES)
def test_a_mail_that_a_service_takes_is_accepted_under_its_name(
    made: Callable[[str], Api], answer: Answer, name: str
) -> None:
    with ScriptedApi(lambda call, number: answer) as service:
        outcome = sent(over(made(service.url), service.url), mails(1))[1]
        assert isinstance(outcome, Accepted)
        assert outcome.remote_id == name
        assert outcome.travels


@pytest.mark.parametrize("made", [ses, mailgun])
def test_services_that_take_raw_mails_get_them_octet_for_octet(made: Callable[[str], Api]) -> None:
    with ScriptedApi(lambda call, number: Answer(200, {"MessageId": "1", "id": "1"})) as service:
        sent(over(made(service.url), service.url), mails(1))
        [call] = service.calls
    if made is ses:
        assert base64.b64decode(call.json["Content"]["Raw"]["Data"]) == RAW
        assert call.json["Destination"] == {"ToAddresses": ["lead1@leads.example"]}
        assert call.json["ConfigurationSetName"] == "nurture"
        assert call.headers["authorization"].startswith(
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260303/eu-west-1/ses/aws4_request, "
            "SignedHeaders=content-type;host;x-amz-date, Signature="
        )
    else:
        form = email.message_from_bytes(
            f"Content-Type: {call.headers['content-type']}\r\n\r\n".encode() + call.body,
            policy=email.policy.HTTP,
        )
        parts = {part.get_param("name", header="content-disposition"): part for part in form.iter_parts()}
        assert call.path == "/v3/news.example/messages.mime"
        assert str(parts["to"].get_payload()).strip() == "lead1@leads.example"
        assert RAW.strip() in call.body
        assert call.headers["authorization"] == "Basic " + base64.b64encode(b"api:key-1").decode()


@pytest.mark.parametrize("made", [postmark, sendgrid])
def test_services_that_take_parts_get_every_part_and_both_unsubscribe_fields(
    made: Callable[[str], Api],
) -> None:
    by_its_kind = Answer(200, [{"ErrorCode": 0, "MessageID": "1"}]) if made is postmark else TAKEN
    with ScriptedApi(lambda call, number: by_its_kind) as service:
        sent(over(made(service.url), service.url), mails(1))
        [call] = service.calls
    if made is postmark:
        [mail] = call.json
        headers = {one["Name"]: one["Value"] for one in mail["Headers"]}
        assert mail["Metadata"] == {"message_id": "1", "return_path": "b+1@bounce.example"}
        assert headers["X-PM-KeepID"] == "true"
        assert (mail["TextBody"].strip(), mail["HtmlBody"].strip()) == ("Hello Bert", "<p>Hello Bert</p>")
        assert mail["MessageStream"] == "broadcasts"
        assert mail["ReplyTo"] == "anna@desk.example"
        assert mail["To"] == "Bert <lead1@leads.example>"
        assert call.headers["x-postmark-server-token"] == "token-1"
    else:
        headers = call.json["headers"]
        assert [part["value"].strip() for part in call.json["content"]] == ["Hello Bert", "<p>Hello Bert</p>"]
        assert call.json["personalizations"][0]["custom_args"]["message_id"] == "1"
        assert call.json["from"] == {"email": "anna@news.example", "name": "Anna Ärmel"}
        assert call.json["personalizations"][0]["to"] == [{"email": "lead1@leads.example", "name": "Bert"}]
        assert call.headers["authorization"] == "Bearer SG.1"
    assert headers["List-Unsubscribe"] == "<https://nurture.example/u/abc>"
    assert headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert headers["Message-ID"] == "<1@news.example>"
    assert "Subject" not in headers


def test_a_batch_with_one_bad_recipient_is_told_apart() -> None:
    def answer(call: Call, number: int) -> Answer:
        return Answer(
            200,
            [
                {"ErrorCode": 406, "Message": "Inactive recipient"}
                if mail["To"].endswith("<lead2@leads.example>")
                else {"ErrorCode": 0, "MessageID": mail["To"]}
                for mail in call.json
            ],
        )

    with ScriptedApi(answer) as service:
        outcomes = sent(over(postmark(service.url), service.url), mails(4))
        assert len(service.calls) == 1
    assert [type(outcomes[n]) for n in (1, 2, 3, 4)] == [Accepted, Refused, Accepted, Accepted]
    refused = outcomes[2]
    assert isinstance(refused, Refused)
    assert refused.address_is_wrong


def test_a_batch_answered_short_leaves_the_rest_in_doubt() -> None:
    with ScriptedApi(lambda call, number: Answer(200, [{"ErrorCode": 0, "MessageID": "1"}])) as service:
        outcomes = sent(over(postmark(service.url), service.url), mails(2))
    second = outcomes[2]
    assert isinstance(second, Lost)
    assert second.phase == "after_dot"


def test_a_mail_that_a_service_refuses_is_refused_for_it_alone() -> None:
    def answer(call: Call, number: int) -> Answer:
        to = call.json["personalizations"][0]["to"][0]["email"]
        if to == "lead2@leads.example":
            return Answer(400, {"errors": [{"message": "Does not contain a valid address."}]})
        return TAKEN

    with ScriptedApi(answer) as service:
        outcomes = sent(over(sendgrid(service.url), service.url), mails(5))
    assert isinstance(outcomes[2], Refused)
    assert "valid address" in outcomes[2].text
    assert not outcomes[2].address_is_wrong
    assert sum(isinstance(one, Accepted) for one in outcomes.values()) == 4


@pytest.mark.parametrize("made", [ses, mailgun, postmark, sendgrid])
@pytest.mark.parametrize("status", [429, 503, 500, 401])
def test_a_service_that_is_busy_or_shut_gives_the_mails_back_and_is_left_alone(
    made: Callable[[str], Api], status: int
) -> None:
    busy = Answer(status, {"message": "not now"}, {"Retry-After": "17"})
    with ScriptedApi(lambda call, number: busy) as service:
        transport = over(made(service.url), service.url, connections=1)
        outcomes: dict[int, Outcome] = {}
        with pytest.raises(TransportDown, match="turns us away") as down:
            for one, outcome in transport.send(mails(300), lambda envelope: True):
                outcomes[one.key] = outcome
        assert down.value.rest == (None if status == 401 else 17.0)
        assert {outcome.phase for outcome in outcomes.values() if isinstance(outcome, Lost)} == {"before_dot"}
        assert len(service.calls) == 1


def test_a_service_that_takes_a_call_and_never_answers_leaves_its_mail_in_doubt() -> None:
    def answer(call: Call, number: int) -> Answer:
        return Answer(hang=True) if b"lead2@" in call.body else TAKEN

    with ScriptedApi(answer) as service:
        outcomes = sent(over(sendgrid(service.url), service.url, seconds=1.0), mails(3))
    second = outcomes[2]
    assert isinstance(second, Lost)
    assert second.phase == "after_dot"
    assert isinstance(outcomes[1], Accepted)
    assert isinstance(outcomes[3], Accepted)


def test_a_gateway_that_gave_up_leaves_the_mail_in_doubt() -> None:
    with ScriptedApi(lambda call, number: Answer(504, {"message": "timeout"})) as service:
        [outcome] = sent(over(ses(service.url), service.url), mails(1)).values()
    assert isinstance(outcome, Lost)
    assert outcome.phase == "after_dot"


def ses_says(kind: str, words: str, status: int = 400) -> Answer:
    return Answer(status, {"message": words}, {"x-amzn-ErrorType": f"{kind}:http://internal.amazon.com/"})


OURS_TO_MEND = [
    (ses, ses_says("ThrottlingException", "Rate exceeded")),
    (ses, ses_says("RequestExpired", "Signature expired")),
    (ses, ses_says("AccountSuspendedException", "Your account is suspended.")),
    (ses, ses_says("MessageRejected", "Email address is not verified. The following identities failed")),
    (ses, Answer(404, {"message": "no such path"})),
    (mailgun, Answer(400, {"message": "Domain news.example is not allowed to send: it is unverified"})),
    (mailgun, Answer(404, {"message": "Domain not found: news.example"})),
    (postmark, Answer(422, {"ErrorCode": 10, "Message": "Bad or missing Server API token."})),
    (postmark, Answer(200, [{"ErrorCode": 405, "Message": "You ran out of credits."}] * 100)),
    (postmark, Answer(200, [{"ErrorCode": 401, "Message": "Sender Signature not confirmed"}] * 100)),
    (postmark, Answer(200, [{"ErrorCode": 300, "Message": "Invalid 'From' address: anna@x.example"}] * 100)),
    (sendgrid, Answer(400, {"errors": [{"field": "from.email", "message": "not a verified identity"}]})),
    (sendgrid, Answer(301, None, {"Location": "https://elsewhere.example/"})),
]  # fmt: skip


@pytest.mark.parametrize(("made", "answer"), OURS_TO_MEND)
def test_what_a_service_says_about_the_account_costs_no_mail(
    made: Callable[[str], Api], answer: Answer
) -> None:
    with ScriptedApi(lambda call, number: answer) as service:
        outcomes: dict[int, Outcome] = {}
        with pytest.raises(TransportDown, match="turns us away"):
            transport = over(made(service.url), service.url, connections=1)
            for one, outcome in transport.send(mails(300), lambda envelope: True):
                outcomes[one.key] = outcome
    assert outcomes
    assert {isinstance(one, Lost) and one.phase for one in outcomes.values()} == {"before_dot"}


THEIRS = [
    (ses, ses_says("MessageRejected", "Email contains a virus."), "5.6.0"),
    (ses, ses_says("BadRequestException", "Illegal address"), "5.6.0"),
    (mailgun, Answer(400, {"message": "'to' parameter is not a valid address. please check"}), "5.6.0"),
    (mailgun, Answer(413, {"message": "too large"}), "5.3.4"),
    (postmark, Answer(200, [{"ErrorCode": 300, "Message": "Error parsing 'To': Illegal email"}]), "5.1.3"),
    (postmark, Answer(200, [{"ErrorCode": 411, "Message": "Forbidden attachment types"}]), "5.6.0"),
    (sendgrid, Answer(400, {"errors": [{"field": "personalizations.0.to", "message": "Invalid"}]}), "5.6.0"),
]  # fmt: skip


@pytest.mark.parametrize(("made", "answer", "status"), THEIRS)
def test_what_a_service_says_about_a_mail_ends_that_mail(
    made: Callable[[str], Api], answer: Answer, status: str
) -> None:
    with ScriptedApi(lambda call, number: answer) as service:
        outcome = sent(over(made(service.url), service.url), mails(1))[1]
    assert isinstance(outcome, Refused)
    assert (outcome.permanent, outcome.status) == (True, status)


@pytest.mark.parametrize("made", [mailgun, sendgrid])
def test_a_refusal_that_does_not_say_whose_fault_it_is_is_asked_again_later(
    made: Callable[[str], Api],
) -> None:
    with ScriptedApi(lambda call, number: Answer(400, {"message": "Something is odd."})) as service:
        outcome = sent(over(made(service.url), service.url), mails(1))[1]
    assert isinstance(outcome, Refused)
    assert not outcome.permanent


@pytest.mark.parametrize("made", [ses, mailgun, postmark, sendgrid])
def test_whatever_answers_yes_without_naming_a_mail_is_not_believed(made: Callable[[str], Api]) -> None:
    with ScriptedApi(lambda call, number: Answer(200, "<html>It works!</html>")) as service:
        outcomes: dict[int, Outcome] = {}
        with pytest.raises(TransportDown, match="names no mail"):
            transport = over(made(service.url), service.url, connections=1)
            for one, outcome in transport.send(mails(300), lambda envelope: True):
                outcomes[one.key] = outcome
    assert {isinstance(one, Lost) and one.phase for one in outcomes.values()} == {"after_dot"}
    assert len(outcomes) <= 100, "one call was enough to see it"


def test_a_mail_called_off_at_the_last_moment_is_passed_over_and_the_others_go() -> None:
    def second_thoughts(envelope: Envelope) -> bool:
        if envelope.key == 2:
            raise CalledOff("she left")
        return True

    with ScriptedApi(lambda call, number: TAKEN) as service:
        transport = over(sendgrid(service.url), service.url)
        found = {one.key: outcome for one, outcome in transport.send(mails(4), second_thoughts)}
        assert b"lead2@" not in b"".join(call.body for call in service.calls)
    assert found[2] == Lost("before_dot", "she left")
    assert all(isinstance(found[n], Accepted) for n in (1, 3, 4))


def test_nobody_there_is_told_before_any_mail_counts_as_begun() -> None:
    transport = over(sendgrid("http://127.0.0.1:1"), "http://127.0.0.1:1")
    with pytest.raises(TransportDown, match="SendGrid cannot be reached"):
        transport.check()


def test_connections_are_kept_open() -> None:
    with ScriptedApi(lambda call, number: TAKEN) as service:
        sent(over(sendgrid(service.url), service.url, connections=2), mails(30))
        assert len(service.calls) == 30
        assert service.connections <= 2


def test_signatures_are_those_of_the_published_test_suite() -> None:
    credentials = Credentials(
        "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "us-east-1", "service"
    )
    headers = {"host": "example.amazonaws.com", "x-amz-date": "20150830T123600Z"}
    moment = datetime(2015, 8, 30, 12, 36, tzinfo=UTC)
    for method, signature in (
        ("GET", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
        ("POST", "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"),
    ):
        signed = authorization(credentials, method, "/", headers, b"", moment)
        assert signed.endswith(f"Signature={signature}")
