"""A base of leads as a company has it after years, made inside the database.

Few are hot, many silent; tags, sources and owners are as uneven as life; each lead has signals, some have
mails, hits and hand-offs.
"""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from nurture.files.yaml_lines import Faults
from nurture.flows.models import load_model, read_models
from nurture.flows.programs import load_folder
from nurture.flows.published import published
from nurture.store import partitions

CAMPAIGNS = Path(__file__).parents[1] / "campaigns"

NOW = datetime(2026, 3, 3, 10, 0, tzinfo=UTC)
_FIRST = "ARRAY['Jürgen','Anna','Tomasz','Ingrid','Paolo','Katrin','Olena','Sven','Marie','Luc','Rosa']"
_LAST = "ARRAY['Größe','Weber','Wieczorek','Solheim','Ferrante','Vogel','Koval','Dahl','Perrin','Hofer']"
_FIRM = "ARRAY['Pumpen','Antriebstechnik','Logistik','Medizintechnik','Marine','Holz','Guss','Optik']"
_HOUSE = (
    """
    INSERT INTO source (name, kind, created_at)
    SELECT 'Source ' || n, 'import', :now FROM generate_series(1, 40) n
    """,
    """
    INSERT INTO user_account (email, name, role, password_hash, created_at)
    SELECT 'seller' || n || '@kessler-ohm.example', 'Seller ' || n, 'sales', 'x', :now
    FROM generate_series(1, 12) n
    """,
    f"""
    INSERT INTO company (name, folded, size, folded_fields, created_at, updated_at)
    SELECT ({_FIRM})[1 + n % 8] || ' ' || n || ' GmbH', lower(({_FIRM})[1 + n % 8]) || ' ' || n || ' gmbh',
        n % 900, jsonb_build_object('name', 'firm ' || n, 'size', (n % 900)::text), :now, :now
    FROM generate_series(1, :leads / 8 + 1) n
    """,
)
# Squares and cubes of a random number give the long tails: most leads cold and silent, few sources large.
_LEADS = f"""
    INSERT INTO lead (email, email_norm, first_name, last_name, phone, role, country, city, timezone,
        timezone_source, company_id, stage, stage_since, temperature, temperature_since, heat_log2, grade,
        grade_points, readiness, need_points, activity_points, data_points, source_id,
        last_source_id, owner_id, tags, fields,
        folded_fields, folded_tags, search, touches_in, last_signal_at, held_at, created_at, updated_at)
    SELECT mail, mail, first, last, phone, 'Head of operations', 'DE', 'Hamburg', 'Europe/Berlin', 'phone',
        c.id, CASE WHEN r2 < .08 THEN 'inquiry' WHEN r2 < .9 THEN 'lead' WHEN r2 < .93 THEN 'sales_ready'
            WHEN r2 < .95 THEN 'opportunity' WHEN r2 < .98 THEN 'customer' ELSE 'lost' END, at,
        CASE WHEN r3 < .82 THEN 'cold' WHEN r3 < .985 THEN 'warm' ELSE 'hot' END, at,
        CASE WHEN r3 < .3 THEN NULL ELSE 974.6 + 8 * r3 END,
        CASE WHEN r4 < .15 THEN 'A' WHEN r4 < .5 THEN 'B' ELSE 'C' END, 90 * (1 - r4),
        round((100 * r3 * r3 * (1 - r4 / 2))::numeric, 2)::float8, 10, 12.25, 13,
        1 + floor(40 * power(r1, 3))::int, 1 + floor(40 * power(r1, 3))::int,
        CASE WHEN r2 > .85 THEN 1 + floor(12 * r1)::int END,
        (CASE WHEN r5 < .3 THEN '{{machinery}}'::text[] ELSE '{{}}' END)
        || (CASE WHEN r1 > .97 THEN '{{fair}}'::text[] ELSE '{{}}' END)
        || (CASE WHEN n % 5000 = 0 THEN '{{board}}'::text[] ELSE '{{}}' END),
        jsonb_build_object('interest', interest, 'score', n % 100),
        jsonb_build_object('email', mail, 'first_name', lower(first), 'last_name', lower(last),
            'role', 'head of operations', 'country', 'de', 'created_at', '2026-03-03t10:00:00+00:00',
            '@created_at', 1772532000000000, 'fields.interest', lower(interest),
            'fields.score', (n % 100)::text, '#fields.score', n % 100),
        CASE WHEN r5 < .3 THEN '{{machinery}}'::text[] ELSE '{{}}' END,
        lower(first || ' ' || last) || ' ' || mail || ' ' || lower(c.name) || ' ' || phone,
        floor(20 * power(r3, 4))::int,
        CASE WHEN r3 > .3 THEN CAST(:now AS timestamptz) - r5 * r5 * interval '700 d' END,
        CASE WHEN n % 97 = 0 THEN at END, at, at
    FROM (
        SELECT n, ({_FIRST})[1 + n % 11] AS first, ({_LAST})[1 + n / 11 % 10] || n % 4999 AS last,
            'person' || n || '@firm' || n % (:leads / 8 + 1) || '.example' AS mail,
            '+4930' || 1000000 + n AS phone,
            (ARRAY['Pricing', 'Training', 'Support'])[1 + n / 7 % 3] AS interest,
            CAST(:now AS timestamptz) - (:leads - n) * interval '4 minutes' AS at,
            random() AS r1, random() AS r2, random() AS r3, random() AS r4, random() AS r5
        FROM generate_series(1, :leads) n
    ) made JOIN company c ON c.id = 1 + n % (:leads / 8 + 1) ORDER BY n
"""
_SIGNALS = """
    INSERT INTO signal (id, received_at, lead_id, kind, occurred_at, source)
    SELECT gen_random_uuid(), at, id,
        (ARRAY['opened', 'opened', 'opened', 'clicked', 'visited', 'downloaded'])[1 + (id + n) % 6],
        at, 'bench'
    FROM (
        SELECT l.id, n, CAST(:now AS timestamptz) - make_interval(mins => (l.id * (n + 7) % 86400)::int) AS at
        FROM lead l, generate_series(1, :signals / :leads) n
    ) made
"""
_CONSENTS = (
    "INSERT INTO consent (lead_id, purpose, state, at, channel)"
    " SELECT id, 'marketing', 'granted', created_at, 'import' FROM lead",
    "INSERT INTO lead_consent (lead_id, purpose, granted, consent_id, at)"
    " SELECT lead_id, purpose, lead_id % 10 <> 0, id, at FROM consent",
)
_SEGMENTS = (
    """
    INSERT INTO segment (key, name, condition, refreshed_at, created_at, updated_at)
    SELECT 'segment-' || n, 'Segment ' || n, '{"temperature": "warm"}', :now, :now, :now
    FROM generate_series(1, 10) n
    """,
    """
    INSERT INTO segment_member (segment_id, lead_id, since)
    SELECT s.id, l.id, :now FROM segment s JOIN lead l ON (l.id * 7919) % 100 < s.id * s.id
    """,
)
_MAILS = (
    "INSERT INTO mail (key, name, created_at) VALUES ('welcome', 'Welcome', :now)",
    """
    INSERT INTO mail_version (mail_id, no, source_hash, subject, created_at)
    SELECT id, 1, 'x', 'What nine months of stock cost', :now FROM mail
    """,
    """
    INSERT INTO delivery (dedup_key, purpose, lead_id, mail_version_id, state, due_at, created_at,
        sent_at, settled_at)
    SELECT 'bench:' || l.id || ':' || n, 'chain', l.id, v.id,
        CASE WHEN (l.id + n) % 9973 = 0 THEN 'uncertain' WHEN (l.id + n) % 9967 = 0 THEN 'deferred'
            WHEN (l.id + n) % 50 = 0 THEN 'failed' WHEN (l.id + n) % 31 = 0 THEN 'skipped' ELSE 'sent' END,
        at, at, at, at
    FROM lead l, mail_version v, generate_series(1, 2) n,
        LATERAL (SELECT l.created_at + n * interval '3 days' AS at) t
    """,
    """
    INSERT INTO handoff (lead_id, ripening_no, model_id, state, cause, score, rise, temperature, heat, grade,
        ready_at, released_at)
    SELECT l.id, 1, m.id, (ARRAY['released', 'accepted', 'won', 'lost', 'rejected'])[1 + l.id % 5],
        'threshold', 70, 60, l.temperature, 55, l.grade, l.created_at, l.created_at
    FROM lead l, heat_model m
    WHERE m.key = 'default' AND l.stage IN ('sales_ready', 'opportunity', 'customer')
    """,
)


# Everybody who is not done stands in the cold chain, somewhere in the next two weeks, as after a month.
_RUNS = """
    INSERT INTO enrollment (program_id, chain_id, version_id, lead_id, state, step_key, step_since, due_at,
        due_reason, data, entered_at)
    SELECT p.id, c.id, p.live_version_id, l.id, 'active', s.steps[1 + l.id % cardinality(s.steps)], :now,
        CAST(:now AS timestamptz) + (l.id * 7919 % 20160) * interval '1 minute', 'wait',
        jsonb_build_object('sent', jsonb_build_object('welcome', l.created_at)), :now
    FROM lead l, program p JOIN chain c ON c.program_id = p.id AND c.temperature = 'cold',
        LATERAL (SELECT CAST(:steps AS text[]) AS steps) s
"""


def make(engine: Engine, *, leads: int, signals: int) -> list[str]:
    """Fill an empty migrated database; the steps of the cold chain, in which all of them stand."""
    given: dict[str, Any] = {"now": NOW, "leads": leads, "signals": signals}
    with Session(engine) as session, session.begin():
        partitions.ensure(session, now=NOW)
        for file in read_models(CAMPAIGNS, Faults("campaigns")).values():
            load_model(session, file, now=NOW)
        session.execute(text("SELECT setseed(0.7)"))
        for statement in (*_HOUSE, _LEADS, _SIGNALS, *_CONSENTS, *_SEGMENTS, *_MAILS):
            session.execute(text(statement), given)
        load_folder(session, CAMPAIGNS / "consulting", publish=True, now=NOW, by="bench")
        steps = [step.key for step in next(iter(published(session).values())).program.chains["cold"].steps]
        session.execute(text(_RUNS), given | {"steps": steps})
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE"))
    return steps
