"""What stands beside the leads after years: forms and what came by them, events and their guests, pairs that
may be one person, statistics by the day, messages to receivers, visits, the audit log."""

import json
from typing import Any

from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from bench._base import NOW
from nurture.rules.forms.values import FormField, FormSpec

_SHARE = 10  # of the leads, one in so many

_FORMS = (
    """
    INSERT INTO form (key, name, version_no, sent, confirmed, created_by, created_at, updated_at, last_at)
    SELECT 'form-' || n, 'Form ' || n, 1, :leads / 200, :leads / 300, 'user:1', :now, :now, :now
    FROM generate_series(1, 20) n
    """,
    """
    INSERT INTO form_version (form_id, no, spec, created_by, created_at)
    SELECT id, 1, CAST(:form AS jsonb), 'user:1', :now FROM form
    """,
    """
    INSERT INTO form_submission (form_id, version_no, lead_id, at, answers, asked, came_by, confirmed_at)
    SELECT f.id, 1, l.id, l.created_at, '{"first_name": "Anna", "message": "By May"}', '[]', '{}',
        l.created_at
    FROM lead l JOIN form f ON f.id = 1 + l.id % 20 WHERE l.id % :share = 0
    """,
)
_EVENTS = (
    """
    INSERT INTO event (name, starts_at, ends_at, timezone, created_by, created_at, updated_at)
    SELECT 'Breakfast ' || n, t.at, t.at + interval '3 hours', 'Europe/Berlin', 'user:1', t.at, t.at
    FROM generate_series(1, 200) n,
        LATERAL (SELECT CAST(:now AS timestamptz) + interval '30 days' - n * interval '1 week' AS at) t
    """,
    """
    INSERT INTO event_guest (event_id, lead_id, state, source, registered_at, state_at, came_at, rating)
    SELECT 1 + l.id / :share % 200, l.id, (ARRAY['registered', 'attended', 'no_show'])[1 + l.id % 3],
        'page', l.created_at, l.created_at, CASE WHEN l.id % 3 = 1 THEN l.created_at END,
        CASE WHEN l.id % 3 = 1 THEN 1 + l.id % 5 END
    FROM lead l WHERE l.id % :share = 0
    """,
)
_PAIRS = """
    INSERT INTO lead_duplicate (lead_id, other_id, reason, found_at)
    SELECT id, id + 1, (ARRAY['phone', 'name_and_company', 'email'])[1 + id % 3], :now
    FROM lead WHERE id % :share = 0 AND id < :leads
"""
# A quarter of steps and days: what counters of two million mails come to.
_DAYS = (
    """
    INSERT INTO step_day (chain_id, day, version_id, step_key, what, n, total)
    SELECT c.id, (CAST(:now AS timestamptz))::date - d, p.live_version_id, s.key, w.what, 40 + d % 9, 40000
    FROM program p JOIN chain c ON c.program_id = p.id,
        unnest(CAST(:steps AS text[])) AS s(key), generate_series(0, 364) d,
        unnest(ARRAY['entered', 'left:next', 'sent', 'opened', 'clicked', 'machine_opened', 'failed',
            'failed:bounced', 'stayed:20']) AS w(what)
    """,
    """
    INSERT INTO arm_day (program_id, chain_id, day, version_id, step_key, way, leads, met)
    SELECT p.id, c.id, (CAST(:now AS timestamptz))::date - d, p.live_version_id, '', w.way, 50, 4
    FROM program p CROSS JOIN (SELECT id FROM chain UNION ALL SELECT 0) c, generate_series(0, 364) d,
        unnest(ARRAY['in', 'again', 'over', 'treated', 'held_out']) AS w(way)
    """,
)
_MESSAGES = (
    """
    INSERT INTO webhook_endpoint (url, types, secrets, created_at)
    SELECT 'https://crm' || n || '.example/hook', '{}', '{}', :now FROM generate_series(1, 5) n
    """,
    """
    INSERT INTO webhook_message (id, type, dedup_key, body, created_at)
    SELECT 'msg_bench' || id, 'lead.hot', 'bench:' || id, '{"type": "lead.hot"}', created_at
    FROM lead WHERE id % :share = 0
    """,
    """
    INSERT INTO webhook_post (message_id, endpoint_id, due_at, state)
    SELECT m.id, e.id, m.created_at, CASE WHEN random() < .01 THEN 'failed' ELSE 'delivered' END
    FROM webhook_message m, webhook_endpoint e
    """,
)
_LOG = """
    INSERT INTO audit_entry (at, actor, action, subject, detail)
    SELECT created_at, 'user:1', 'lead.changed', 'lead:' || id, '{"fields": ["role"]}' FROM lead
"""
_WARMTH = "UPDATE company SET heat_log2 = 970 + id % 20, temperature = 'warm' WHERE id % 3 = 0"
_FORM = FormSpec("What does your stock cost?", (FormField("email", "E-mail address", required=True),))


def furnish(engine: Engine, *, leads: int, steps: list[str]) -> None:
    """Fill the rooms of a base that has been made; `steps` are those of the cold chain."""
    given: dict[str, Any] = {
        "now": NOW,
        "leads": leads,
        "share": _SHARE,
        "form": json.dumps(_FORM.as_json()),
        "steps": ["", *steps],
    }
    with Session(engine) as session, session.begin():
        for statement in (*_FORMS, *_EVENTS, _PAIRS, *_DAYS, *_MESSAGES, _LOG, _WARMTH):
            session.execute(text(statement), given)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE"))
