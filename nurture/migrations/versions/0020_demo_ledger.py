"""The ledger of consent lets go of invented leads, and of nobody else."""

from alembic import op

revision = "0020"
down_revision = "0018"
branch_labels = None
depends_on = None

_LEDGER = """
    CREATE OR REPLACE FUNCTION keep_consent() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP = 'DELETE' THEN
            IF EXISTS (SELECT FROM lead l WHERE l.id = OLD.lead_id AND l.demo) THEN
                RETURN OLD;
            END IF;
        END IF;
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
"""


def upgrade() -> None:
    op.execute(_LEDGER)
