"""Drafts of models, the work they make (previews, switches, trainings), approvals, and target scores."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

_INSTANT = sa.DateTime(timezone=True)
_EMPTY = sa.text("''")
_JSON = sa.text("'{}'::jsonb")


def upgrade() -> None:
    op.add_column("heat_model", sa.Column("switching_after", sa.BigInteger(), nullable=True))
    op.create_table(
        "heat_model_draft",
        sa.Column("model_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("spec", postgresql.JSONB(), server_default=_JSON, nullable=False),
        sa.Column("revision", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("based_on", sa.Integer(), nullable=True),
        sa.Column("updated_at", _INSTANT, nullable=False),
        sa.Column("updated_by", sa.Text(), server_default=_EMPTY, nullable=False),
        sa.PrimaryKeyConstraint("model_id", name=op.f("pk_heat_model_draft")),
        sa.ForeignKeyConstraint(
            ["model_id"], ["heat_model.id"], name=op.f("fk_heat_model_draft_model_id_heat_model")
        ),
    )
    op.create_table(
        "model_work",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("model_id", sa.BigInteger(), nullable=True),
        sa.Column("version_id", sa.BigInteger(), nullable=True),
        sa.Column("spec", postgresql.JSONB(), server_default=_JSON, nullable=False),
        sa.Column("state", sa.Text(), server_default=sa.text("'wanted'"), nullable=False),
        sa.Column("done", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("total", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("result", postgresql.JSONB(), server_default=_JSON, nullable=False),
        sa.Column("sentence", sa.Text(), server_default=_EMPTY, nullable=False),
        sa.Column("asked_at", _INSTANT, nullable=False),
        sa.Column("asked_by", sa.Text(), server_default=_EMPTY, nullable=False),
        sa.Column("ended_at", _INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_model_work")),
        sa.ForeignKeyConstraint(
            ["model_id"], ["heat_model.id"], name=op.f("fk_model_work_model_id_heat_model")
        ),
        sa.CheckConstraint("kind IN ('preview', 'switch', 'training')", name=op.f("ck_model_work_kind")),
        sa.CheckConstraint(
            "state IN ('wanted', 'working', 'done', 'failed', 'dropped')", name=op.f("ck_model_work_state")
        ),
    )
    op.create_index(
        "ix_model_work_open",
        "model_work",
        ["id"],
        postgresql_where=sa.text("state IN ('wanted', 'working')"),
    )
    op.create_index("ix_model_work_model_id_kind_id", "model_work", ["model_id", "kind", "id"])
    op.create_table(
        "model_approval",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("version_id", sa.BigInteger(), nullable=False),
        sa.Column("lead_id", sa.BigInteger(), nullable=False),
        sa.Column("score", sa.Float(), nullable=False),
        sa.Column("temperature", sa.Text(), nullable=False),
        sa.Column("grade", sa.Text(), nullable=True),
        sa.Column("reasons", postgresql.JSONB(), server_default=sa.text("'[]'::jsonb"), nullable=False),
        sa.Column("state", sa.Text(), server_default=sa.text("'waiting'"), nullable=False),
        sa.Column("listed_at", _INSTANT, nullable=False),
        sa.Column("decided_at", _INSTANT, nullable=True),
        sa.Column("decided_by", sa.Text(), server_default=_EMPTY, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_model_approval")),
        sa.ForeignKeyConstraint(
            ["version_id"],
            ["heat_model_version.id"],
            name=op.f("fk_model_approval_version_id_heat_model_version"),
        ),
        sa.ForeignKeyConstraint(["lead_id"], ["lead.id"], name=op.f("fk_model_approval_lead_id_lead")),
        sa.UniqueConstraint("version_id", "lead_id", name=op.f("uq_model_approval_version_id_lead_id")),
        sa.CheckConstraint(
            "state IN ('waiting', 'approved', 'declined', 'lapsed')", name=op.f("ck_model_approval_state")
        ),
    )
    op.create_index(
        "ix_model_approval_waiting",
        "model_approval",
        ["score", "id"],
        postgresql_where=sa.text("state = 'waiting'"),
    )
    op.create_index("ix_model_approval_lead_id", "model_approval", ["lead_id"])
    op.create_table(
        "target_score",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("trained_at", _INSTANT, nullable=False),
        sa.Column("trained_by", sa.Text(), server_default=_EMPTY, nullable=False),
        sa.Column("active", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("spec", postgresql.JSONB(), server_default=_JSON, nullable=False),
        sa.Column("report", postgresql.JSONB(), server_default=_JSON, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_target_score")),
    )
    op.create_index(
        "uq_target_score_active",
        "target_score",
        ["active"],
        unique=True,
        postgresql_where=sa.text("active"),
    )
    op.create_index(
        "ix_lead_future_at", "lead", ["future_at"], postgresql_where=sa.text("future_at IS NOT NULL")
    )
