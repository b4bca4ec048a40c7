"""More doors for signals: websites that report visits, events with their guests; companies that warm."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _websites()
    _events()
    _companies()
    _speed()


def _id() -> sa.Column[int]:
    return sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False)


def _at(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _json(name: str) -> sa.Column[object]:
    return sa.Column(
        name,
        postgresql.JSONB(astext_type=sa.Text()),
        server_default=sa.text("'{}'::jsonb"),
        nullable=False,
    )


def _websites() -> None:
    op.create_table(
        "site",
        _id(),
        sa.Column("host", sa.Text(), nullable=False),
        _at("created_at"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_site")),
        sa.UniqueConstraint("host", name=op.f("uq_site_host")),
    )
    op.create_table(
        "visit_rule",
        _id(),
        sa.Column("pattern", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        _at("created_at"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_visit_rule")),
        sa.UniqueConstraint("pattern", name=op.f("uq_visit_rule_pattern")),
    )
    op.create_table(
        "visitor",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("lead_id", sa.BigInteger(), nullable=True),
        _at("first_at"),
        _at("last_at"),
        _at("joined_at", nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_visitor")),
        sa.ForeignKeyConstraint(["lead_id"], ["lead.id"], name=op.f("fk_visitor_lead_id_lead")),
    )
    op.create_index("ix_visitor_lead_id", "visitor", ["lead_id"])
    op.create_table(
        "visit",
        sa.Column("view", sa.Uuid(), nullable=False),
        _at("at"),
        sa.Column("visitor_id", sa.Text(), nullable=True),
        sa.Column("lead_id", sa.BigInteger(), nullable=True),
        *(
            sa.Column(name, sa.Text(), nullable=False)
            for name in ("kind", "site", "url", "path", "title", "referrer")
        ),
        _json("data"),
        sa.Column("user_agent", sa.Text(), nullable=False),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("view", name=op.f("pk_visit")),
    )
    op.create_index("ix_visit_visitor_id_at", "visit", ["visitor_id", "at"])
    op.create_index("ix_visit_lead_id", "visit", ["lead_id"])
    op.create_index("ix_visit_at", "visit", ["at"])


def _events() -> None:
    op.create_table(
        "event",
        _id(),
        sa.Column("name", sa.Text(), nullable=False),
        _at("starts_at"),
        _at("ends_at"),
        sa.Column("timezone", sa.Text(), nullable=False),
        *(
            sa.Column(name, sa.Text(), server_default="", nullable=False)
            for name in ("place", "link", "description")
        ),
        sa.Column("capacity", sa.Integer(), nullable=True),
        sa.Column("created_by", sa.Text(), nullable=False),
        _at("created_at"),
        _at("updated_at"),
        _at("closed_at", nullable=True),
        _at("cancelled_at", nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_event")),
        sa.CheckConstraint("capacity > 0", name=op.f("ck_event_capacity")),
        sa.CheckConstraint("starts_at <= ends_at", name=op.f("ck_event_times")),
    )
    op.create_index("ix_event_starts_at_id", "event", ["starts_at", "id"])
    op.create_table(
        "event_guest",
        sa.Column("event_id", sa.BigInteger(), nullable=False),
        sa.Column("lead_id", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), server_default="registered", nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        _at("registered_at"),
        _at("came_at", nullable=True),
        _at("state_at"),
        sa.Column("round", sa.Integer(), server_default=sa.text("0"), nullable=False),
        _at("asked_at", nullable=True),
        sa.Column("rating", sa.Integer(), nullable=True),
        sa.Column("words", sa.Text(), server_default="", nullable=False),
        _at("rated_at", nullable=True),
        sa.PrimaryKeyConstraint("event_id", "lead_id", name=op.f("pk_event_guest")),
        sa.ForeignKeyConstraint(["event_id"], ["event.id"], name=op.f("fk_event_guest_event_id_event")),
        sa.ForeignKeyConstraint(["lead_id"], ["lead.id"], name=op.f("fk_event_guest_lead_id_lead")),
        sa.CheckConstraint(
            "state IN ('registered', 'attended', 'no_show', 'cancelled')", name=op.f("ck_event_guest_state")
        ),
        sa.CheckConstraint("rating BETWEEN 1 AND 5", name=op.f("ck_event_guest_rating")),
    )
    op.create_index("ix_event_guest_lead_id", "event_guest", ["lead_id"])


def _companies() -> None:
    op.add_column("company", sa.Column("heat_log2", sa.Float(), nullable=True))
    op.add_column("company", sa.Column("temperature", sa.Text(), server_default="cold", nullable=False))
    op.add_column("company", _at("temperature_since", nullable=True))
    op.add_column("company", _at("due_at", nullable=True))
    op.create_index(
        "ix_company_due_at", "company", ["due_at"], postgresql_where=sa.text("due_at IS NOT NULL")
    )
    op.create_index("ix_company_heat_log2_id", "company", ["heat_log2", "id"])
    op.create_table(
        "company_change",
        _id(),
        sa.Column("company_id", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_company_change")),
    )
    op.execute(
        "INSERT INTO company_change (company_id)"
        " SELECT DISTINCT company_id FROM lead WHERE company_id IS NOT NULL AND heat_log2 IS NOT NULL"
    )


def _speed() -> None:
    # No question is asked of it, and without it a signal that changes sums alone touches no index.
    op.drop_index("ix_lead_heat_model_id_net_log2", table_name="lead_heat")
    op.execute("ALTER TABLE lead_heat SET (fillfactor = 70)")
