"""The timeline of a lead: signals, hits of machines, deliveries, stages, temperatures, answers of sales."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

TIMELINE_PAGE = 40


@dataclass(frozen=True)
class Touch:
    """One line of the timeline. `what` is signal, hit, delivery, stage, temperature, outcome, handoff or
    later (put off, came back); `verdict` of a signal that somebody took back is taken_back, `source` is who
    reported a signal."""

    at: datetime
    what: str
    kind: str
    ref: str
    about: str
    detail: dict[str, Any]
    verdict: str
    source: str
    place: str

    @property
    def mark(self) -> "Mark":
        """Where a page that ends with this line ends."""
        return Mark(self.at, self.what, self.place)


@dataclass(frozen=True)
class Mark:
    """A place in the timeline: of several lines of one instant, `what` and then `place` (the line's own id,
    written so that it sorts as text) decide."""

    at: datetime
    what: str
    place: str

    def __str__(self) -> str:
        return f"{self.at.isoformat()} {self.what} {self.place}"

    @classmethod
    def read(cls, written: object) -> "Mark":
        """A mark as str writes it; raises ValueError for anything else."""
        if not isinstance(written, str) or not _WRITTEN.fullmatch(written):
            raise ValueError("no place in a timeline")
        at, what, place = written.split(" ")
        moment = datetime.fromisoformat(at)
        if moment.tzinfo is None:
            raise ValueError("an instant has a zone")
        return cls(moment, what, place)


_WRITTEN = re.compile(r"[0-9T:.+-]{10,40} [a-z]{1,20} [0-9a-f-]{1,36}", re.ASCII)


def timeline(
    session: Session, lead_id: int, *, before: Mark | None, only: str = "", limit: int = TIMELINE_PAGE
) -> list[Touch]:
    """One statement: what happened, newest first, up to `limit` + 1 lines (one more says that there is more).

    `only` is mails, people or empty. Human opens and clicks come from signals; hits add what machines
    did. What sales answered stands there once: its signals are left out.
    """
    kinds = {"mails": ["delivery", "hit", "mail"], "people": ["signal", "outcome", "handoff"]}.get(only, [])
    mark = {"at": before and before.at, "what": before and before.what, "place": before and before.place}
    given = {"lead": lead_id, "limit": limit + 1, "kinds": kinds, "all": not kinds}
    return [Touch(*row) for row in session.execute(_TIMELINE, given | mark)]


def _asked(what: str) -> str:
    return f"(:all OR '{what}' = ANY(:kinds))"


def _older(what: str, at: str, number: str) -> str:
    """Lines of one source below the mark, the newest first. Each source brings a whole page, cut in the order
    in which they are merged: what one leaves out could not stand on it. The bound of the instant alone is
    for the index."""
    place = _place(number)
    return f"""(CAST(:at AS timestamptz) IS NULL
               OR ({at} <= :at
                   AND ({at} < :at OR '{what}' > CAST(:what AS text)
                        OR ('{what}' = CAST(:what AS text) AND {place} < :place))))
         ORDER BY {at} DESC, {place} DESC LIMIT :limit"""


def _place(number: str) -> str:
    """The id as text that sorts as the id does."""
    return f"lpad({number}::text, 36, '0') COLLATE \"C\""


_TIMELINE = text(
    f"""
    SELECT at, what, kind, ref, about, detail, verdict, source, place FROM (
      (SELECT s.occurred_at AS at, 'signal' AS what, s.kind AS kind, s.id::text AS ref,
              coalesce(mv.subject, s.mail_key, '') AS about, s.data AS detail,
              CASE v.reason WHEN 'taken_back' THEN v.reason
                            ELSE coalesce(v.verdict, s.verdict) END AS verdict,
              s.source AS source, {_place("s.id")} AS place
         FROM signal s
         LEFT JOIN delivery d ON d.id = s.delivery_id
         LEFT JOIN mail_version mv ON mv.id = d.mail_version_id
         LEFT JOIN LATERAL (SELECT verdict, reason FROM signal_verdict WHERE signal_id = s.id
                            ORDER BY at DESC LIMIT 1) v ON true
        WHERE s.lead_id = :lead AND s.source <> 'sales'
          AND (:all OR CASE WHEN s.kind IN ('opened', 'clicked') THEN 'mail' ELSE 'signal' END = ANY(:kinds))
          AND {_older("signal", "s.occurred_at", "s.id")})
      UNION ALL
      (SELECT h.received_at, 'hit', h.kind, h.id::text, coalesce(mv.subject, ''),
              jsonb_build_object('reasons', coalesce(v.reasons, h.reasons)),
              coalesce(v.verdict, h.verdict), '', {_place("h.id")}
         FROM hit h
         LEFT JOIN delivery d ON d.id = h.delivery_id
         LEFT JOIN mail_version mv ON mv.id = d.mail_version_id
         LEFT JOIN LATERAL (
             SELECT verdict, CASE WHEN by = 'rules' THEN string_to_array(reason, ' ')
                                  ELSE ARRAY[reason] END AS reasons
             FROM signal_verdict WHERE signal_id = h.id ORDER BY at DESC LIMIT 1) v ON true
        WHERE h.lead_id = :lead AND coalesce(v.verdict, h.verdict) <> 'human'
          AND NOT EXISTS (SELECT FROM signal s WHERE s.id = h.id AND s.received_at = h.received_at)
          AND {_asked("hit")} AND {_older("hit", "h.received_at", "h.id")})
      UNION ALL
      (SELECT d.at, 'delivery', d.state, d.id::text,
              mv.subject, jsonb_build_object('reason', d.reason, 'purpose', d.purpose,
                                             'bounced', d.bounced_at, 'complained', d.complained_at),
              '', '', {_place("d.id")}
         FROM (SELECT *, coalesce(sent_at, settled_at, created_at) AS at FROM delivery
               WHERE lead_id = :lead AND state NOT IN ('scheduled')) d
         JOIN mail_version mv ON mv.id = d.mail_version_id
        WHERE {_asked("delivery")} AND {_older("delivery", "d.at", "d.id")})
      UNION ALL
      (SELECT at, 'stage', new, id::text, reason, jsonb_build_object('old', old, 'by', by), '', '',
              {_place("id")}
         FROM stage_change
        WHERE lead_id = :lead AND {_asked("stage")} AND {_older("stage", "at", "id")})
      UNION ALL
      (SELECT t.at, 'temperature', t.new, t.id::text, t.reason,
              jsonb_build_object('old', t.old, 'heat', t.heat), '', '', {_place("t.id")}
         FROM temperature_change t JOIN heat_model m ON m.id = t.model_id AND m.key = 'default'
        WHERE t.lead_id = :lead AND {_asked("temperature")} AND {_older("temperature", "t.at", "t.id")})
      UNION ALL
      (SELECT o.at, 'outcome', o.outcome, h.id::text, o.reason,
              jsonb_build_object('note', o.note, 'amount', o.amount, 'currency', o.currency,
                                 'happens_at', o.happens_at, 'by', o.by), '', '', {_place("o.id")}
         FROM handoff h JOIN handoff_outcome o ON o.handoff_id = h.id
        WHERE h.lead_id = :lead AND {_asked("outcome")} AND {_older("outcome", "o.at", "o.id")})
      UNION ALL
      (SELECT e.at, 'later', CASE WHEN e.changes #>> '{{future_at,1}}' IS NOT NULL THEN 'put_off'
                                  WHEN e.by = 'readiness' THEN 'came_back' ELSE 'now' END,
              e.id::text, '',
              jsonb_build_object('by', e.by, 'at', coalesce(
                  e.changes #>> '{{future_at,1}}', e.changes #>> '{{future_at,0}}')),
              '', '', {_place("e.id")}
         FROM lead_edit e
        WHERE e.lead_id = :lead AND jsonb_exists(e.changes, 'future_at')
          AND {_asked("later")} AND {_older("later", "e.at", "e.id")})
    ) AS every
    ORDER BY at DESC, what, place DESC LIMIT :limit
    """
)
