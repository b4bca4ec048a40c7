"""/imports: files of leads, streamed in; how far they are, what came of them, what was given back."""

import csv
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from itertools import islice
from pathlib import Path
from typing import Any

from flask import Response, request, send_file
from flask.typing import ResponseReturnValue

from nurture.errors import Invalid, NotFound
from nurture.files import uploads
from nurture.flows import import_leads as flow
from nurture.flows.import_leads import ImportOptions
from nurture.rules.words import _
from nurture.store import imports
from nurture.store.imports import Import
from nurture.web.api import door
from nurture.web.api.plain import moment
from nurture.web.api.schemas import ListOf
from nurture.web.api.schemas.imports import ImportOut, RowFault
from nurture.web.request import close_session, now, page_session, runtime

part = door.Part("imports", "Files of leads.", json_only=False)

# Files up to this size are carried out while the caller waits; larger ones by the worker of long jobs.
AT_ONCE = 2 * 1024 * 1024
_FORM_ALLOWANCE = 1024 * 1024
_OPTIONS = (
    "source", "consent", "on_error", "map", "filename", "wording", "enter", "start", "spread_days", "others",
    "dates",
)  # fmt: skip
_BODY = {
    "parameters": [
        {"in": "query", "name": name, "schema": {"type": "string"}, "description": text}
        for name, text in (
            ("source", "Name of the source of these leads."),
            ("consent", "The purpose that they agreed to, such as marketing."),
            ("on_error", "skip hands bad rows back, stop takes nothing if a row is bad."),
            ("map", "column=answer; may be given several times."),
            ("others", "keep makes fields of your own of columns whose name is not known; else left out."),
            ("wording", "The words they agreed to, where and when: kept as the proof of consent."),
            ("enter", "no holds new leads out of all programs until they are let in."),
            ("start", "Where all of them start: program/chain or program/chain/step."),
            ("dates", "day_first or month_first: what comes first in dates like 03/04/2026."),
            ("spread_days", "Over how many days they start there, evenly."),
        )
    ],
    "requestBody": {
        "required": True,
        "content": {
            "text/csv": {"schema": {"type": "string"}},
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": {
                "schema": {"type": "string", "format": "binary"}
            },
            "multipart/form-data": {
                "schema": {"type": "object", "properties": {"file": {"type": "string", "format": "binary"}}}
            },
        },
    },
}


def _allow_large() -> None:
    if request.method == "POST":
        request.max_content_length = uploads.LARGEST + _FORM_ALLOWANCE


part.before(_allow_large)


@part.route("/imports", methods=["GET"])
@part.arguments(door.PageQuery, location="query")
@part.response(200, ListOf(ImportOut))
def list_imports(asked: dict[str, Any]) -> dict[str, Any]:
    """Imports, newest first."""
    place = door.place_of(asked["cursor"], (door.whole,))
    rows = imports.recent(page_session(), before=place[0] if place else None, limit=asked["limit"] + 1)
    page = door.cut(rows, asked["limit"], lambda row: (row.id,))
    return {**page, "data": [shown(row) for row in page["data"]]}


@part.route("/imports", methods=["POST"])
@part.doc(**_BODY)
@part.response(201, ImportOut, description="Carried out; 202 when it is on its way.")
@part.alt_response(202, ImportOut, description="On its way: ask for it again.")
def take() -> ResponseReturnValue:
    """Take a CSV file, as the body or as the field `file` of a form, up to 500 MB."""
    options, filename = _options()
    path = _receive()
    try:
        import_id = flow.begin_import(
            runtime().sessions, path, options, now=now(), by=door.actor(), filename=filename
        )
    except Invalid:
        path.unlink()
        raise
    kept = flow.keep_upload(path, runtime().settings.home, import_id)
    if kept.stat().st_size > AT_ONCE:
        runtime().wake("imports")
        return _one(import_id), 202
    try:
        flow.run_import(
            runtime().sessions,
            import_id,
            kept,
            home=runtime().settings.home,
            pepper=runtime().pepper,
            base_url=runtime().settings.base_url,
            now=now(),
        )
    except Invalid:
        kept.unlink(missing_ok=True)
        raise
    kept.unlink(missing_ok=True)
    runtime().wake("leads")
    return _one(import_id), 201


@part.route("/imports/<int:import_id>", methods=["GET"])
@part.response(200, ImportOut)
def one(import_id: int) -> dict[str, Any]:
    """How far it is, and what came of it."""
    return _one(import_id)


@part.route("/imports/<int:import_id>/errors", methods=["GET"])
@part.arguments(door.PageQuery, location="query")
@part.response(200, ListOf(RowFault))
def errors(asked: dict[str, Any], import_id: int) -> dict[str, Any]:
    """The rows that were given back, each with its line and reason, in the order of the file."""
    place = door.place_of(asked["cursor"], (door.whole,))
    after = place[0] if place else 0
    path = _bad_rows(import_id)
    later = (row for row in _faults(path) if row["line"] > after) if path else iter(())
    rows = list(islice(later, asked["limit"] + 1))
    return door.cut(rows, asked["limit"], lambda row: (row["line"],))


@part.route("/imports/<int:import_id>/bad_rows.csv", methods=["GET"])
@part.response(200, content_type="text/csv")
def bad_rows(import_id: int) -> Response:
    """The same rows as a file in the original columns, to be mended and sent again."""
    path = _bad_rows(import_id)
    if path is None:
        raise NotFound(_("No row of this import was given back."))
    return send_file(path, mimetype="text/csv", as_attachment=True, download_name=path.name)


def _options() -> tuple[ImportOptions, str]:
    """The options from the address or the form; names that are none are errors."""
    door.check_texts(request.form)
    unknown = sorted((set(request.args) | set(request.form)) - set(_OPTIONS))
    if unknown:
        raise Invalid(_("Some options are unknown."), {name: [_("Unknown option.")] for name in unknown})
    given = request.values
    pairs = [pair.partition("=") for pair in given.getlist("map")]
    if any(not equals for _column, equals, _answer in pairs):
        raise Invalid(_("A mapping reads column=answer."), {"map": [_("Write column=answer.")]})
    sent = request.files.get("file")
    filename = given.get("filename") or (sent.filename if sent else None)
    options = ImportOptions(
        mapping={column: answer for column, _equals, answer in pairs},
        source=given.get("source", "api")[:200],
        consent=given.get("consent"),
        on_error=given.get("on_error", "skip"),
        wording=given.get("wording", "")[:2_000],
        enter=given.get("enter") != "no",
        start=given.get("start", "")[:200],
        others=given.get("others", "ignore"),
        dates=given.get("dates", ""),
        spread_days=_days(given.get("spread_days", "0")),
    )
    return options, uploads.shown_name(filename)


def _receive() -> Path:
    if request.mimetype == "multipart/form-data":
        sent = request.files.get("file")
        if sent is None:
            raise Invalid(_("The form has no file."), {"file": [_("Send the CSV file as the field `file`.")]})
        return uploads.receive(sent.stream, runtime().settings.home)
    return uploads.receive(request.stream, runtime().settings.home)


def _one(import_id: int) -> dict[str, Any]:
    close_session()
    return shown(_found(import_id))


def _found(import_id: int) -> Import:
    row = page_session().get(Import, import_id)
    if row is None:
        raise NotFound(_("There is no such import."))
    return row


def _bad_rows(import_id: int) -> Path | None:
    row = _found(import_id)
    path = runtime().settings.home / row.bad_rows_path if row.bad_rows_path else None
    return path if path is not None and path.is_file() else None


def _faults(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.reader(file)
        header = next(reader)[2:]
        for line, reason, *cells in reader:
            values = dict(zip(header, cells, strict=False))
            yield {"line": int(line), "reason": reason, "values": values}


def _days(written: str) -> int:
    """A number of days; -1, which is refused with a sentence, for anything else."""
    return int(written) if written.isascii() and written.isdigit() and len(written) < 6 else -1


def _about_dates(summary: Mapping[str, Any]) -> Mapping[str, Any]:
    found: Mapping[str, Any] = summary.get("tried", summary).get("dates", {})
    return found


def shown(row: Import) -> dict[str, Any]:
    summary = row.summary
    under_way = summary.get("staging", {})
    return {
        "id": row.id,
        "filename": row.filename,
        "state": row.state,
        "options": row.options,
        "rows_read": row.rows_read,
        "rows_total": row.rows_total,
        **{name: summary.get(name, 0) for name in ("new", "updated", "unchanged", "duplicates", "mailable")},
        "bad": summary.get("bad", under_way.get("bad", {})),
        "not_mailable": summary.get("not_mailable", {}),
        "warnings": summary.get("warnings", {}),
        "ignored_columns": summary.get("ignored_columns", []),
        "outcomes": summary.get("outcomes", {}),
        "dates": [asdict(one) for one in flow.shown_of(_about_dates(summary))],
        "error": row.error,
        "created_at": moment(row.created_at),
        "finished_at": moment(row.finished_at),
    }
