"""Forms of the company: the page, the script that draws one on another website, and what both send.

A POST needs no session: the signed word of the page (rules/forms/trap) tells people from programs, and
nothing in an answer tells whether an address is known. Other websites may send by POST alone, and read the
answer.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response, jsonify, make_response, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.utils import redirect

from nurture.errors import Invalid
from nurture.flows import forms as flow
from nurture.flows.sign_up import Circumstances, sign_up
from nurture.rules import words
from nurture.rules.colours import palette
from nurture.rules.forms import Asked, FormSpec, trap
from nurture.rules.forms.reading import origin_of
from nurture.rules.visits import BY_FORM, covers, host_of, mint_token, with_token
from nurture.rules.words import _
from nurture.store import forms, websites
from nurture.store.forms import OpenForm
from nurture.store.views import public
from nurture.web.files import STATIC
from nurture.web.limits import form_and_address, limiter
from nurture.web.public.evidence import evidence
from nurture.web.request import close_session, now, page_session, real_now, runtime
from nurture.web.security import form_policy, without_csrf

pages = Blueprint("public_forms", __name__)
_CAMPAIGN = ("utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content")
# What another website tells about its page; of an address only the path counts.
_ABOUT = {"page": "page", "referrer": "referrer"}
_LONGEST = 500
_SCRIPT = (STATIC / "form.js").read_text()


@dataclass(frozen=True)
class Drawn:
    """A form as the public sees it: its questions, what stands in them, what is wrong with them."""

    form: OpenForm
    spec: FormSpec
    questions: list[Asked]
    typed: Mapping[str, str]
    faults: Mapping[str, list[str]]
    notice: str = ""


@pages.get("/f/<form>")
def page(form: str) -> ResponseReturnValue:
    """The form; after sending it, the thanks. Answers may stand in the address: `?email=…`."""
    found = flow.open_at(page_session(), form)
    if request.args.get("sent"):
        return _thanks(flow.as_it_is(found))
    return _drawn(found, request.args, {})


@pages.get("/f/<form>.js")
def script(form: str) -> ResponseReturnValue:
    """Draws the form where the script stands, on whatever website. It runs nothing inline, sets no style of
    an element and loads nothing else, so that a strict policy of that website holds."""
    found = flow.open_at(page_session(), form)
    spec = flow.as_it_is(found)
    words.speak(words.nearest(spec.language) or words.ENGLISH)
    told = json.dumps(_told(found, spec), ensure_ascii=True)
    answer = Response(f"({_SCRIPT.strip()})({told});\n", mimetype="text/javascript")
    answer.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    answer.headers["Cache-Control"] = "no-store"
    return answer


@pages.post("/f/<form>")
@without_csrf
@limiter.limit("20 per 10 minutes", key_func=form_and_address, on_breach=lambda _limit: _too_often())
@limiter.limit("200 per day", key_func=form_and_address, on_breach=lambda _limit: _too_often())
def send(form: str) -> ResponseReturnValue:
    """Take the answers in. The same answers again, soon after, are the same."""
    found = flow.open_at(page_session(), form)
    spec = flow.as_it_is(found)
    words.speak(words.nearest(spec.language) or words.ENGLISH)
    typed = {name: value[:20_000].replace("\0", "") for name, value in request.form.items()}
    state = trap.caught(runtime().ring, found.row.id, typed, real_now())
    close_session()
    if state == trap.BAITED:
        with runtime().sessions.begin() as session:
            forms.count(session, found.row.id, refused=1, now=now())
        return _sent(found, spec, None)
    if state != trap.FINE:
        return _once_more(found, typed, state)
    try:
        with runtime().sessions.begin() as session:
            number = sign_up(
                session,
                found,
                typed,
                Circumstances(evidence(), _came_by(typed)),
                pepper=runtime().pepper,
                base_url=runtime().settings.base_url,
                now=now(),
            )
    except Invalid as refusal:
        return _refused(found, typed, refusal.errors, str(refusal))
    runtime().wake("deliver")
    return _sent(found, spec, number)


def _too_often() -> Response:
    """Many people share an address: whoever comes too late loses nothing that was typed."""
    found = flow.open_at(page_session(), str((request.view_args or {})["form"]))
    sentence = _(
        "Too many have sent this form from your network. Wait ten minutes, then press the button again."
    )
    answer = make_response(_refused(found, request.form, {}, sentence))
    answer.status_code = 429
    return answer


def _once_more(form: OpenForm, typed: Mapping[str, str], state: str) -> ResponseReturnValue:
    sentences = {
        trap.UNSEEN: _("Almost done: have a look, then press the button once more."),
        trap.HASTY: _("That was quick. Please press the button once more."),
        trap.STALE: _("This page was open for long. Please press the button once more."),
    }
    return _refused(form, typed, {}, sentences[state])


def _refused(
    form: OpenForm, typed: Mapping[str, str], faults: Mapping[str, list[str]], sentence: str
) -> ResponseReturnValue:
    if _by_script():
        told = jsonify(sent=False, sentence=sentence, errors=faults, shown=_shown(form))
        return _shared(told, 422)
    return _drawn(form, typed, faults, sentence), 422


def _sent(form: OpenForm, spec: FormSpec, number: int | None) -> ResponseReturnValue:
    """On to where the form leads. A website of ours learns by a signed word who comes; a program that
    filled in what nobody sees gets the same answer without it."""
    word = mint_token(runtime().ring, BY_FORM, number, real_now()) if number else ""
    target = spec.redirect
    if target and word and covers(websites.hosts(page_session()), host_of(target)):
        target = with_token(target, word)
    if _by_script():
        said = jsonify(sent=True, words=_thanks_of(spec), redirect=target, known=word)
        return _shared(said, 200)
    return redirect(target or url_for("public_forms.page", form=form.row.key, sent=1), code=303)


def _drawn(
    form: OpenForm, typed: Mapping[str, str], faults: Mapping[str, list[str]], notice: str = ""
) -> Response:
    session = page_session()
    spec = flow.as_it_is(form)
    words.speak(words.nearest(spec.language) or words.spoken())
    answer = make_response(
        render_template(
            "public/form.html",
            drawn=Drawn(form, spec, flow.questions(session, spec), typed, faults, notice),
            house=public.house(session),
            shown=_shown(form),
            bait=trap.BAIT,
            campaign={name: typed[name][:_LONGEST] for name in _CAMPAIGN if typed.get(name)},
        )
    )
    answer.headers["Content-Security-Policy"] = form_policy(origin_of(spec.redirect))
    return answer


def _thanks(spec: FormSpec) -> ResponseReturnValue:
    words.speak(words.nearest(spec.language) or words.spoken())
    return render_template(
        "public/form_thanks.html", spec=spec, house=public.house(page_session()), thanks=_thanks_of(spec)
    )


def _thanks_of(spec: FormSpec) -> list[str]:
    """The words after sending: those of the form, and where to look for the mail with the button."""
    said = [spec.thanks or _("Thank you. It has arrived.")]
    if spec.has_to_be_confirmed:
        said.append(
            _("One more step: we have sent you a mail. Press the button in it, so that we know it was you.")
        )
    return said


def _told(form: OpenForm, spec: FormSpec) -> dict[str, Any]:
    """What the script draws."""
    session = page_session()
    questions = flow.questions(session, spec)
    shades = palette(public.house(session).color).light
    return {
        "action": url_for("public_forms.send", form=form.row.key),
        "title": spec.title,
        "intro": spec.intro,
        "language": spec.language,
        "button": spec.button or _("Send"),
        "optional": _("optional"),
        "choose": _("Please choose"),
        "unreached": _("That did not arrive. Please try again."),
        "fields": [
            {
                "name": one.field.field,
                "label": one.field.label,
                "hint": one.field.hint,
                "required": one.field.required,
                "kind": one.kind,
                "choices": [[choice, _choice(one, choice)] for choice in one.choices],
            }
            for one in questions
        ],
        "consents": [
            {"name": f"consent.{one.purpose}", "wording": one.wording, "required": one.required}
            for one in spec.consents
        ],
        "bait": trap.BAIT,
        "shown": _shown(form),
        "accent": shades.accent,
        "on": shades.on,
    }


def _choice(one: Asked, choice: str) -> str:
    if one.kind != "bant":
        return choice
    return {"yes": _("Yes"), "partly": _("Partly"), "no": _("No")}[choice]


def _shown(form: OpenForm) -> str:
    return trap.word(runtime().ring, form.row.id, real_now())


def _came_by(typed: Mapping[str, str]) -> dict[str, str]:
    """Page, referrer and campaign, as far as they were told."""
    names = {**_ABOUT, **{name: name for name in _CAMPAIGN}}
    return {
        kept: typed[name].split("?")[0][:_LONGEST] if name in _ABOUT else typed[name][:_LONGEST]
        for name, kept in names.items()
        if typed.get(name)
    }


def _by_script() -> bool:
    return "application/json" in request.headers.get("Accept", "")


def _shared(answer: Response, status: int) -> ResponseReturnValue:
    """Another website may read this answer: it says nothing about anybody."""
    answer.status_code = status
    answer.headers["Access-Control-Allow-Origin"] = "*"
    answer.headers["Cache-Control"] = "no-store"
    return answer
