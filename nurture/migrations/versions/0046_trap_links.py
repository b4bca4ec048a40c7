"""Marketing mails carry a link that nobody sees, also those that were written before, unless the house turns
it off. A mail that has such a link of its own keeps it."""

import sqlalchemy as sa
from alembic import op

revision = "0046"
down_revision = "0045"
branch_labels = None
depends_on = None


_TRAPS = """
    INSERT INTO link (mail_version_id, no, url, label)
    SELECT v.id, 0, 'trap:', '#trap' FROM mail_version v
    WHERE v.compiled ->> 'kind' = 'marketing'
      AND NOT EXISTS (SELECT FROM link l WHERE l.mail_version_id = v.id AND l.label = '#trap')
    ORDER BY v.id
"""


def upgrade() -> None:
    op.add_column(
        "installation", sa.Column("trap_link", sa.Boolean(), server_default=sa.text("true"), nullable=False)
    )
    op.execute(_TRAPS)
