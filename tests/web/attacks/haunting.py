"""Everything that anybody could ever have written into the database becomes an attack."""

from sqlalchemy import text

from nurture.runtime import Runtime

# It breaks out of attributes, tags, comments, scripts and templates, and leaves a mark where it does.
GHOST = "ghost-7"
BAD = f'"\'><{GHOST} onghost7="1">--></script></textarea></title><{GHOST}>{{{{ 7*7 }}}}<svg onload=ghost7()>'
LINK = "javascript:ghost7()"
# Words of a closed list, keys and addresses of our own making: nobody's free text.
# fmt: off
CLOSED = frozenset((
    "action", "actor", "address", "algorithm", "bad_rows_path", "because", "buying_role", "by",
    "channel", "code_hash", "color", "consent_purpose", "country", "created_by", "currency",
    "dedup_key", "digest", "direction", "domain", "due_reason", "email", "email_norm", "entered_by",
    "exit_reason", "folded", "format", "grade", "grade_override", "host", "key", "kind", "language",
    "last_sent_step", "leased_by", "lifted_by", "local_at", "mapping", "message_id", "method", "mode",
    "name_key",
    "new", "old", "outcome", "over", "part", "password_hash", "pepper_mark", "phone", "policy",
    "prefix", "provider", "purpose", "reason", "remote_id", "reply_to", "request_hash", "resolution",
    "resting_reason", "role", "search", "secret", "secret_hash", "selector", "sender_email",
    "settled_state", "setup_token_hash", "source", "stage", "state", "status", "step_key", "strategy", "url",
    "subject", "temperature", "timezone", "timezone_source", "token_hash", "totp_pending", "totp_sealed",
    "type",
    "verdict", "version_num", "waiting_for", "way", "what",
))
# fmt: on
_COLUMNS = text(
    """
    SELECT c.table_name, c.column_name, c.data_type
    FROM information_schema.columns c JOIN information_schema.tables t USING (table_schema, table_name)
    WHERE c.table_schema = 'public' AND t.table_type = 'BASE TABLE' AND c.data_type = 'text'
      AND NOT EXISTS (
          SELECT FROM information_schema.constraint_column_usage u
          JOIN information_schema.table_constraints k USING (constraint_schema, constraint_name)
          WHERE u.table_name = c.table_name AND u.column_name = c.column_name
      )
    ORDER BY 1, 2
    """
)
# What people and programs send as objects, with the names that pages look for.
_OBJECTS = (
    "UPDATE lead SET tags = ARRAY[:bad], fields = jsonb_build_object(:bad, :bad, 'interest', :bad),"
    " profiles = jsonb_build_array(:link)",
    "UPDATE signal SET data = jsonb_build_object('label', :bad, 'text', :bad, 'url', :link, 'by', :bad,"
    " 'mail', :bad, 'link', :link)",
    "UPDATE hit SET user_agent = :bad, headers = jsonb_build_object('Referer', :bad)",
    "UPDATE link SET url = :link WHERE id = (SELECT max(id) FROM link)",
    "UPDATE lead_import SET filename = :bad, summary = jsonb_build_object('bad', jsonb_build_object(:bad, 1),"
    " 'ignored_columns', jsonb_build_array(:bad), 'warnings', jsonb_build_object(:bad, 2))",
    "UPDATE newsletter SET audience = jsonb_build_object('tag', :bad)",
    "UPDATE form_version SET spec = spec || jsonb_build_object('title', :bad, 'intro', :bad, 'button', :bad,"
    " 'thanks', :bad, 'source', :bad, 'tags', jsonb_build_array(:bad), 'consents', jsonb_build_array("
    "jsonb_build_object('purpose', 'marketing', 'wording', :bad, 'required', true)))",
    "UPDATE form_submission SET answers = jsonb_build_object('first_name', :bad, 'message', :bad),"
    " came_by = jsonb_build_object('page', :link, 'utm_campaign', :bad)",
    "UPDATE handoff SET payload = payload || jsonb_build_object('note', :bad)",
)


# Which of the attacks a row gets, by where it lies.
_ONE_OF_THEM = (
    "(CAST(:bad AS text[]))[1 + abs(hashtext(CAST(ctid AS text))) % cardinality(CAST(:bad AS text[]))]"
)


def haunt(runtime: Runtime, *bad: str) -> list[str]:
    """Write the attack into every free text of every table, or these attacks, each into some of the rows; the
    columns, as table.column."""
    bad = bad or (BAD,)
    done = []
    with runtime.sessions() as session:
        columns = session.execute(_COLUMNS).all()
        for table, column, _kind in columns:
            if column not in CLOSED and not table.startswith("alembic"):
                done += _try(runtime, f'UPDATE "{table}" SET "{column}" = :bad', f"{table}.{column}", bad)
    for statement in _OBJECTS:
        done += _try(runtime, statement, statement.split(" SET ")[0].removeprefix("UPDATE ") + ".*", bad)
    return done


def _try(runtime: Runtime, statement: str, name: str, bad: tuple[str, ...]) -> list[str]:
    """Tables that only grow refuse, and so do columns that must stay different from row to row."""
    with runtime.sessions() as session:
        try:
            found = session.execute(
                text(statement.replace(":bad", _ONE_OF_THEM)), {"bad": list(bad), "link": LINK}
            )
            changed = found.rowcount  # type: ignore[attr-defined]
            session.commit()
        except Exception:  # noqa: BLE001 - a refusal of the database is no hole
            session.rollback()
            return []
    return [name] if changed else []
