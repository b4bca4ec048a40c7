"""Everything that is kept about one person, for the person (GDPR, articles 15 and 20)."""

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from nurture.errors import NotFound
from nurture.rules.messages import instant
from nurture.rules.words import _
from nurture.store import forms, identities, lead_edits, lead_json
from nurture.store.audit import audit
from nurture.store.views import consents
from nurture.store.views import timeline as timelines

_MOST = 100_000


def gather(session: Session, lead_id: int, *, by: str, now: datetime, base_url: str) -> dict[str, Any]:
    """The lead, the ledger of consent, every line of the timeline, every form that was sent, the
    names that other programs have for the person, and every change by hand, as plain JSON.
    That it was taken out is written down. Raises NotFound."""
    lead = lead_json.read(session, [lead_id], base_url=base_url, now=now).get(lead_id)
    if lead is None:
        raise NotFound(_("There is no such lead."))
    ledger = consents.page(session, lead_id=lead_id, before=None, limit=_MOST)
    touches = timelines.timeline(session, lead_id, before=None, limit=_MOST)
    edits = lead_edits.lately(session, lead_id, limit=_MOST)
    audit(session, by, "lead.exported", f"lead:{lead_id}", now=now)
    return {
        "lead": lead,
        "consents": [
            {
                "purpose": one.purpose,
                "state": one.state,
                "at": instant(one.at),
                "channel": one.channel,
                "wording": one.wording,
                "proof": one.proof,
            }
            for one in ledger
        ],
        "timeline": [
            {
                "at": instant(one.at),
                "what": one.what,
                "kind": one.kind,
                "about": one.about,
                "detail": one.detail,
            }
            for one in touches
        ],
        "forms": [
            {
                **one,
                "at": instant(one["at"]),
                "confirmed_at": instant(one["confirmed_at"]) if one["confirmed_at"] else None,
            }
            for one in forms.of_lead(session, lead_id, limit=_MOST)
        ],
        "names": [
            {"kind": kind, "value": value, "since": instant(at)}
            for kind, value, at in identities.of_lead(session, lead_id)
        ],
        "changes": [{"at": instant(one.at), "by": one.who, "changes": one.changes} for one in edits],
    }
