"""Rooms of the walk: hand-offs, sales, verdicts."""

from sqlalchemy import text

from nurture.flows.hand_over import hand_over
from nurture.flows.ripen import ripen
from nurture.flows.start_leads import places
from nurture.rules.ids import millis_of, uuid7
from nurture.rules.tokens import mint
from tests.conftest import TUESDAY
from tests.flows.ripe_leads import ripe
from tests.web.audit_walk import Walk


def handoffs(walk: Walk) -> None:
    with walk.runtime.sessions.begin() as session:
        model = session.execute(text("SELECT id FROM heat_model LIMIT 1")).scalar_one()
        leads = [
            row[0]
            for row in session.execute(
                text("SELECT id FROM lead WHERE erased_at IS NULL ORDER BY id LIMIT 3")
            )
        ]
        ripen(session, [ripe(lead, model) for lead in leads], now=TUESDAY)
    hand_over(walk.runtime.sessions, walk.runtime.ring, "http://localhost:8000", now=TUESDAY)
    first, second, third = (
        walk.sql(f"SELECT id FROM handoff ORDER BY id OFFSET {n} LIMIT 1") for n in range(3)
    )
    walk.page("handoff.answered", f"/handoffs/{first}/answer", outcome="accepted")
    walk.page("handoffs.exported", "/handoffs/export.csv")
    walk.page("lead.never_mail", f"/handoffs/{first}/never")
    walk.call("lead.never_mail", "POST", f"/handoffs/{second}/never_mail", json={})
    walk.sql("UPDATE enrollment SET state = 'ended', ended_at = entered_at")
    with walk.runtime.sessions() as session:
        place = places(session)[0][0]
    walk.page("lead.into_chain", f"/handoffs/{first}/chain", place=place)
    walk.call("lead.into_chain", "POST", f"/handoffs/{third}/into_chain", json={"place": place})
    mia = walk.sql(
        "INSERT INTO user_account (email, name, role, password_hash, created_at)"
        f" VALUES ('mia@kessler-ohm.example', 'Mia', 'sales', '-', '{TUESDAY}') RETURNING id"
    )
    walk.page("handoff.passed_on", f"/handoffs/{first}/pass-on", to=str(mia))
    token = mint(walk.runtime.ring, "answer", second)
    walk._did(
        "handoff.answered", walk.app.test_client(), "POST", f"/answer/{token}", json={"outcome": "accepted"}
    )
    walk.call("handoff.answered", "POST", f"/handoffs/{third}/outcome", json={"outcome": "accepted"})


def sales(walk: Walk) -> None:
    mia = walk.sql("SELECT id FROM user_account WHERE name = 'Mia'")
    team = {"within_min": "10", "warn_min": "3", "days": "0", "opens": "09:00", "closes": "18:00"}
    walk.page("team.created", "/settings/sales/teams", name="North", **team)
    north = walk.sql("SELECT id FROM sales_team WHERE name = 'North'")
    walk.page("team.changed", f"/settings/sales/teams/{north}", name="Norden", **team)
    walk.page("handover.changed", "/settings/sales/floor", per_day="", recycle_lost_days="")
    walk.page("seller.changed", f"/settings/sales/people/{mia}", team="1", per_day="3", open_most="")
    away = {"from": "2026-03-03", "until": "2026-03-04"}
    walk.page("absence.added", f"/settings/sales/people/{mia}/absences", **away)
    absence = walk.sql("SELECT id FROM sales_absence")
    walk.page("absence.removed", f"/settings/sales/absences/{absence}/remove")
    rule = {"name": "DE", "ask": "country", "value": "DE", "to": f"team-{north}"}
    walk.page("routing_rule.added", "/settings/sales/rules", **rule)
    number = walk.sql("SELECT id FROM routing_rule")
    walk.page("routing_rule.moved", f"/settings/sales/rules/{number}/move", up="1")
    walk.page("routing_rule.removed", f"/settings/sales/rules/{number}/remove")
    walk.page("team.removed", f"/settings/sales/teams/{north}/remove")
    _sales_by_the_api(walk, mia)


def _sales_by_the_api(walk: Walk, mia: int) -> None:
    south = walk.call("team.created", "POST", "/teams", json={"name": "South"}).json["id"]
    walk.call("team.changed", "PUT", f"/teams/{south}", json={"name": "Süd"})
    walk.call("handover.changed", "PUT", "/handover", json={})
    walk.call("seller.changed", "PUT", f"/sellers/{mia}", json={"team_id": 1})
    away = {"user_id": mia, "from_day": "2026-03-03", "until_day": "2026-03-04"}
    absence = walk.call("absence.added", "POST", "/absences", json=away).json["id"]
    walk.call("absence.removed", "DELETE", f"/absences/{absence}")
    rule = {"name": "DE", "condition": {"field": "country", "eq": "DE"}, "team_id": south}
    number = walk.call("routing_rule.added", "POST", "/routing_rules", json=rule).json["id"]
    walk.call("routing_rule.moved", "POST", f"/routing_rules/{number}/move", json={"up": True})
    walk.call("routing_rule.removed", "DELETE", f"/routing_rules/{number}")
    walk.call("team.removed", "DELETE", f"/teams/{south}")
    third = walk.sql("SELECT max(id) FROM handoff")
    walk.call("handoff.passed_on", "POST", f"/handoffs/{third}/pass_on", json={"to": mia})


def verdicts(walk: Walk) -> None:
    hit = uuid7(millis_of(TUESDAY), bytes(10))
    walk.sql(
        "INSERT INTO hit (id, received_at, occurred_at, kind, delivery_id, method, user_agent, headers,"
        f" verdict, reasons) SELECT '{hit}', '{TUESDAY}', '{TUESDAY}', 'open', max(id), 'GET', '', '{{}}',"
        " 'human', '{}' FROM delivery"
    )
    said = {"verdict": "machine", "reason": "our own scanner"}
    walk.call("hit.overruled", "POST", f"/hits/{hit}/verdict", json=said)
    pattern = said | {"field": "ip", "pattern": "192.0.2.0/24"}
    walk.call("hit.pattern_added", "POST", "/verdict_patterns", json=pattern)
    walk.call("hit.pattern_ended", "DELETE", "/verdict_patterns/1")
    delivery = walk.sql("SELECT max(id) FROM delivery")
    walk.page("hit.overruled", f"/deliveries/{delivery}/hits/{hit}", verdict="human")
    kind = {"field": "user_agent", "pattern": "LinkGuard", "verdict": "machine", "reason": ""}
    walk.page("hit.pattern_added", "/settings/machines", **kind)
    walk.call("trap_link.changed", "PUT", "/trap_link", json={"on": False})
    walk.page("trap_link.changed", "/settings/machines/trap", on="1")
    last = walk.sql("SELECT max(id) FROM verdict_pattern")
    walk.page("hit.pattern_ended", f"/settings/machines/{last}/end")
