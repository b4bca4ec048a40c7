"""What lists of leads are sorted and filtered by, saved views, custom fields, what people changed."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

# The columns of a line, from a row of `lead` called l. Python's side of it: store/lead_list/table.py.
_LINE = """
    l.id, left(l.search, 60), coalesce(l.heat_log2, '-infinity'), l.readiness,
    coalesce(extract(epoch FROM l.last_signal_at)::float8, '-infinity'), l.temperature, l.stage,
    coalesce(l.grade_override, l.grade), l.source_id, l.owner_id, l.held_at IS NOT NULL, l.tags,
    l.search
"""
_NAMES = (
    "lead_id, name, heat_log2, readiness, last_signal, temperature, stage, grade, source_id, owner_id, held,"
    " tags, search"
)
# Statement by statement, so that a batch costs one more statement and not one per row. The plan is kept for
# a session: with these settings it looks rows up by their key, whatever the sizes were when it was made.
_KEEP = f"""
CREATE FUNCTION keep_lead_lines() RETURNS trigger LANGUAGE plpgsql
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO lead_line ({_NAMES}) SELECT {_LINE} FROM fresh l WHERE l.erased_at IS NULL;
    ELSIF TG_OP = 'DELETE' THEN
        DELETE FROM lead_line t USING gone l WHERE t.lead_id = l.id;
    ELSE
        UPDATE lead_line t SET ({_NAMES}) = ROW(g.*)
        FROM (SELECT {_LINE} FROM fresh l WHERE l.erased_at IS NULL) AS g ({_NAMES})
        WHERE t.lead_id = g.lead_id AND t IS DISTINCT FROM ROW(g.*)::lead_line;
        IF EXISTS (SELECT FROM fresh WHERE erased_at IS NOT NULL) THEN
            DELETE FROM lead_line t USING fresh l WHERE t.lead_id = l.id AND l.erased_at IS NOT NULL;
        END IF;
    END IF;
    RETURN NULL;
END $$
"""


def upgrade() -> None:
    # The box looks into the narrow lines now: reading all of them costs less than a wide index does on every
    # change of a lead.
    op.drop_index("ix_lead_search", table_name="lead")
    _lines()
    _views()
    _custom_fields()
    op.create_table(
        "lead_edit",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("lead_id", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column(
            "changes",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(["lead_id"], ["lead.id"], name=op.f("fk_lead_edit_lead_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lead_edit")),
    )
    op.create_index("ix_lead_edit_lead_id_id", "lead_edit", ["lead_id", "id"], unique=False)
    op.create_table(
        "lead_figure",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column(
            "figures",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
        ),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("kind", "key", name=op.f("pk_lead_figure")),
    )


def _lines() -> None:
    op.create_table(
        "lead_line",
        sa.Column("lead_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("heat_log2", sa.Float(), nullable=False),
        sa.Column("readiness", sa.Float(), nullable=False),
        sa.Column("last_signal", sa.Float(), nullable=False),
        sa.Column("temperature", sa.Text(), nullable=False),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("grade", sa.Text(), nullable=True),
        sa.Column("source_id", sa.BigInteger(), nullable=True),
        sa.Column("owner_id", sa.BigInteger(), nullable=True),
        sa.Column("held", sa.Boolean(), nullable=False),
        sa.Column("tags", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("search", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("lead_id", name=op.f("pk_lead_line")),
        postgresql_with={"fillfactor": 80},
    )
    op.execute(f"INSERT INTO lead_line ({_NAMES}) SELECT {_LINE} FROM lead l WHERE l.erased_at IS NULL")
    for key in ("name", "heat_log2", "readiness", "last_signal"):
        op.create_index(f"ix_lead_line_{key}_lead_id", "lead_line", [key, "lead_id"], unique=False)
    op.execute(_KEEP)
    op.execute(
        "CREATE TRIGGER keep_lines_of_new AFTER INSERT ON lead"
        " REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION keep_lead_lines()"
    )
    op.execute(
        "CREATE TRIGGER keep_lines_of_gone AFTER DELETE ON lead"
        " REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION keep_lead_lines()"
    )
    op.execute(
        "CREATE TRIGGER keep_lines_of_changed AFTER UPDATE ON lead"
        " REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION keep_lead_lines()"
    )


def _views() -> None:
    op.create_table(
        "lead_view",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("owner_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("query", sa.Text(), nullable=False),
        sa.Column("shared", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["owner_id"], ["user_account.id"], name=op.f("fk_lead_view_owner_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lead_view")),
        sa.UniqueConstraint("owner_id", "name", name=op.f("uq_lead_view_owner_id_name")),
    )


def _custom_fields() -> None:
    op.create_table(
        "custom_field",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), server_default="text", nullable=False),
        sa.Column("choices", sa.ARRAY(sa.Text()), server_default=sa.text("'{}'::text[]"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "kind IN ('text', 'number', 'yes_no', 'day', 'choice')", name=op.f("ck_custom_field_kind")
        ),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_custom_field")),
    )
    op.execute(
        "INSERT INTO custom_field (key, label, created_at)"
        " SELECT k, replace(k, '_', ' '), min(l.created_at) FROM lead l, jsonb_object_keys(l.fields) k"
        " GROUP BY k"
    )
