"""Named senders; the sender that the company had becomes the first of them, and the default."""

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None

# Called by what stands before the @ of its address, made fit for a key.
_FIRST = """
    INSERT INTO sender (key, name, email, reply_to, is_default, created_at, updated_at)
    SELECT CASE WHEN said.key ~ '^[a-z]' AND said.key NOT IN ('house', 'owner') THEN said.key
                ELSE 'sender' || rtrim('-' || left(said.key, 30), '-') END,
           coalesce(nullif(i.sender_name, ''), i.company_name), i.sender_email, i.reply_to, true,
           coalesce(i.created_at, now()), coalesce(i.created_at, now())
    FROM installation i
    CROSS JOIN LATERAL (
        SELECT trim('-' FROM left(
            regexp_replace(lower(split_part(i.sender_email, '@', 1)), '[^a-z0-9]+', '-', 'g'), 40)) AS key
    ) said
    WHERE i.sender_email <> ''
"""


def upgrade() -> None:
    op.create_table(
        "sender",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("reply_to", sa.Text(), nullable=True),
        sa.Column("is_default", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "key ~ '^[a-z][a-z0-9-]{0,39}$' AND key NOT IN ('house', 'owner')", name=op.f("ck_sender_key")
        ),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_sender")),
    )
    op.create_index(
        "uq_sender_default",
        "sender",
        ["is_default"],
        unique=True,
        postgresql_where=sa.text("is_default"),
    )
    op.execute(_FIRST)
    op.add_column("newsletter", sa.Column("sender_key", sa.Text(), nullable=True))
    op.create_foreign_key(
        op.f("fk_newsletter_sender_key"), "newsletter", "sender", ["sender_key"], ["key"], ondelete="SET NULL"
    )
