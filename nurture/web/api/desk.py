"""/handoffs/{id}/…: what a salesperson does beside the answer."""

from typing import Any

from nurture.flows import work_handoffs
from nurture.web.api import door
from nurture.web.api.schemas.desk import BantIn, IntoChainIn, NeverIn, NoteIn
from nurture.web.request import now, runtime

part = door.Part("desk", "What a salesperson does beside the answer.")


@part.route("/handoffs/<int:handoff_id>/bant", methods=["POST"])
@part.arguments(BantIn)
@part.response(204)
def learn(said: dict[str, Any], handoff_id: int) -> None:
    """One answer of BANT, with sales as its source."""
    with runtime().sessions.begin() as session:
        work_handoffs.learn(
            session,
            handoff_id,
            said["part"],
            said["answer"],
            by=door.actor(),
            pepper=runtime().pepper,
            base_url=runtime().settings.base_url,
            now=now(),
        )


@part.route("/handoffs/<int:handoff_id>/note", methods=["POST"])
@part.arguments(NoteIn)
@part.response(204)
def note(said: dict[str, Any], handoff_id: int) -> None:
    """A note, kept in the timeline of the lead too; nobody has to be asked what came of it."""
    with runtime().sessions.begin() as session:
        work_handoffs.note(session, handoff_id, said["note"], by=door.actor(), now=now())


@part.route("/handoffs/<int:handoff_id>/never_mail", methods=["POST"])
@part.arguments(NeverIn)
@part.response(204)
def never_mail(said: dict[str, Any], handoff_id: int) -> None:
    """The person, or with `whom: domain` everybody at their domain, wants no mails any more."""
    end = work_handoffs.never_mail_domain if said["whom"] == "domain" else work_handoffs.never_mail
    with runtime().sessions.begin() as session:
        end(session, handoff_id, pepper=runtime().pepper, by=door.actor(), now=now())


@part.route("/handoffs/<int:handoff_id>/into_chain", methods=["POST"])
@part.arguments(IntoChainIn)
@part.response(204)
def into_chain(said: dict[str, Any], handoff_id: int) -> None:
    """Begin a chain with the lead; its mails wait while sales is talking."""
    with runtime().sessions.begin() as session:
        work_handoffs.into_chain(session, handoff_id, said["place"], by=door.actor(), now=now())
