"""Forms of the company, each version of them, and what was sent by them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "form",
        _id(),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("version_no", sa.Integer(), nullable=False),
        sa.Column("sent", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("confirmed", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("refused", sa.Integer(), server_default=sa.text("0"), nullable=False),
        _at("last_at", nullable=True),
        sa.Column("created_by", sa.Text(), nullable=False),
        _at("created_at"),
        _at("updated_at"),
        _at("archived_at", nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_form")),
        sa.UniqueConstraint("key", name=op.f("uq_form_key")),
    )
    op.create_table(
        "form_version",
        sa.Column("form_id", sa.BigInteger(), nullable=False),
        sa.Column("no", sa.Integer(), nullable=False),
        _json("spec", "{}"),
        sa.Column("created_by", sa.Text(), nullable=False),
        _at("created_at"),
        sa.PrimaryKeyConstraint("form_id", "no", name=op.f("pk_form_version")),
        sa.ForeignKeyConstraint(["form_id"], ["form.id"], name=op.f("fk_form_version_form_id_form")),
    )
    op.create_table(
        "form_submission",
        _id(),
        sa.Column("form_id", sa.BigInteger(), nullable=False),
        sa.Column("version_no", sa.Integer(), nullable=False),
        sa.Column("lead_id", sa.BigInteger(), nullable=False),
        _at("at"),
        _json("answers", "{}"),
        _json("asked", "[]"),
        _json("came_by", "{}"),
        sa.Column("visitor_id", sa.Text(), nullable=True),
        _at("confirmed_at", nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_form_submission")),
        sa.ForeignKeyConstraint(["form_id"], ["form.id"], name=op.f("fk_form_submission_form_id_form")),
        sa.ForeignKeyConstraint(
            ["lead_id"], ["lead.id"], name=op.f("fk_form_submission_lead_id_lead"), ondelete="CASCADE"
        ),
    )
    op.create_index("ix_form_submission_form_id_id", "form_submission", ["form_id", "id"])
    op.create_index("ix_form_submission_lead_id_id", "form_submission", ["lead_id", "id"])


def _id() -> sa.Column[int]:
    return sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False)


def _at(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _json(name: str, empty: str) -> sa.Column[object]:
    return sa.Column(
        name,
        postgresql.JSONB(astext_type=sa.Text()),
        server_default=sa.text(f"'{empty}'::jsonb"),
        nullable=False,
    )
