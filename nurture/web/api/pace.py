"""/pace: how fast mails may go out, and to whom more slowly."""

from typing import Any

from nurture.flows import deliver_again, standing, when_done
from nurture.flows import transports as flow
from nurture.rules.transports import Limits
from nurture.store import pacing
from nurture.web.api import door
from nurture.web.api.plain import moment
from nurture.web.api.schemas.transports import PaceOut, ReceiverLimitIn, WarmUpIn
from nurture.web.request import now, page_session, runtime

part = door.Part("pace", "How fast mails go out: limits of receivers, warm-ups, paused sending domains.")


@part.route("/pace", methods=["GET"])
@part.response(200, PaceOut)
def stands() -> dict[str, Any]:
    """Everything that holds now."""
    return _shown()


@part.route("/pace/limits", methods=["PUT"])
@part.arguments(ReceiverLimitIn)
@part.response(200, PaceOut)
def limit(said: dict[str, Any]) -> dict[str, Any]:
    """Limit what goes to a recipient domain or a mailbox provider, or lift its limit."""
    limits = Limits(said["per_second"], said["per_hour"], said["per_day"])
    with runtime().sessions.begin() as session:
        flow.set_limit(session, said["kind"], said["name"], limits, by=door.actor(), now=now())
    return _shown()


@part.route("/pace/warm_ups", methods=["PUT"])
@part.arguments(WarmUpIn)
@part.response(200, PaceOut)
def warm_up(said: dict[str, Any]) -> dict[str, Any]:
    """Begin, change or end a schedule."""
    days = " ".join(str(most) for most in said["days"])
    with runtime().sessions.begin() as session:
        flow.warm_up(
            session, said["kind"], said["name"], days, said["started_on"], by=door.actor(), now=now()
        )
    return _shown()


@part.route("/pace/senders/<domain>/send", methods=["POST"])
@part.response(200, PaceOut)
def let_send(domain: str) -> dict[str, Any]:
    """Let a paused sending domain send again."""
    with runtime().sessions.begin() as session:
        deliver_again.let_sender_send(session, domain, by=door.actor(), now=now())
    runtime().wake("deliver")
    return _shown()


def _shown() -> dict[str, Any]:
    session = page_session()
    ahead = when_done.ahead(session, now=now())
    return {
        "waiting": ahead.waiting,
        "estimated_end": moment(ahead.end),
        "limits": [
            {"kind": kind, "name": name, **vars(found)}
            for (kind, name), found in pacing.limits(session).items()
        ],
        "slowed": [
            {
                "provider": one.provider,
                "rate": one.rate,
                "ceiling": one.ceiling,
                "since": moment(one.since),
                "reply": one.reply,
            }
            for one in standing.slowed(session, now=now())
        ],
        "warm_ups": [
            {
                "kind": one.kind,
                "name": one.name,
                "day": one.day,
                "days": one.days,
                "most_today": one.most,
                "left_today": one.left,
                "over_on": one.over_on.isoformat(),
            }
            for one in standing.warm_ups(session, now=now())
        ],
        "paused_senders": [
            {"domain": one.domain, "since": moment(one.at), "reply": one.reply}
            for one in standing.paused_senders(session)
        ],
    }
