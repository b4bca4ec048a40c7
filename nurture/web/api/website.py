"""/website: tracking of visits, set up as on its page."""

from typing import Any

from flask.typing import ResponseReturnValue

from nurture.flows import website as flow
from nurture.store import installation, websites
from nurture.store.websites import Site, VisitRule
from nurture.web.api import door
from nurture.web.api.plain import moment
from nurture.web.api.schemas.website import (
    SiteIn,
    SiteOut,
    StrangersIn,
    VisitRuleIn,
    VisitRuleOut,
    WebsiteOut,
)
from nurture.web.request import now, page_session, runtime

part = door.Part("website", "Tracking of visits to websites.")
_LATEST = 20
_OF_VISIT = ("site", "path", "title", "kind", "verdict", "lead_id")


@part.route("/website", methods=["GET"])
@part.response(200, WebsiteOut)
def standing() -> dict[str, Any]:
    """The script, the websites that may report, the rules over their pages, and the latest visits."""
    session = page_session()
    return {
        "script": f"{runtime().settings.base_url}/t.js",
        "sites": [_site(one) for one in websites.sites(session)],
        "rules": [_rule(one) for one in websites.rules(session)],
        "strangers_kept_days": installation.get(session).strangers_kept_days,
        "latest": [
            {
                "at": moment(one.at),
                **{name: getattr(one, name) for name in _OF_VISIT},
            }
            for one in websites.latest(session, _LATEST)
        ],
    }


@part.route("/website", methods=["PATCH"])
@part.arguments(StrangersIn)
@part.response(204)
def keep(said: dict[str, Any]) -> None:
    """Keep for so many days what somebody did whom nobody knows."""
    with runtime().sessions.begin() as session:
        flow.keep_strangers(session, said["strangers_kept_days"], by=door.actor(), now=now())


@part.route("/website/sites", methods=["POST"])
@part.arguments(SiteIn)
@part.response(201, SiteOut)
def add_site(said: dict[str, Any]) -> ResponseReturnValue:
    """Let a website report visits. Refused (409) when it is on the list already."""
    with runtime().sessions.begin() as session:
        return _site(flow.add_site(session, said["host"], by=door.actor(), now=now())), 201


@part.route("/website/sites/<int:site_id>", methods=["DELETE"])
@part.response(204)
def remove_site(site_id: int) -> None:
    """Refuse its reports from now on."""
    with runtime().sessions.begin() as session:
        flow.remove_site(session, site_id, by=door.actor(), now=now())


@part.route("/website/rules", methods=["POST"])
@part.arguments(VisitRuleIn)
@part.response(201, VisitRuleOut)
def add_rule(said: dict[str, Any]) -> ResponseReturnValue:
    """From now on looks at such pages are signals of this kind. Refused (409) for a pattern that is there."""
    with runtime().sessions.begin() as session:
        return _rule(flow.add_rule(session, **said, by=door.actor(), now=now())), 201


@part.route("/website/rules/<int:rule_id>", methods=["DELETE"])
@part.response(204)
def remove_rule(rule_id: int) -> None:
    """Such looks are plain visits again; what was told stays."""
    with runtime().sessions.begin() as session:
        flow.remove_rule(session, rule_id, by=door.actor(), now=now())


def _site(row: Site) -> dict[str, Any]:
    return {"id": row.id, "host": row.host, "created_at": moment(row.created_at)}


def _rule(row: VisitRule) -> dict[str, Any]:
    return {"id": row.id, "pattern": row.pattern, "kind": row.kind, "created_at": moment(row.created_at)}
