"""Statistics of chains by day, the arms of comparisons, and openings by machines; filled from history."""

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

_DAY = "CAST({} AT TIME ZONE 'UTC' AS date)"
_N = sa.Column("n", sa.BigInteger(), server_default=sa.text("0"), nullable=False)

# What left how is known from the history of runs; who came to a step when is not, so the rest of the counters
# goes to a day before all days.
_STEPS = f"""
    WITH left_how AS (
        SELECT e.chain_id, {_DAY.format("v.at")} AS day, e.version_id, v.step_key,
               CASE WHEN v.what = 'branched' THEN 'left:way:' || v.reason
                    WHEN v.reason = 'goal' THEN 'left:goal'
                    WHEN v.what = 'moved' THEN 'left:edited'
                    WHEN v.what = 'resting' THEN 'left:rest:' || v.reason
                    ELSE 'left:left:' || v.reason END AS what,
               count(*) AS n
        FROM chain_event v JOIN enrollment e ON e.id = v.enrollment_id
        WHERE v.step_key IS NOT NULL
          AND (v.what IN ('branched', 'left', 'moved')
               OR (v.what = 'resting' AND v.reason IN ('holdout', 'circle')))
        GROUP BY 1, 2, 3, 4, 5
    ), mails AS (
        SELECT d.chain_id, {_DAY.format("coalesce(d.sent_at, d.settled_at, d.due_at)")} AS day, d.version_id,
               d.step_key, w.what, count(*) AS n
        FROM delivery d
        CROSS JOIN LATERAL (
            SELECT 'sent' AS what WHERE d.state IN ('sent', 'uncertain')
            UNION ALL SELECT d.state WHERE d.state IN ('failed', 'skipped')
            UNION ALL SELECT d.state || ':' || split_part(d.reason, ':', 1)
                WHERE d.state IN ('failed', 'skipped') AND d.reason <> ''
            UNION ALL SELECT 'opened' WHERE d.opened_at IS NOT NULL
            UNION ALL SELECT 'clicked' WHERE d.clicked_at IS NOT NULL
            UNION ALL SELECT 'bounced' WHERE d.bounced_at IS NOT NULL
            UNION ALL SELECT 'complained' WHERE d.complained_at IS NOT NULL
        ) w
        WHERE d.chain_id IS NOT NULL AND d.version_id IS NOT NULL AND d.step_key IS NOT NULL
        GROUP BY 1, 2, 3, 4, 5
    ), runs AS (
        SELECT e.chain_id, {_DAY.format("e.entered_at")} AS day, e.version_id, '' AS step_key,
               CASE WHEN v.reason = 'holdout' THEN 'held_out'
                    ELSE 'entered:' || coalesce(nullif(v.came_from, ''), 'outside') END AS what,
               count(*) AS n
        FROM enrollment e
        LEFT JOIN LATERAL (
            SELECT detail ->> 'from' AS came_from,
                   CASE WHEN e.step_key IS NULL THEN e.resting_reason END AS reason
            FROM chain_event WHERE enrollment_id = e.id AND what = 'entered' ORDER BY id LIMIT 1
        ) v ON true
        WHERE v.reason IS NULL OR v.reason = 'holdout'
        GROUP BY 1, 2, 3, 4, 5
        UNION ALL
        SELECT e.chain_id, {_DAY.format("coalesce(e.ended_at, e.step_since, e.entered_at)")}, e.version_id,
               '',
               CASE WHEN e.exit_reason = 'goal' THEN 'left:goal'
                    WHEN e.state = 'ended' THEN 'left:left:' || coalesce(e.exit_reason, '')
                    WHEN e.resting_reason IN ('newsletter_only', 'repeat') THEN 'left:done'
                    ELSE 'left:rest:' || coalesce(e.resting_reason, '') END,
               count(*)
        FROM enrollment e
        WHERE e.state = 'ended'
           OR (e.state = 'resting' AND NOT (e.resting_reason = 'holdout' AND e.step_key IS NULL))
        GROUP BY 1, 2, 3, 4, 5
        UNION ALL
        SELECT chain_id, {_DAY.format("at")}, version_id, '',
               CASE WHEN held_out THEN 'goal_held_out' ELSE 'goal' END, count(*)
        FROM goal_met GROUP BY 1, 2, 3, 4, 5
    ), before_days AS (
        SELECT c.chain_id, DATE '1970-01-01' AS day, c.version_id, c.step_key,
               CASE c.what WHEN 'entered' THEN 'entered' ELSE 'left:next' END AS what,
               c.n - CASE c.what WHEN 'left' THEN coalesce(l.n, 0) ELSE 0 END AS n
        FROM step_count c
        LEFT JOIN (
            SELECT chain_id, version_id, step_key, sum(n) AS n FROM left_how GROUP BY 1, 2, 3
        ) l ON l.chain_id = c.chain_id AND l.version_id = c.version_id AND l.step_key = c.step_key
        WHERE c.what IN ('entered', 'left')
    )
    INSERT INTO step_day (chain_id, day, version_id, step_key, what, n)
    SELECT chain_id, day, version_id, step_key, what, sum(n) FROM (
        SELECT * FROM left_how UNION ALL SELECT * FROM mails UNION ALL SELECT * FROM runs
        UNION ALL SELECT * FROM before_days
    ) found
    GROUP BY 1, 2, 3, 4, 5 HAVING sum(n) <> 0
"""
_WORTH = f"""
    INSERT INTO step_day (chain_id, day, version_id, step_key, what, n, total)
    SELECT chain_id, {_DAY.format("at")}, version_id, '',
           CASE WHEN held_out THEN 'worth_held_out:' ELSE 'worth:' END || coalesce(currency, ''),
           count(*), sum(value)
    FROM goal_met WHERE value IS NOT NULL GROUP BY 1, 2, 3, 5
"""
# The first time of each lead; only first entries from outside are split by chance.
_ARMS = """
    WITH came AS (
        SELECT e.lead_id, e.program_id, e.chain_id, e.version_id, e.entered_at AS at, e.id,
               coalesce(v.came_from, '') AS came_from,
               (e.step_key IS NULL AND e.resting_reason = 'holdout') OR coalesce(g.held_out, false) AS held,
               coalesce(v.came_from, '') = '' AND row_number() OVER (
                   PARTITION BY e.lead_id, e.program_id ORDER BY e.entered_at, e.id) = 1 AS first,
               g.at AS met_at
        FROM enrollment e
        LEFT JOIN goal_met g ON g.enrollment_id = e.id
        LEFT JOIN LATERAL (
            SELECT detail ->> 'from' AS came_from FROM chain_event
            WHERE enrollment_id = e.id AND what = 'entered' ORDER BY id LIMIT 1
        ) v ON true
    ), goals AS (
        SELECT lead_id, program_id, min(at) AS at FROM goal_met GROUP BY lead_id, program_id
    ), joined AS (
        SELECT lead_id, program_id, 0 AS chain_id, '' AS step_key,
               CASE WHEN held THEN 'held_out' ELSE 'treated' END AS way, version_id, at, id
        FROM came WHERE first
        UNION ALL
        SELECT lead_id, program_id, chain_id, '',
               CASE WHEN held THEN 'held_out' WHEN first THEN 'in' WHEN came_from <> '' THEN 'over'
                    ELSE 'again' END, version_id, at, id
        FROM came WHERE first OR NOT held
        UNION ALL
        SELECT e.lead_id, e.program_id, e.chain_id, v.step_key, v.reason, e.version_id, v.at, v.id
        FROM chain_event v JOIN enrollment e ON e.id = v.enrollment_id
        WHERE v.what = 'branched' AND v.step_key IS NOT NULL
    )
    INSERT INTO arm_lead (lead_id, program_id, chain_id, step_key, way, version_id, at, until, met_at)
    SELECT DISTINCT ON (j.lead_id, j.program_id, j.chain_id, j.step_key)
           j.lead_id, j.program_id, j.chain_id, j.step_key, j.way, j.version_id, j.at,
           j.at + interval '90 days',
           CASE WHEN g.at BETWEEN j.at AND j.at + interval '90 days' THEN g.at END
    FROM joined j LEFT JOIN goals g ON g.lead_id = j.lead_id AND g.program_id = j.program_id
    ORDER BY j.lead_id, j.program_id, j.chain_id, j.step_key, j.at, j.id
"""
_ARM_DAYS = f"""
    INSERT INTO arm_day (program_id, chain_id, day, version_id, step_key, way, leads, met)
    SELECT program_id, chain_id, {_DAY.format("at")}, version_id, step_key, way, count(*), count(met_at)
    FROM arm_lead GROUP BY 1, 2, 3, 4, 5, 6
"""
FILL = (_STEPS, _WORTH, _ARMS, _ARM_DAYS)


def upgrade() -> None:
    op.add_column("delivery", sa.Column("machine_opened_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("delivery", sa.Column("machine_clicked_at", sa.DateTime(timezone=True), nullable=True))
    op.create_table(
        "step_day",
        sa.Column("chain_id", sa.BigInteger(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("version_id", sa.BigInteger(), nullable=False),
        sa.Column("step_key", sa.Text(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        _N,
        sa.Column("total", sa.Numeric(), server_default=sa.text("0"), nullable=False),
        sa.ForeignKeyConstraint(["chain_id"], ["chain.id"], name="fk_step_day_chain_id"),
        sa.ForeignKeyConstraint(["version_id"], ["program_version.id"], name="fk_step_day_version_id"),
        sa.PrimaryKeyConstraint("chain_id", "day", "version_id", "step_key", "what", name="pk_step_day"),
    )
    op.create_table(
        "arm_lead",
        sa.Column("lead_id", sa.BigInteger(), nullable=False),
        sa.Column("program_id", sa.BigInteger(), nullable=False),
        sa.Column("chain_id", sa.BigInteger(), nullable=False),
        sa.Column("step_key", sa.Text(), nullable=False),
        sa.Column("way", sa.Text(), nullable=False),
        sa.Column("version_id", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("met_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["lead_id"], ["lead.id"], name="fk_arm_lead_lead_id"),
        sa.ForeignKeyConstraint(["program_id"], ["program.id"], name="fk_arm_lead_program_id"),
        sa.PrimaryKeyConstraint("lead_id", "program_id", "chain_id", "step_key", name="pk_arm_lead"),
    )
    op.create_table(
        "arm_day",
        sa.Column("program_id", sa.BigInteger(), nullable=False),
        sa.Column("chain_id", sa.BigInteger(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("version_id", sa.BigInteger(), nullable=False),
        sa.Column("step_key", sa.Text(), nullable=False),
        sa.Column("way", sa.Text(), nullable=False),
        sa.Column("leads", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("met", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.ForeignKeyConstraint(["program_id"], ["program.id"], name="fk_arm_day_program_id"),
        sa.PrimaryKeyConstraint(
            "program_id", "chain_id", "day", "version_id", "step_key", "way", name="pk_arm_day"
        ),
    )
    for statement in FILL:
        op.execute(statement)
