"""Merges: two leads that are one person, what was moved for it, and pairs that may be one."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None

_NAMES = (
    "lead_id, name, heat_log2, readiness, last_signal, temperature, stage, grade, source_id, owner_id, held,"
    " tags, search"
)
# As migration 0010 draws a line; a lead that comes back by an undone merge gets its own again.
_BACK = f"""
CREATE FUNCTION bring_lead_line_back() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO lead_line ({_NAMES})
    VALUES (NEW.id, left(NEW.search, 60), coalesce(NEW.heat_log2, '-infinity'), NEW.readiness,
            coalesce(extract(epoch FROM NEW.last_signal_at)::float8, '-infinity'), NEW.temperature, NEW.stage,
            coalesce(NEW.grade_override, NEW.grade), NEW.source_id, NEW.owner_id, NEW.held_at IS NOT NULL,
            NEW.tags, NEW.search)
    ON CONFLICT (lead_id) DO NOTHING;
    RETURN NULL;
END $$
"""


def upgrade() -> None:
    op.create_table(
        "lead_merge",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("lead_id", sa.BigInteger(), nullable=False),
        sa.Column("alias_id", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column(
            "kept",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
        ),
        sa.Column(
            "moved",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
        ),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["lead_id"], ["lead.id"], name=op.f("fk_lead_merge_lead_id")),
        sa.ForeignKeyConstraint(["alias_id"], ["lead.id"], name=op.f("fk_lead_merge_alias_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lead_merge")),
    )
    op.create_index("ix_lead_merge_lead_id", "lead_merge", ["lead_id"], unique=False)
    op.create_table(
        "lead_alias",
        sa.Column("alias_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("lead_id", sa.BigInteger(), nullable=False),
        sa.Column("merge_id", sa.BigInteger(), nullable=False),
        sa.Column("email_norm", sa.Text(), nullable=True),
        sa.Column("phone", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["alias_id"], ["lead.id"], name=op.f("fk_lead_alias_alias_id")),
        sa.ForeignKeyConstraint(["lead_id"], ["lead.id"], name=op.f("fk_lead_alias_lead_id")),
        sa.ForeignKeyConstraint(["merge_id"], ["lead_merge.id"], name=op.f("fk_lead_alias_merge_id")),
        sa.PrimaryKeyConstraint("alias_id", name=op.f("pk_lead_alias")),
    )
    op.create_index("ix_lead_alias_lead_id", "lead_alias", ["lead_id"], unique=False)
    for name in ("email_norm", "phone"):
        op.create_index(
            f"uq_lead_alias_{name}",
            "lead_alias",
            [name],
            unique=True,
            postgresql_where=sa.text(f"{name} IS NOT NULL"),
        )
    op.create_table(
        "lead_duplicate",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("lead_id", sa.BigInteger(), nullable=False),
        sa.Column("other_id", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("found_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("dismissed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("dismissed_by", sa.Text(), server_default="", nullable=False),
        sa.CheckConstraint("lead_id < other_id", name=op.f("ck_lead_duplicate_in_order")),
        sa.CheckConstraint(
            "reason IN ('phone', 'name_and_company', 'email')", name=op.f("ck_lead_duplicate_reason")
        ),
        sa.ForeignKeyConstraint(["lead_id"], ["lead.id"], name=op.f("fk_lead_duplicate_lead_id")),
        sa.ForeignKeyConstraint(["other_id"], ["lead.id"], name=op.f("fk_lead_duplicate_other_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lead_duplicate")),
        sa.UniqueConstraint("lead_id", "other_id", name=op.f("uq_lead_duplicate_lead_id_other_id")),
    )
    op.create_index("ix_lead_duplicate_other_id", "lead_duplicate", ["other_id"], unique=False)
    op.execute(_BACK)
    op.execute(
        "CREATE TRIGGER keep_line_of_returned AFTER UPDATE OF erased_at ON lead FOR EACH ROW"
        " WHEN (OLD.erased_at IS NOT NULL AND NEW.erased_at IS NULL) EXECUTE FUNCTION bring_lead_line_back()"
    )
