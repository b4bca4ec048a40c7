"""/in_doubt and /provider_keys: what is done about mails in doubt, and how providers prove themselves."""

from typing import Any

from nurture.flows import doubt as flow
from nurture.flows.vouch import keep_key
from nurture.store import doubt
from nurture.web.api import door
from nurture.web.api.schemas.coming_back import DoubtIn, DoubtOut, ProviderKeyIn
from nurture.web.request import now, page_session, runtime

part = door.Part("coming_back", "Mails in doubt, and the signatures of providers.")


@part.route("/in_doubt", methods=["GET"])
@part.response(200, DoubtOut)
def standing() -> dict[str, Any]:
    """How many mails are in doubt; list them with `/deliveries?state=uncertain`."""
    count, policy = doubt.standing(page_session())
    return {"uncertain": count, "in_doubt": policy}


@part.route("/in_doubt", methods=["PUT"])
@part.arguments(DoubtIn)
@part.response(200, DoubtOut)
def choose(said: dict[str, Any]) -> dict[str, Any]:
    """What is done from now on, where a program does not say otherwise."""
    with runtime().sessions.begin() as session:
        flow.set_policy(session, said["in_doubt"], by=door.actor(), now=now())
        count, policy = doubt.standing(session)
    return {"uncertain": count, "in_doubt": policy}


@part.route("/provider_keys/<provider>", methods=["PUT"])
@part.arguments(ProviderKeyIn)
@part.response(204)
def keep(said: dict[str, Any], provider: str) -> None:
    """Refuse posts of this provider that it has not signed."""
    here = runtime()
    with here.sessions.begin() as session:
        keep_key(session, here.vault, provider, said["key"], by=door.actor(), now=now())
