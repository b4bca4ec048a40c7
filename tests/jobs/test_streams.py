"""The streams over a whole installation: what goes out before anybody has filled in anything."""

from dataclasses import replace

from sqlalchemy import text
from sqlalchemy.orm import Session

from nurture.jobs.streams import streams
from nurture.runtime import Runtime
from tests.sinks import SmtpSink


def let_a_mail_be_due(session: Session) -> None:
    session.execute(
        text(
            "WITH m AS (INSERT INTO mail (key, name, created_at)"
            " VALUES ('hello', 'Hello', now()) RETURNING id),"
            " v AS (INSERT INTO mail_version"
            " (mail_id, no, source, source_hash, subject, compiled, created_at)"
            " SELECT id, 1, '{}', '', 'Hello', '{}', now() FROM m RETURNING id),"
            " l AS (INSERT INTO lead"
            " (email, email_norm, stage_since, temperature_since, created_at, updated_at)"
            " VALUES ('jo@example.com', 'jo@example.com', now(), now(), now(), now()) RETURNING id)"
            " INSERT INTO delivery (dedup_key, purpose, lead_id, mail_version_id, due_at, created_at)"
            " SELECT 'one', 'chain', l.id, v.id, '2026-01-01T00:00Z', now() FROM l, v"
        )
    )


def state_after_a_turn(runtime: Runtime) -> str:
    with streams(runtime) as work:
        for stream in work:
            stream.serve(runtime.now())
    with runtime.sessions() as session:
        return str(session.scalar(text("SELECT state FROM delivery")))


def test_a_new_installation_with_a_real_mail_server_waits_for_go_live(
    runtime: Runtime, smtp_sink: SmtpSink
) -> None:
    with runtime.sessions.begin() as session:
        let_a_mail_be_due(session)
    not_live = replace(runtime, settings=replace(runtime.settings, live=False))
    assert state_after_a_turn(not_live) == "ready"
    assert smtp_sink.mails == []


def test_what_a_scripted_installation_sends_does_not_wait_for_a_form(runtime: Runtime) -> None:
    with runtime.sessions.begin() as session:
        let_a_mail_be_due(session)
    assert state_after_a_turn(runtime) != "ready"
