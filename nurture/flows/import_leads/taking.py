"""The rows put aside become leads, all in one transaction, or none."""

from collections.abc import Iterator

from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.orm import Session

from nurture.flows.import_leads.preparing import fold_row
from nurture.flows.import_leads.values import Progress, Run
from nurture.flows.keep_nos import hold_rows_to
from nurture.rules.lead_rows import LeadRow, merge, share_phone
from nurture.rules.words import _
from nurture.store import (
    companies,
    custom_fields,
    leads,
    sources,
    staged_leads,
    staged_outcomes,
    stages,
    staging,
)
from nurture.store.imports import Import

_TRIES = 3


def take_in_one(run: Run) -> None:
    """The one transaction. Another that takes the same person at the same moment makes it run again."""
    for attempt in range(1, _TRIES + 1):
        try:
            with run.sessions.begin() as session:
                take_all(run, session)
            return
        except (IntegrityError, OperationalError):
            if attempt == _TRIES:
                raise


def take_all(run: Run, session: Session) -> None:
    total = run.survey.lines
    run.progress(Progress("taking", 0, total))
    duplicates = _one_row_a_lead(run, session)
    staged_leads.take_companies(session, run.import_id, now=run.now)
    companies.judge_contacts(session, companies.refold(session, companies.changed_at(session, run.now)))
    source_id = sources.ensure(session, run.options.source, kind="import", now=run.now)
    known = staging.known_count(session, run.import_id)
    changed = staged_leads.take_known_leads(session, run.import_id, source_id, now=run.now)
    leads.refold(session, changed)
    new = staged_leads.take_new_leads(session, run.import_id, source_id, now=run.now, by=run.by)
    stages.move(session, staged_outcomes.ended(session, run.import_id), now=run.now, by=run.by)
    run.progress(Progress("taking", total, total))
    custom_fields.note(session, staged_leads.own_fields(session, run.import_id), now=run.now)
    if not run.options.enter:
        staged_leads.hold_new(session, run.import_id, now=run.now)
    hold_rows_to(session, staged_leads.nos(session, run.import_id), now=run.now)
    if run.options.consent:
        _grant(run, session, run.options.consent)
    reach = staged_leads.reach(session, run.import_id, run.options.consent or "marketing")
    noted = session.get_one(Import, run.import_id)
    staged = noted.summary["staging"]
    bad = staged["bad"]
    noted.state = "running"
    noted.bad_rows_path = f"imports/{run.bad_rows_path.name}" if bad else None
    noted.summary = {
        "new": new,
        "updated": len(changed),
        "unchanged": known - len(changed),
        "duplicates": duplicates,
        "bad": bad,
        "mailable": reach.pop("may_be_mailed", 0),
        "not_mailable": reach,
        "outcomes": staged_outcomes.counts(session, run.import_id),
        "warnings": staged_leads.warning_counts(session, run.import_id),
        "ignored_columns": list(run.columns.ignored),
        "dates": noted.summary.get("dates", {}),
        "source_id": source_id,
        "taken_at": run.now.isoformat(),
        "led_on": 0,
    }


def _one_row_a_lead(run: Run, session: Session) -> int:
    """Merge the rows that tell of one lead, first by what the file says, then by whom it is known to be."""
    staging.analyze(session)
    duplicates = _merge_groups(run, session, staging.same_email(session, run.import_id))
    duplicates += _merge_phones(run, session)
    staging.match_emails(session, run.import_id)
    foreign = staging.match_phones(session, run.import_id)
    for row in foreign:
        share_phone(row)
        fold_row(row, run.now)
    staging.replace_rows(session, run.import_id, foreign)
    return duplicates + _merge_groups(run, session, staging.same_lead(session, run.import_id))


def _merge_groups(run: Run, session: Session, groups: Iterator[list[LeadRow]]) -> int:
    merged, dropped = [], []
    for first, *later in groups:
        for row in later:
            merge(first, row)
        fold_row(first, run.now)
        merged.append(first)
        dropped += [row.line for row in later]
    # Dropped first: until then two rows may hold the number that only one of them keeps.
    staging.drop_rows(session, run.import_id, dropped)
    staging.replace_rows(session, run.import_id, merged)
    return len(dropped)


def _merge_phones(run: Run, session: Session) -> int:
    """One number, several rows: those without an address are the first one's; those with another address
    are other people at the same number."""
    changed, dropped = [], []
    for first, *later in staging.same_phone(session, run.import_id):
        for row in later:
            if row.email_norm is None or first.email_norm is None:
                merge(first, row)
                dropped.append(row.line)
            else:
                share_phone(row)
                fold_row(row, run.now)
                changed.append(row)
        fold_row(first, run.now)
        changed.append(first)
    staging.drop_rows(session, run.import_id, dropped)
    staging.replace_rows(session, run.import_id, changed)
    return len(dropped)


def _grant(run: Run, session: Session, purpose: str) -> None:
    wording = run.options.wording or _("consent given outside, brought by a file")
    proof = {"import": run.import_id, "file_hash": run.survey.sha256, "source": run.options.source}
    staged_leads.grant(session, run.import_id, purpose, wording=wording, proof=proof, now=run.now)
