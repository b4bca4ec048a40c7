"""/leads/{id}/why: why a mail was sent or not, and what everybody waits for."""

from typing import Any

from nurture.errors import Invalid
from nurture.flows import why as flow
from nurture.rules import why as rules
from nurture.rules.why import Answer
from nurture.rules.words import _
from nurture.web import rendering
from nurture.web.api import door
from nurture.web.api.plain import moment
from nurture.web.api.schemas.why import Asked, WhyOut
from nurture.web.request import now as instant
from nurture.web.request import page_session, runtime

part = door.Part("why", "Why a mail was sent, is not sent yet, or is not sent at all.")


@part.route("/leads/<int:lead_id>/why", methods=["GET"])
@part.arguments(Asked, location="query")
@part.response(200, WhyOut)
def lead(asked: dict[str, Any], lead_id: int) -> dict[str, Any]:
    """Why this mail was or was not sent; without `step` an answer for every step, in `data`."""
    if asked["newsletter"] is not None:
        answer = flow.why_newsletter(
            page_session(), lead_id, asked["newsletter"], now=instant(), live=sends_before_live()
        )
        return {"lead_id": lead_id, "newsletter_id": asked["newsletter"], **said(answer)}
    found = flow.why(page_session(), lead_id, asked["chain"], now=instant(), live=sends_before_live())
    about = {
        "lead_id": lead_id,
        "chain_id": found.chain_id,
        "program": found.program.key,
        "chain": found.temperature,
        "version": found.version,
    }
    if asked["step"] is None:
        return {**about, "data": [{"step": key, **said(one)} for key, one in found.steps.items()]}
    if asked["step"] not in found.steps:
        sentence = _("The chain has no such step; it has: ") + ", ".join(found.steps) + "."
        raise Invalid(sentence, {"step": [sentence]})
    return {**about, "step": asked["step"], **said(found.steps[asked["step"]])}


def step_said(step: flow.StepStats) -> dict[str, Any]:
    """A step with its counts, and what those standing there wait for."""
    reasons = step.reasons
    return {
        "key": step.key,
        "older": step.older,
        "counts": dict(step.counts),
        "waiting": [
            {
                "reason": one.reason,
                "at": moment(one.at),
                "shared": one.shared,
                "n": one.n,
                "version": one.version,
                "sentence": rules.waiting_words(one, rendering.moment),
            }
            for one in reasons.waiting
        ],
        "not_sent": [
            {"reason": reason, "n": n, "sentence": rules.not_sent_words(reason, n)}
            for reason, n in reasons.not_sent.items()
        ],
        "sentence": rules.reasons_sentence(reasons, rendering.moment),
    }


def said(answer: Answer) -> dict[str, Any]:
    """An answer with its sentence in the reader's language."""
    return {
        "state": answer.state,
        "reason": answer.reason,
        "at": moment(answer.at),
        "detail": dict(answer.detail),
        "sentence": rules.sentence(answer, rendering.moment),
        "delivery_id": answer.delivery_id,
        "consent_id": answer.consent_id,
    }


def sends_before_live() -> bool:
    """Whether mails go out without the switch: scripted installations, and those with the catcher."""
    settings = runtime().settings
    return settings.live or settings.smtp_url is None
