"""Handing mails to a server: what each kind of answer, and each kind of silence, means."""

import threading
from collections.abc import Iterator

import pytest

from nurture.errors import SettingsFault
from nurture.mail.envelopes import CalledOff
from nurture.mail.replies import Accepted, Lost, Outcome, Refused
from nurture.mail.smtp import Envelope, Mailer, Patience, TransportDown
from nurture.mail.smtp_url import parse_smtp_url
from tests.mail.scripted_smtp import Hang, ScriptedSmtp
from tests.sinks import SmtpSink

QUICK = Patience(connect=5, command=2, after_dot=1)


def mails(count: int, *, data: bytes = b"Subject: hello\r\n\r\nwords\r\n") -> list[Envelope]:
    return [Envelope(n, "news@anna.example", f"lead{n}@bert.example", data) for n in range(1, count + 1)]


def mailer(url: str, **options: int) -> Mailer:
    return Mailer(parse_smtp_url(url), patience=QUICK, **options)


def sent(post: Mailer, envelopes: list[Envelope]) -> dict[int, Outcome]:
    return {envelope.key: outcome for envelope, outcome in post.send(envelopes, lambda envelope: True)}


def test_mails_go_out_over_one_connection_kept_open() -> None:
    with ScriptedSmtp() as server:
        post = mailer(server.url)
        assert all(isinstance(outcome, Accepted) for outcome in sent(post, mails(5)).values())
        sent(post, mails(3))
        post.close()
        assert server.connections == 1
        assert len(server.log) == 8


def test_a_pipelining_server_is_asked_once_a_mail() -> None:
    with ScriptedSmtp() as server:
        post = mailer(server.url)
        sent(post, mails(2))
        before = server.reads
        sent(post, mails(100))
        # One write holds a body and the next envelope; a large loopback segment is one read.
        assert server.reads - before <= 110


def test_just_in_time_a_mail_is_asked_for_when_the_one_before_is_answered() -> None:
    with ScriptedSmtp() as server:
        answered: list[int] = []
        asked_after: list[int] = []

        def one_by_one() -> Iterator[Envelope]:
            for envelope in mails(5):
                asked_after.append(len(answered))
                yield envelope

        for envelope, _outcome in mailer(server.url).send(one_by_one(), lambda _one: True, just_in_time=True):
            answered.append(envelope.key)
        assert answered == [1, 2, 3, 4, 5]
        assert asked_after == [0, 1, 2, 3, 4]


def test_just_in_time_a_distant_server_still_gets_several_connections() -> None:
    rest = threading.Event()

    def distant(phase: str, argument: str) -> str | None:
        if phase == "dot":
            rest.wait(0.1)
        return None

    with ScriptedSmtp(distant) as server:
        post = mailer(server.url, connections=4)
        done = [one.key for one, _outcome in post.send(mails(40), lambda _one: True, just_in_time=True)]
        assert sorted(done) == list(range(1, 41))
        assert server.connections > 1


def test_a_server_without_pipelining_is_asked_step_by_step() -> None:
    with ScriptedSmtp(pipelining=False) as server:
        outcomes = sent(mailer(server.url), mails(3))
        assert [type(outcome) for outcome in outcomes.values()] == [Accepted] * 3
        assert server.recipients() == ["lead1@bert.example", "lead2@bert.example", "lead3@bert.example"]


def test_the_servers_own_name_of_a_mail_is_kept() -> None:
    with ScriptedSmtp() as server:
        assert sent(mailer(server.url), mails(1))[1] == Accepted("250 2.0.0 queued as Q1", "Q1")


@pytest.mark.parametrize("pipelining", [True, False])
@pytest.mark.parametrize("takes_data_anyway", [True, False])
def test_a_refused_recipient_disturbs_nobody_else(pipelining: bool, takes_data_anyway: bool) -> None:
    def refuse_the_second(phase: str, argument: str) -> str | None:
        return "550 5.1.1 no such user" if phase == "rcpt" and argument.startswith("lead2@") else None

    with ScriptedSmtp(refuse_the_second, pipelining, takes_data_anyway) as server:
        outcomes = sent(mailer(server.url), mails(4))
        assert outcomes[2] == Refused(550, "5.1.1", "no such user", True)
        assert server.recipients() == ["lead1@bert.example", "lead3@bert.example", "lead4@bert.example"]
        assert server.connections == 1


@pytest.mark.parametrize("pipelining", [True, False])
def test_the_first_the_last_and_every_recipient_may_be_refused(pipelining: bool) -> None:
    with ScriptedSmtp(lambda phase, _: "450 4.2.1 later" if phase == "rcpt" else None, pipelining) as server:
        outcomes = sent(mailer(server.url), mails(3))
        assert {(outcome.code, outcome.permanent) for outcome in outcomes.values()} == {(450, False)}
        assert server.log == []


def test_a_mail_refused_after_its_dot_is_refused_for_it_alone() -> None:
    def dislike_the_second(phase: str, argument: str) -> str | None:
        return "554 5.7.1 looks like spam" if phase == "before_accept" and "lead2" in argument else None

    with ScriptedSmtp(dislike_the_second) as server:
        outcomes = sent(mailer(server.url), mails(3))
        assert isinstance(outcomes[2], Refused)
        assert not outcomes[2].address_is_wrong
        assert len(server.log) == 2


def test_an_answer_lost_after_the_dot_leaves_that_mail_alone_in_doubt() -> None:
    def hang_after_the_second(phase: str, argument: str) -> str | None:
        if phase == "dot" and "lead2" in argument:
            raise Hang
        return None

    with ScriptedSmtp(hang_after_the_second) as server:
        outcomes = sent(mailer(server.url), mails(4))
        assert isinstance(outcomes[2], Lost)
        assert outcomes[2].phase == "after_dot"
        assert server.recipients() == [f"lead{n}@bert.example" for n in (1, 2, 3, 4)]


def test_a_silent_server_is_waited_for_and_then_the_mail_is_in_doubt() -> None:
    silence = threading.Event()

    def say_nothing(phase: str, argument: str) -> str | None:
        if phase == "dot":
            silence.wait(5)
        return None

    with ScriptedSmtp(say_nothing) as server:
        post = mailer(server.url)
        answers = post.send(mails(1), lambda envelope: True)
        assert next(answers)[1] == Lost("after_dot", "it did not answer in time")
        silence.set()


def test_a_server_that_dies_at_each_dot_is_not_fed_more_than_one_mail() -> None:
    def die(phase: str, argument: str) -> str | None:
        if phase == "dot":
            raise Hang
        return None

    outcomes: list[Outcome] = []
    with ScriptedSmtp(die) as server, pytest.raises(TransportDown, match="closed the connection"):
        for _envelope, outcome in mailer(server.url).send(mails(10), lambda envelope: True):
            outcomes.append(outcome)
    assert [outcome.phase for outcome in outcomes if isinstance(outcome, Lost)] == ["after_dot"]


def test_a_connection_that_was_closed_while_idle_is_opened_again_unnoticed() -> None:
    with ScriptedSmtp() as server:
        post = mailer(server.url)
        sent(post, mails(2))
        server.hang_up_on_all()
        assert all(isinstance(outcome, Accepted) for outcome in sent(post, mails(2)).values())
        assert server.connections == 2


def test_a_server_that_wants_a_new_connection_gets_one() -> None:
    with ScriptedSmtp() as server:
        sent(mailer(server.url, most_per_connection=2), mails(5))
        assert server.connections == 3
        assert len(server.log) == 5


def test_a_worn_connection_is_parted_with_as_soon_as_it_is_idle() -> None:
    """Nothing is left of it to be waited for at the end of a chunk."""
    with ScriptedSmtp() as server:
        post = mailer(server.url, most_per_connection=2)
        sent(post, mails(2))
        for _look in range(300):
            if server.commands[-1] == "QUIT":
                break
            threading.Event().wait(0.01)
        assert server.commands[-1] == "QUIT"
        post.close()


def test_a_server_that_says_it_closes_is_believed_and_left() -> None:
    with ScriptedSmtp(lambda phase, _: "421 4.3.2 closing" if phase == "mail" else None) as server:
        with pytest.raises(TransportDown, match="421"):
            sent(mailer(server.url), mails(3))
        assert server.log == []


def test_a_refused_sender_is_nobodys_bounce() -> None:
    def dislike_us(phase: str, argument: str) -> str | None:
        return "553 5.7.1 sender not yours" if phase == "mail" else None

    with ScriptedSmtp(dislike_us) as server, pytest.raises(TransportDown, match="sender not yours"):
        sent(mailer(server.url), mails(3))


def test_one_recipient_answered_with_goodbye_does_not_block_the_others() -> None:
    def goodbye(phase: str, argument: str) -> str | None:
        return "421 4.7.0 too many" if phase == "rcpt" and "lead1@" in argument else None

    with ScriptedSmtp(goodbye) as server:
        outcomes = sent(mailer(server.url), mails(3))
        assert outcomes[1] == Refused(421, "4.7.0", "too many", False)
        assert server.recipients() == ["lead2@bert.example", "lead3@bert.example"]


def test_a_halt_sends_nothing_more() -> None:
    with ScriptedSmtp() as server:
        answers = dict(mailer(server.url).send(mails(5), lambda envelope: envelope.key < 3))
        phases = [outcome.phase for outcome in answers.values() if isinstance(outcome, Lost)]
        assert phases == ["before_dot"] * 3
        assert len(server.log) == 2


@pytest.mark.parametrize("pipelining", [True, False])
def test_a_mail_called_off_at_the_last_moment_is_passed_over_and_the_others_go(pipelining: bool) -> None:
    def second_thoughts(envelope: Envelope) -> bool:
        if envelope.key in (1, 3):
            raise CalledOff("she left")
        return True

    with ScriptedSmtp(pipelining=pipelining) as server:
        answers = {one.key: outcome for one, outcome in mailer(server.url).send(mails(5), second_thoughts)}
        assert [key for key, outcome in answers.items() if outcome == Lost("before_dot", "she left")] == [
            1,
            3,
        ]
        assert server.recipients() == [f"lead{n}@bert.example" for n in (2, 4, 5)]


@pytest.mark.parametrize("at", ["first", "in the middle"])
def test_a_server_that_hangs_up_over_one_recipient_loses_nobody_else(at: str) -> None:
    bad = "lead1@" if at == "first" else "lead3@"

    def hang_up(phase: str, argument: str) -> str | None:
        if phase == "rcpt" and bad in argument:
            raise Hang
        return None

    with ScriptedSmtp(hang_up) as server:
        outcomes = sent(mailer(server.url), mails(5))
        put_off = outcomes.pop(int(bad[4]))
        assert isinstance(put_off, Refused)
        assert (put_off.code, put_off.permanent) == (451, False)
        assert all(isinstance(one, Accepted) for one in outcomes.values())
        assert len(server.log) == len(outcomes) == 4


def test_a_server_that_hangs_up_over_everybody_is_away() -> None:
    def hang_up(phase: str, argument: str) -> str | None:
        if phase == "rcpt":
            raise Hang
        return None

    with ScriptedSmtp(hang_up) as server:
        with pytest.raises(TransportDown, match="closed the connection"):
            sent(mailer(server.url), mails(50))
        assert server.connections <= 3


def test_the_name_that_a_mail_of_ses_travels_under_is_kept() -> None:
    name = "0102018f3a5b6c7d-0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9-000000"
    with ScriptedSmtp(lambda phase, who: f"250 Ok {name}" if phase == "dot" else None) as server:
        [outcome] = sent(mailer(server.url), mails(1)).values()
        assert isinstance(outcome, Accepted)
        assert (outcome.remote_id, outcome.travels) == (name, True)


def test_lines_that_begin_with_dots_arrive_as_they_were() -> None:
    body = b".first\r\n\r\n..two\r\n.\r\nend\r\n"
    with ScriptedSmtp() as server:
        sent(mailer(server.url), mails(2, data=body))
        assert [taken.data for taken in server.log] == [body, body]


def test_a_caller_who_stops_half_way_does_not_confuse_the_next() -> None:
    with ScriptedSmtp() as server:
        post = mailer(server.url)
        for _envelope, _outcome in post.send(mails(5), lambda envelope: True):
            break
        assert all(isinstance(outcome, Accepted) for outcome in sent(post, mails(3)).values())


def test_a_refused_login_is_one_clear_sentence_without_the_password() -> None:
    with SmtpSink(login=("anna", "right")) as sink:
        wrong = mailer(f"smtp://anna:very-wrong@127.0.0.1:{sink.port}")
        with pytest.raises(TransportDown, match="refuses the login") as refusal:
            wrong.check()
        assert "very-wrong" not in str(refusal.value)
        sent(mailer(sink.url), mails(1))
        assert len(sink.mails) == 1


def test_a_server_that_is_away_is_named() -> None:
    with ScriptedSmtp() as server:
        port = server.port
    with pytest.raises(TransportDown, match=rf"127\.0\.0\.1:{port} cannot be reached: Connection refused"):
        mailer(f"smtp://127.0.0.1:{port}").check()


def test_required_encryption_that_is_not_offered_stops_everything() -> None:
    with ScriptedSmtp() as server, pytest.raises(TransportDown, match="offers no STARTTLS"):
        mailer(server.url + "?starttls=required").check()


def test_a_password_does_not_travel_in_clear_unless_somebody_says_so() -> None:
    assert parse_smtp_url("smtp://a:b@mail.example").tls == "required"
    assert parse_smtp_url("smtp://a:b@mail.example?starttls=off").tls == "off"
    assert parse_smtp_url("smtp://a:b@127.0.0.1:25").tls == "when_offered"
    assert parse_smtp_url("smtp://mail.example").tls == "when_offered"
    assert parse_smtp_url("smtps://a%40x:p%2F@mail.example").port == 465
    assert parse_smtp_url("smtps://a%40x:p%2F@mail.example").password == "p/"


@pytest.mark.parametrize(
    "raw", ["http://x", "smtp://", "smtp://h?starttls=yes", "smtp://h?foo=1", "smtp://h:99999"]
)
def test_a_wrong_address_of_the_server_is_a_fault_of_the_settings(raw: str) -> None:
    with pytest.raises(SettingsFault, match="NURTURE_SMTP_URL"):
        parse_smtp_url(raw)


def test_a_distant_server_is_spoken_to_over_several_connections_and_each_mail_goes_once() -> None:
    def take_its_time(phase: str, argument: str) -> str | None:
        if phase == "dot":
            threading.Event().wait(0.02)
        return None

    with ScriptedSmtp(take_its_time) as server:
        outcomes = sent(mailer(server.url, connections=4), mails(60))
        assert len(outcomes) == 60
        assert all(isinstance(outcome, Accepted) for outcome in outcomes.values())
        assert sorted(server.recipients()) == sorted(f"lead{n}@bert.example" for n in range(1, 61))
        assert 1 < server.connections <= 4


def test_a_refused_recipient_on_one_of_several_connections_disturbs_nobody_else() -> None:
    def refuse_every_seventh(phase: str, argument: str) -> str | None:
        if phase == "dot":
            threading.Event().wait(0.01)
        number = int(argument.partition("@")[0].removeprefix("lead")) if phase == "rcpt" else 1
        return "550 5.1.1 no such user" if number % 7 == 0 else None

    with ScriptedSmtp(refuse_every_seventh) as server:
        outcomes = sent(mailer(server.url, connections=3), mails(50))
        refused = {key for key, outcome in outcomes.items() if isinstance(outcome, Refused)}
        assert refused == {7, 14, 21, 28, 35, 42, 49}
        assert len(server.log) == 43


def test_a_server_that_wants_no_more_connections_is_served_over_those_it_has() -> None:
    def one_at_a_time(phase: str, argument: str) -> str | None:
        if phase == "connect" and server.connections > 1:
            return "421 too many connections"
        if phase == "dot":
            threading.Event().wait(0.01)
        return None

    with ScriptedSmtp(one_at_a_time) as server:
        outcomes = sent(mailer(server.url, connections=4), mails(40))
        assert all(isinstance(outcome, Accepted) for outcome in outcomes.values())
