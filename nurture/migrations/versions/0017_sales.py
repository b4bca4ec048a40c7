"""Teams of sales with hours and room, rules of routing, and the clock of each hand-off."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0017"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "sales_team",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("is_default", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("within_min", sa.Integer(), server_default=sa.text("10"), nullable=False),
        sa.Column("warn_min", sa.Integer(), server_default=sa.text("3"), nullable=False),
        sa.Column("reroute_min", sa.Integer(), nullable=True),
        sa.Column("ask_days", sa.Integer(), server_default=sa.text("3"), nullable=True),
        sa.Column("return_days", sa.Integer(), server_default=sa.text("14"), nullable=True),
        sa.Column(
            "days",
            postgresql.ARRAY(sa.Integer()),
            server_default=sa.text("'{0,1,2,3,4}'::integer[]"),
            nullable=False,
        ),
        sa.Column("opens", sa.Integer(), server_default=sa.text("540"), nullable=False),
        sa.Column("closes", sa.Integer(), server_default=sa.text("1080"), nullable=False),
        sa.Column("timezone", sa.Text(), nullable=True),
        sa.Column(
            "holidays", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'::text[]"), nullable=False
        ),
        sa.Column("escalate_to", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sales_team")),
        sa.ForeignKeyConstraint(
            ["escalate_to"], ["user_account.id"], name=op.f("fk_sales_team_escalate_to_user_account")
        ),
        sa.UniqueConstraint("name", name=op.f("uq_sales_team_name")),
        sa.CheckConstraint("within_min > 0 AND warn_min >= 0", name=op.f("ck_sales_team_minutes")),
        sa.CheckConstraint(
            "0 <= opens AND opens < closes AND closes <= 1440", name=op.f("ck_sales_team_hours")
        ),
    )
    op.create_index(
        "uq_sales_team_default",
        "sales_team",
        ["is_default"],
        unique=True,
        postgresql_where=sa.text("is_default"),
    )
    op.execute("INSERT INTO sales_team (name, is_default) VALUES ('Sales', true)")
    op.create_table(
        "sales_member",
        sa.Column("user_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("team_id", sa.BigInteger(), nullable=False),
        sa.Column("per_day", sa.Integer(), nullable=True),
        sa.Column("open_most", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_sales_member")),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_sales_member_user_id_user_account")
        ),
        sa.ForeignKeyConstraint(
            ["team_id"], ["sales_team.id"], name=op.f("fk_sales_member_team_id_sales_team")
        ),
    )
    op.create_table(
        "sales_absence",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("from_day", sa.Date(), nullable=False),
        sa.Column("until_day", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sales_absence")),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_sales_absence_user_id_user_account")
        ),
        sa.CheckConstraint("from_day <= until_day", name=op.f("ck_sales_absence_days")),
    )
    op.create_index("ix_sales_absence_user_id", "sales_absence", ["user_id", "until_day"])
    op.create_table(
        "routing_rule",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column(
            "condition",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
        ),
        sa.Column("team_id", sa.BigInteger(), nullable=True),
        sa.Column("user_id", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_routing_rule")),
        sa.ForeignKeyConstraint(
            ["team_id"], ["sales_team.id"], name=op.f("fk_routing_rule_team_id_sales_team")
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_routing_rule_user_id_user_account")
        ),
        sa.CheckConstraint("(team_id IS NULL) <> (user_id IS NULL)", name=op.f("ck_routing_rule_one_goal")),
    )
    op.create_index("ix_routing_rule_position", "routing_rule", ["position", "id"])
    _clock()
    _record()
    op.add_column(
        "installation",
        sa.Column("owner_first", sa.Boolean(), server_default=sa.text("true"), nullable=False),
    )
    op.add_column("installation", sa.Column("recycle_lost_days", sa.Integer(), nullable=True))


def _clock() -> None:
    for name in ("clock_from", "due_at", "warned_at", "overdue_at", "asked_at", "watch_at"):
        op.add_column("handoff", sa.Column(name, sa.DateTime(timezone=True), nullable=True))
    op.add_column("handoff", sa.Column("silent_since", sa.DateTime(timezone=True), nullable=True))
    op.add_column("handoff", sa.Column("team_id", sa.BigInteger(), nullable=True))
    op.add_column("handoff", sa.Column("rerouted", sa.Integer(), server_default=sa.text("0"), nullable=False))
    op.add_column("handoff", sa.Column("response_s", sa.Integer(), nullable=True))
    op.add_column("handoff", sa.Column("heat_before", sa.Float(), nullable=True))
    op.create_foreign_key(op.f("fk_handoff_team_id_sales_team"), "handoff", "sales_team", ["team_id"], ["id"])
    op.create_index(
        "ix_handoff_watch_at", "handoff", ["watch_at"], postgresql_where=sa.text("watch_at IS NOT NULL")
    )
    op.create_index(
        "ix_handoff_released_at",
        "handoff",
        ["released_at"],
        postgresql_where=sa.text("released_at IS NOT NULL"),
    )
    op.create_index("ix_handoff_ready_at", "handoff", ["ready_at"])
    op.create_index(
        "ix_handoff_closed_at", "handoff", ["closed_at"], postgresql_where=sa.text("closed_at IS NOT NULL")
    )
    # What sales holds already is watched from now on: nobody is called late, or loses a lead, for the past.
    op.execute("""
        UPDATE handoff SET team_id = (SELECT id FROM sales_team WHERE is_default),
            clock_from = released_at, due_at = released_at, warned_at = released_at,
            overdue_at = released_at, silent_since = now(), watch_at = now()
        WHERE state IN ('released', 'accepted', 'contacted', 'meeting')
    """)


def _record() -> None:
    op.create_table(
        "handoff_event",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("handoff_id", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column(
            "detail",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_handoff_event")),
        sa.ForeignKeyConstraint(
            ["handoff_id"], ["handoff.id"], name=op.f("fk_handoff_event_handoff_id_handoff")
        ),
    )
    op.create_index("ix_handoff_event_handoff_id", "handoff_event", ["handoff_id"])
    # An erasure finds the mails in which colleagues were told of the person.
    op.create_index(
        "ix_delivery_notice_lead",
        "delivery",
        [sa.text("(CAST(params ->> 'lead_id' AS bigint))")],
        postgresql_where=sa.text("purpose = 'notice'"),
    )
