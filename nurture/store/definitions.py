"""The plain definitions that name tags, sources and fields: programs, segments, heat models, mails."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session


@dataclass(frozen=True, slots=True)
class Definition:
    """`kind` is program, segment, model, form or mail; `id` what its page goes by."""

    kind: str
    id: int
    name: str
    spec: Any


_ALL = text(
    """
    SELECT 'program' AS kind, p.id, p.name, v.spec FROM program p
    JOIN program_version v ON v.id IN (p.live_version_id, p.draft_version_id)
    UNION ALL SELECT 'segment', id, name, condition FROM segment
    UNION ALL
    SELECT 'model', m.id, m.key, v.spec FROM heat_model m
    JOIN heat_model_version v ON v.id = m.live_version_id
    UNION ALL
    SELECT 'form', f.id, f.name, v.spec || jsonb_build_object('tag', v.spec -> 'tags') FROM form f
    JOIN form_version v ON v.form_id = f.id AND v.no = f.version_no WHERE f.archived_at IS NULL
    ORDER BY 1, 3
    """
)
_MAILS = text(
    """
    SELECT m.id, m.name FROM mail m JOIN LATERAL (
        SELECT source FROM mail_version WHERE mail_id = m.id ORDER BY no DESC LIMIT 1
    ) v ON true
    WHERE CAST(v.source AS text) LIKE '%' || CAST(:word AS text) || '%' ORDER BY m.name LIMIT 50
    """
)


def every(session: Session) -> list[Definition]:
    """All of them as they are asked now, drafts of programs too; one statement."""
    return [Definition(*row) for row in session.execute(_ALL)]


def mails_with(session: Session, words: str) -> list[Definition]:
    """Mails in whose newest words these stand."""
    rows = session.execute(
        _MAILS, {"word": words.replace("\\", "\\\\").replace("%", r"\%").replace("_", r"\_")}
    )
    return [Definition("mail", row.id, row.name, None) for row in rows]
