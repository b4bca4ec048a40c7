"""Staged rows become leads: set-based, in the one transaction that takes a whole file."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from nurture.rules.messages import instant
from nurture.store.companies import LEARN_NAMES
from nurture.store.rowcount import written
from nurture.store.staged_outcomes import SINCE, STAGE

_COMPANIES = text(
    """
    INSERT INTO company AS c (name, folded, size, industry, website, country, city, created_at, updated_at)
    SELECT (array_agg(w ->> 'name' ORDER BY line))[1], folded,
        (array_agg((w ->> 'size')::int ORDER BY line) FILTER (WHERE w ? 'size'))[1],
        (array_agg(w ->> 'industry' ORDER BY line) FILTER (WHERE w ? 'industry'))[1],
        (array_agg(w ->> 'website' ORDER BY line) FILTER (WHERE w ? 'website'))[1],
        (array_agg(w ->> 'country' ORDER BY line) FILTER (WHERE w ? 'country'))[1],
        (array_agg(w ->> 'city' ORDER BY line) FILTER (WHERE w ? 'city'))[1],
        :now, :now
    FROM (
        SELECT r.line, r.w, coalesce(whole.folded, r.w ->> 'folded') AS folded
        FROM (SELECT line, values -> 'company' AS w FROM import_row WHERE import_id = :id) r
        LEFT JOIN company part ON part.folded = r.w ->> 'folded' AND part.part_of IS NOT NULL
        LEFT JOIN company whole ON whole.id = part.part_of
        WHERE r.w ? 'folded'
    ) named
    GROUP BY folded ORDER BY folded
    ON CONFLICT (folded) DO UPDATE
    SET size = coalesce(excluded.size, c.size), industry = coalesce(excluded.industry, c.industry),
        website = coalesce(excluded.website, c.website), country = coalesce(excluded.country, c.country),
        city = coalesce(excluded.city, c.city), updated_at = :now
    WHERE (coalesce(excluded.size, c.size), coalesce(excluded.industry, c.industry),
           coalesce(excluded.website, c.website), coalesce(excluded.country, c.country),
           coalesce(excluded.city, c.city))
        IS DISTINCT FROM (c.size, c.industry, c.website, c.country, c.city)
    """
)
_LEARN_NAMES = text(
    LEARN_NAMES.format(
        said="""
            SELECT values -> 'company' ->> 'folded' AS folded, values -> 'company' ->> 'name' AS name,
                   values -> 'company' ->> 'website' AS website
            FROM import_row WHERE import_id = :id AND values -> 'company' ? 'website'
        """
    )
)
_NEW_LEADS = text(
    f"""
    INSERT INTO lead (
        id, email, email_norm, phone, first_name, last_name, company_id, role, buying_role, language,
        timezone, timezone_source, country, city, address, stage, stage_since, temperature_since,
        source_id, last_source_id, owner_id, tags, fields, dates, bant, search,
        folded_fields, folded_tags, created_at, updated_at
    )
    SELECT -r.lead_id, r.email, r.email_norm, r.phone, v ->> 'first_name', v ->> 'last_name',
        coalesce(c.part_of, c.id),
        v ->> 'role', v ->> 'buying_role', v ->> 'language', v ->> 'timezone', v ->> 'timezone_source',
        v ->> 'country', v ->> 'city', v ->> 'address', {STAGE}, {SINCE}, :now, :source, :source, u.id,
        CASE WHEN v ? 'tags' THEN ARRAY(SELECT jsonb_array_elements_text(v -> 'tags')) ELSE '{{}}' END,
        coalesce(v -> 'fields', '{{}}'), coalesce(v -> 'dates', '{{}}'),
        CASE WHEN v ? 'bant' THEN (
            SELECT jsonb_object_agg(key, jsonb_build_object(
                'answer', value, 'source', 'import', 'at', CAST(:said_at AS text)
            )) FROM jsonb_each_text(v -> 'bant')
        ) ELSE '{{}}' END,
        coalesce(v ->> 'search', ''), coalesce(v -> 'folded_fields', '{{}}'),
        CASE WHEN v ? 'folded_tags'
            THEN ARRAY(SELECT jsonb_array_elements_text(v -> 'folded_tags')) ELSE '{{}}' END,
        :now, :now
    FROM (SELECT *, values AS v FROM import_row WHERE import_id = :id AND lead_id < 0) r
    LEFT JOIN company c ON c.folded = v -> 'company' ->> 'folded'
    LEFT JOIN user_account u ON u.email = v ->> 'owner'
    """
)
_NEW_STAGES = text(
    f"""
    INSERT INTO stage_change (lead_id, at, old, new, reason, by)
    SELECT -r.lead_id, {SINCE}, NULL, {STAGE}, 'imported', :by FROM import_row r
    WHERE r.import_id = :id AND r.lead_id < 0
    """
)
# A number that moves from one known lead to another within the file is free before it is taken.
_KNOWN_PHONES = text(
    """
    UPDATE lead l SET phone = NULL FROM import_row r
    WHERE r.import_id = :id AND r.lead_id = l.id AND r.phone IS NOT NULL AND l.phone <> r.phone
    """
)
# Who changes companies takes their heat along: the one they leave is added up anew.
_LEFT_COMPANIES = text(
    """
    INSERT INTO company_change (company_id)
    SELECT DISTINCT l.company_id FROM import_row r
    JOIN company c ON c.folded = r.values -> 'company' ->> 'folded'
    JOIN lead l ON l.id = r.lead_id
    WHERE r.import_id = :id AND r.lead_id > 0 AND l.company_id <> coalesce(c.part_of, c.id)
    """
)
_KNOWN_LEADS = text(
    """
    WITH told AS (
        SELECT r.lead_id, r.email, r.email_norm, r.phone, r.values AS v,
            coalesce(c.part_of, c.id) AS company_id, u.id AS owner_id
        FROM import_row r
        LEFT JOIN company c ON c.folded = r.values -> 'company' ->> 'folded'
        LEFT JOIN user_account u ON u.email = r.values ->> 'owner'
        WHERE r.import_id = :id AND r.lead_id > 0
    ), fresh AS (
        SELECT l.id,
            coalesce(l.email_norm, t.email_norm) AS email_norm,
            CASE WHEN l.email_norm IS NULL THEN t.email ELSE l.email END AS email,
            coalesce(t.phone, l.phone) AS phone,
            coalesce(v ->> 'first_name', l.first_name) AS first_name,
            coalesce(v ->> 'last_name', l.last_name) AS last_name,
            coalesce(t.company_id, l.company_id) AS company_id,
            coalesce(v ->> 'role', l.role) AS role,
            coalesce(v ->> 'buying_role', l.buying_role) AS buying_role,
            coalesce(v ->> 'language', l.language) AS language,
            CASE WHEN v ->> 'timezone_source' = 'given' OR l.timezone IS NULL
                THEN coalesce(v ->> 'timezone', l.timezone) ELSE l.timezone END AS timezone,
            CASE WHEN v ->> 'timezone' IS DISTINCT FROM l.timezone
                AND (v ->> 'timezone_source' = 'given' OR l.timezone IS NULL)
                THEN coalesce(v ->> 'timezone_source', l.timezone_source) ELSE l.timezone_source
                END AS timezone_source,
            coalesce(v ->> 'country', l.country) AS country,
            coalesce(v ->> 'city', l.city) AS city,
            coalesce(v ->> 'address', l.address) AS address,
            coalesce(t.owner_id, l.owner_id) AS owner_id,
            CASE WHEN v ? 'tags' THEN l.tags || ARRAY(
                SELECT tag FROM jsonb_array_elements_text(v -> 'tags') tag WHERE tag <> ALL(l.tags)
            ) ELSE l.tags END AS tags,
            l.fields || coalesce(v -> 'fields', '{}') AS fields,
            l.dates || coalesce(v -> 'dates', '{}') AS dates,
            CASE WHEN v ? 'bant' THEN l.bant || (
                SELECT coalesce(jsonb_object_agg(key, jsonb_build_object(
                    'answer', value, 'source', 'import', 'at', CAST(:said_at AS text)
                )), '{}')
                FROM jsonb_each_text(v -> 'bant')
                WHERE value IS DISTINCT FROM coalesce(l.bant -> key ->> 'answer', l.bant ->> key)
            ) ELSE l.bant END AS bant
        FROM told t JOIN lead l ON l.id = t.lead_id
    )
    UPDATE lead l
    SET email_norm = f.email_norm, email = f.email, phone = f.phone, first_name = f.first_name,
        last_name = f.last_name, company_id = f.company_id, role = f.role, buying_role = f.buying_role,
        language = f.language, timezone = f.timezone, timezone_source = f.timezone_source,
        country = f.country, city = f.city, address = f.address, owner_id = f.owner_id, tags = f.tags,
        fields = f.fields, dates = f.dates, bant = f.bant, last_source_id = :source, updated_at = :now
    FROM fresh f
    WHERE f.id = l.id AND (
        f.email_norm, f.phone, f.first_name, f.last_name, f.company_id, f.role, f.buying_role, f.language,
        f.timezone, f.timezone_source, f.country, f.city, f.address, f.owner_id, f.tags, f.fields,
        f.dates, f.bant
    ) IS DISTINCT FROM (
        l.email_norm, l.phone, l.first_name, l.last_name, l.company_id, l.role, l.buying_role, l.language,
        l.timezone, l.timezone_source, l.country, l.city, l.address, l.owner_id, l.tags, l.fields,
        l.dates, l.bant
    )
    RETURNING l.id
    """
)
_GRANT = text(
    """
    WITH given AS (
        INSERT INTO consent (lead_id, purpose, state, at, channel, wording, proof)
        SELECT abs(r.lead_id), :purpose, 'granted', :now, 'import', :wording, CAST(:proof AS jsonb)
        FROM import_row r
        LEFT JOIN lead_consent k ON k.lead_id = abs(r.lead_id) AND k.purpose = :purpose
        WHERE r.import_id = :id AND NOT r.values ? 'suppressed'
            AND (k.lead_id IS NULL OR (NOT k.granted AND NOT EXISTS (
                SELECT FROM consent w
                WHERE w.lead_id = k.lead_id AND w.purpose = :purpose AND w.state = 'withdrawn'
            )))
        RETURNING id, lead_id
    )
    INSERT INTO lead_consent (lead_id, purpose, granted, consent_id, at)
    SELECT lead_id, :purpose, true, id, :now FROM given
    ON CONFLICT (lead_id, purpose) DO UPDATE SET granted = true, consent_id = excluded.consent_id, at = :now
    """
)
_HOLD_NEW = text(
    """
    UPDATE lead l SET held_at = :now FROM import_row r
    WHERE r.import_id = :id AND l.id = abs(r.lead_id) AND l.created_at = :now AND l.held_at IS NULL
    """
)
_REACH = text(
    """
    SELECT CASE
        WHEN l.email_norm IS NULL THEN 'no_email'
        WHEN r.values ? 'suppressed' THEN 'suppressed'
        WHEN k.granted THEN 'may_be_mailed'
        WHEN last.state = 'pending' THEN 'not_confirmed'
        WHEN k.granted IS NOT NULL THEN 'unsubscribed'
        ELSE 'no_consent'
    END AS reason, count(*) AS n
    FROM import_row r JOIN lead l ON l.id = abs(r.lead_id)
    LEFT JOIN lead_consent k ON k.lead_id = l.id AND k.purpose = :purpose
    LEFT JOIN consent last ON last.id = k.consent_id
    WHERE r.import_id = :id GROUP BY 1
    """
)
_WARNINGS = text(
    """
    SELECT w AS warning, count(*) AS n
    FROM import_row r, jsonb_array_elements_text(r.warnings) w
    WHERE r.import_id = :id AND r.warnings <> '[]' GROUP BY w ORDER BY n DESC LIMIT 50
    """
)


def take_companies(session: Session, import_id: int, *, now: datetime) -> None:
    """Make the companies that rows name, and fill the blanks of those that exist."""
    session.execute(_LEARN_NAMES, {"id": import_id, "now": now})
    session.execute(_COMPANIES, {"id": import_id, "now": now})


def take_new_leads(session: Session, import_id: int, source_id: int, *, now: datetime, by: str) -> int:
    """Insert every row that is nobody's as a lead, with the record of its stage; how many."""
    given = {"id": import_id, "source": source_id, "now": now, "said_at": instant(now), "by": by}
    made = written(session, _NEW_LEADS, given)
    session.execute(_NEW_STAGES, given)
    return made


def take_known_leads(session: Session, import_id: int, source_id: int, *, now: datetime) -> list[int]:
    """Update known leads by what rows say; blanks overwrite nothing. The ids of those that changed."""
    given = {"id": import_id, "source": source_id, "now": now, "said_at": instant(now)}
    session.execute(_KNOWN_PHONES, given)
    session.execute(_LEFT_COMPANIES, given)
    return list(session.execute(_KNOWN_LEADS, given).scalars())


def grant(
    session: Session, import_id: int, purpose: str, *, wording: str, proof: Mapping[str, Any], now: datetime
) -> None:
    """Write the file's consent into the ledger for every lead of its rows, but those who withdrew theirs
    before or whose address is suppressed: an earlier no wins over a file's yes."""
    given = {"id": import_id, "purpose": purpose, "wording": wording, "proof": json.dumps(proof), "now": now}
    session.execute(_GRANT, given)


def nos(session: Session, import_id: int) -> list[tuple[int, str, int | None]]:
    """What the owners of the rows' addresses have said no to before: the lead, the purpose, and the number of
    the kept no where it has one."""
    query = text(
        """
        SELECT abs(r.lead_id), n.key, CAST(n.value AS bigint)
        FROM import_row r, jsonb_each_text(r.values -> 'nos') n
        WHERE r.import_id = :id AND r.values ? 'nos' ORDER BY r.line, n.key
        """
    )
    return [(lead, purpose, number) for lead, purpose, number in session.execute(query, {"id": import_id})]


def hold_new(session: Session, import_id: int, *, now: datetime) -> None:
    """Keep the leads that this very import made out of all programs until somebody lets them in."""
    session.execute(_HOLD_NEW, {"id": import_id, "now": now})


def reach(session: Session, import_id: int, purpose: str) -> dict[str, int]:
    """How many of the rows' leads may be mailed for a purpose, and why the others may not; every lead is
    counted once, under the first reason that holds."""
    rows = session.execute(_REACH, {"id": import_id, "purpose": purpose})
    return {row.reason: row.n for row in rows}


def own_fields(session: Session, import_id: int) -> list[str]:
    """The fields of one's own that the rows fill."""
    found = text(
        "SELECT DISTINCT jsonb_object_keys(values -> 'fields') FROM import_row"
        " WHERE import_id = :id AND values ? 'fields'"
    )
    return list(session.execute(found, {"id": import_id}).scalars())


def warning_counts(session: Session, import_id: int) -> dict[str, int]:
    rows = session.execute(_WARNINGS, {"id": import_id})
    return {row.warning: row.n for row in rows}


def analyze(session: Session) -> None:
    """Let the planner know at once what so many new rows have changed: its plans for the tables as they
    were before would look at every row of them, for every batch."""
    session.execute(text("ANALYZE lead, company, lead_consent"))


def analyze_entered(session: Session) -> None:
    """The same of what leading them on has written since."""
    session.execute(text("ANALYZE enrollment, lead_heat"))
