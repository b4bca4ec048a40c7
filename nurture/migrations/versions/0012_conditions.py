"""Sizes of segments are kept, newsletters have a priority, and the ledger of consent is closed to change."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

# Whatever statement lets members in or out, the difference is noted beside it: a row of its own each time,
# so that nobody waits for anybody.
_SIZES = """
    CREATE FUNCTION note_segment_size() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP = 'INSERT' THEN
            INSERT INTO segment_change (segment_id, n)
            SELECT segment_id, count(*) FROM came GROUP BY segment_id;
        ELSE
            INSERT INTO segment_change (segment_id, n)
            SELECT segment_id, -count(*) FROM went GROUP BY segment_id;
        END IF;
        RETURN NULL;
    END $$;
    CREATE TRIGGER members_came AFTER INSERT ON segment_member
        REFERENCING NEW TABLE AS came FOR EACH STATEMENT EXECUTE FUNCTION note_segment_size();
    CREATE TRIGGER members_went AFTER DELETE ON segment_member
        REFERENCING OLD TABLE AS went FOR EACH STATEMENT EXECUTE FUNCTION note_segment_size();
    UPDATE segment s SET size = (SELECT count(*) FROM segment_member m WHERE m.segment_id = s.id);
"""
# What was said stays said. The proof alone is cleared, when the person is erased.
_LEDGER = """
    CREATE FUNCTION keep_consent() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP = 'UPDATE' THEN
            IF NEW.proof = '{}'::jsonb AND NEW.wording = OLD.wording AND NEW.id = OLD.id
               AND NEW.lead_id = OLD.lead_id AND NEW.purpose = OLD.purpose AND NEW.state = OLD.state
               AND NEW.at = OLD.at AND NEW.channel = OLD.channel
               AND EXISTS (SELECT FROM lead l WHERE l.id = OLD.lead_id AND l.erased_at IS NOT NULL) THEN
                RETURN NEW;
            END IF;
        END IF;
        RAISE EXCEPTION 'the ledger of consent is appended only'
            USING ERRCODE = 'restrict_violation', HINT = 'Say it anew: the newest entry holds.';
    END $$;
    CREATE TRIGGER consent_is_kept BEFORE UPDATE OR DELETE ON consent
        FOR EACH ROW EXECUTE FUNCTION keep_consent();
    CREATE TRIGGER consent_is_never_emptied BEFORE TRUNCATE ON consent
        FOR EACH STATEMENT EXECUTE FUNCTION keep_consent();
"""


def upgrade() -> None:
    op.create_table(
        "segment_change",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("segment_id", sa.BigInteger(), nullable=False),
        sa.Column("n", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_segment_change")),
    )
    op.add_column("segment", sa.Column("size", sa.BigInteger(), server_default=sa.text("0"), nullable=False))
    op.execute(_SIZES)
    op.execute(_LEDGER)
    op.add_column(
        "newsletter", sa.Column("priority", sa.Integer(), server_default=sa.text("0"), nullable=False)
    )
    op.add_column(
        "newsletter", sa.Column("while_with_sales", sa.Text(), server_default="pause", nullable=False)
    )
    op.create_check_constraint(
        op.f("ck_newsletter_while_with_sales"), "newsletter", "while_with_sales IN ('pause', 'go_on')"
    )
