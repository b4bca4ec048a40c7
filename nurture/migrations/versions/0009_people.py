"""Links for people who come in, second factors; an audit log that only grows."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "installation",
        sa.Column("admins_need_totp", sa.Boolean(), server_default=sa.text("false"), nullable=False),
    )
    op.add_column("user_account", sa.Column("totp_sealed", sa.Text(), nullable=True))
    op.add_column("user_account", sa.Column("totp_pending", sa.Text(), nullable=True))
    op.add_column("user_account", sa.Column("totp_since", sa.DateTime(timezone=True), nullable=True))
    op.add_column(
        "user_account", sa.Column("totp_step", sa.BigInteger(), server_default=sa.text("0"), nullable=False)
    )
    op.create_table(
        "recovery_code",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("code_hash", sa.Text(), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_recovery_code_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recovery_code")),
    )
    op.create_index("ix_recovery_code_user_id", "recovery_code", ["user_id"], unique=False)
    op.create_table(
        "user_link",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=True),
        sa.Column("email", sa.Text(), server_default="", nullable=False),
        sa.Column("name", sa.Text(), server_default="", nullable=False),
        sa.Column("role", sa.Text(), server_default="", nullable=False),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_user_link_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_user_link")),
    )
    op.create_index(
        "ix_user_link_open",
        "user_link",
        ["kind", "email"],
        unique=True,
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    _let_the_audit_log_only_grow()


def _let_the_audit_log_only_grow() -> None:
    op.add_column("audit_entry", sa.Column("kind", sa.Text(), server_default="", nullable=False))
    op.execute("UPDATE audit_entry SET kind = split_part(action, '.', 1)")
    op.create_index("ix_audit_entry_kind_id", "audit_entry", ["kind", "id"], unique=False)
    op.create_index("ix_audit_entry_actor_id", "audit_entry", ["actor", "id"], unique=False)
    op.execute(
        "CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION '% only grows', TG_TABLE_NAME; END $$"
    )
    op.execute(
        "CREATE TRIGGER audit_entry_only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_entry "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )
