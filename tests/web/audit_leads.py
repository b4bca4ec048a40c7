"""Rooms of the walk: files of leads, leads, what they are sorted by."""

import io

from nurture.flows.touch import Touch, add_touch
from tests.web.audit_walk import Walk


def imports(walk: Walk) -> None:
    for number in (1, 2):
        file = (io.BytesIO(f"email\nbert{number}@weber.example".encode()), "fair.csv")
        walk.page("import.uploaded", "/imports", file=file)
    form = {"column": ["email"], "answer-0": "email", "source": "Fair", "consent": "no", "do": "begin"}
    walk.page("import.begun", "/imports/1", **form)
    walk.page("import.discarded", "/imports/2/discard")
    walk.call("import.begun", "POST", "/imports", data=b"email\ncarl@weber.example", content_type="text/csv")
    for then in ("import.begun", "import.discarded"):
        file = (io.BytesIO(b"email\ndora@weber.example"), "fair.csv")
        walk.call("import.uploaded", "POST", "/import_drafts", data={"file": file})
        draft = f"/import_drafts/{walk.sql('SELECT max(id) FROM lead_import')}"
        if then == "import.begun":
            walk.call(then, "POST", draft, json={"source": "Fair", "do": "begin"})
        else:
            walk.call(then, "DELETE", draft)


def leads(walk: Walk) -> None:
    walk.page("leads.tag", "/leads/change", lead=["1", "2"], what="tag", value="fair", tag="fair")
    change = walk.sql("SELECT max(id) FROM bulk_change")
    walk.page("leads.tag.undone", f"/leads/changes/{change}/undo")
    walk.page("leads.exported", "/leads/export.csv")
    walk.page("lead.changed", "/leads/1", role="Buyer")
    walk.page("lead.changed", "/leads/1/bant", need="yes")
    walk.page("lead.consent_noted", "/leads/1/consent", purpose="marketing", agreed="yes", words="by phone")
    walk.page("lead.signal_taken_back", f"/leads/touches/{_touch(walk)}/take_back")
    walk.call("lead.signal_taken_back", "DELETE", f"/signals/{_touch(walk)}")
    walk.page("lead.exported", "/leads/1/data.json")
    walk.page("lead.merged", "/leads/1/merge", other="3")
    walk.page("lead.unmerged", f"/merges/{walk.sql(_MERGE)}/undo")
    walk.call("lead.merged", "POST", "/leads/1/merge", json={"other": 3})
    walk.call("lead.unmerged", "POST", f"/merges/{walk.sql(_MERGE)}/undo")
    pair = walk.sql(_PAIR)
    walk.page("duplicate.dismissed", f"/duplicates/{pair}/dismiss")
    walk.page("duplicate.brought_back", f"/duplicates/{pair}/bring-back")
    walk.call("duplicate.dismissed", "POST", f"/duplicates/{pair}/dismiss")
    walk.call("duplicate.brought_back", "POST", f"/duplicates/{pair}/bring_back")
    walk.sql(_JOBS)
    walk.page("leads.job_cancelled", "/leads/jobs/1", do="cancel")
    walk.call("leads.job_cancelled", "POST", "/lead_changes/jobs/2/cancel")
    walk.call("leads.tag.undone", "POST", "/lead_changes/jobs/2/undo")
    walk.page("lead.erased", "/leads/2/erase", sure="2")
    walk.call("leads.tag", "POST", "/lead_changes", json={"what": "tag", "value": "x", "lead_ids": [1]})
    change = walk.sql("SELECT max(id) FROM bulk_change")
    walk.call("leads.tag.undone", "POST", f"/lead_changes/{change}/undo")
    walk.call("lead.erased", "DELETE", "/leads/3")


_MERGE = "SELECT max(id) FROM lead_merge"
_JOBS = """
    INSERT INTO bulk_job (at, by, what, query, total, last_id)
    SELECT now(), 'x', 'tag', '{}', 1, 0 FROM generate_series(1, 2)
"""
_PAIR = """
    INSERT INTO lead_duplicate (lead_id, other_id, reason, found_at) VALUES (1, 3, 'email', now())
    RETURNING id
"""


def sources_and_tags(walk: Walk) -> None:
    number = "SELECT max(id) FROM source"
    walk.page("source.created", "/sources", name="Fair one")
    walk.page("source.changed", f"/sources/{walk.sql(number)}", name="Fair two")
    walk.call("source.created", "POST", "/sources", json={"name": "Fair three"})
    last = walk.sql(number)
    walk.call("source.changed", "PATCH", f"/sources/{last}", json={"kind": "fair"})
    walk.call("source.merged", "POST", f"/sources/{last}/merge", json={"into": last - 1})
    walk.call("source.removed", "DELETE", f"/sources/{last - 1}")
    walk.sql("UPDATE lead SET tags = '{a,b,c}', folded_tags = '{a,b,c}' WHERE id = 1 RETURNING id")
    walk.page("tag.renamed", "/tags/change", tag="a", name="d")
    walk.call("tag.renamed", "POST", "/tags/rename", json={"name": "b", "to": "e"})
    walk.call("tag.removed", "POST", "/tags/remove", json={"name": "c"})
    walk.page("field.created", "/fields", label="Plan", kind="text")
    walk.page("field.changed", "/fields/plan", label="Plans", kind="text")
    walk.call("field.changed", "PATCH", "/fields/plan", json={"label": "Plan"})
    walk.call("field.removed", "DELETE", "/fields/plan")
    walk.call("field.created", "POST", "/fields", json={"label": "Plan"})


def _touch(walk: Walk) -> str:
    with walk.runtime.sessions.begin() as session:
        return str(add_touch(session, 1, Touch("call"), by="user:1", now=walk.runtime.now()))
