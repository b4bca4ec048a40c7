"""The words of the draft's mails: written beside the mail as it will read, and sent to oneself."""

from dataclasses import replace

from flask import flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from nurture.errors import Invalid, NotFound
from nurture.files.mail_files import FORMATS, MailFile
from nurture.flows import edit_draft, letters
from nurture.flows.check_programs import mail_source
from nurture.flows.test_mail import send_drafted
from nurture.mail.prepare import RenderFault
from nurture.rules.program.speaking import of_mail
from nurture.rules.words import _
from nurture.web.admin import sender_words
from nurture.web.admin.editor.door import Open, home, opened, pages, revision, saved
from nurture.web.parts import DARK
from nurture.web.query import number, text
from nurture.web.request import now, page_session, runtime, signed_in
from nurture.web.security import MAIL_POLICY

_WORDS = ("name", "subject", "preheader", "layout", "format", "sender", "body")


@pages.get("/edit/mails")
def mail_list(program_id: int) -> ResponseReturnValue:
    """Every mail of the draft, in whose name it goes out, and the steps that it is used in."""
    here = opened(program_id)
    mails = here.folder.mails
    uses = {key: edit_draft.mail_uses(here.folder, key) for key in mails}
    says = {key: mail.sender for key, mail in mails.items()}
    speaking = sender_words.speaking(here.folder.program, says)
    return render_template("admin/editor/mails.html", here=here, tab="mails", uses=uses, speaking=speaking)


@pages.get("/edit/mails/<key>")
def mail(program_id: int, key: str) -> ResponseReturnValue:
    """The words of a mail in one language, and the mail beside them."""
    here = opened(program_id)
    found = _mail(here, key, text("language"))
    first = here.folder.mails[key]
    return render_template(
        "admin/editor/mail.html",
        here=here,
        tab="mails",
        mail=found,
        languages=[first, *first.others],
        is_first=found is first,
        formats=FORMATS,
        senders=sender_words.for_mail(here.folder.program, first.sender),
        faults=_faults(here, found),
        uses=edit_draft.mail_uses(here.folder, key),
    )


@pages.post("/edit/mails")
def add_mail(program_id: int) -> ResponseReturnValue:
    """A new mail, or an old one in another language."""
    key, language = request.form.get("key", "").strip(), request.form.get("language", "").strip().lower()
    by = signed_in().actor
    here = opened(program_id)
    first = here.folder.mails.get(key)
    if first is not None and not language:
        flash(_("There is a mail of this key."), "bad")
        return redirect(url_for("editor.mail", program_id=program_id, key=key), 303)
    said = (
        {"subject": first.subject, "body": first.body, "format": first.format} if first else {"subject": ""}
    )
    refused = saved(
        lambda session: edit_draft.write_mail(
            session, program_id, revision(), key, said, language=language, by=by, now=now()
        )
    )
    back = url_for("editor.mail", program_id=program_id, key=key, language=language or None)
    return refused or redirect(back, 303)


@pages.post("/edit/mails/<key>")
def save_mail(program_id: int, key: str) -> ResponseReturnValue:
    """The words as they stand in the form."""
    said = {name: request.form[name] for name in _WORDS if name in request.form}
    said = {name: value if name == "body" else value.strip() for name, value in said.items()}
    language, by = request.form.get("other", ""), signed_in().actor
    refused = saved(
        lambda session: edit_draft.write_mail(
            session, program_id, revision(), key, said, language=language, by=by, now=now()
        )
    )
    step, chain = request.form.get("step", ""), request.form.get("chain", "")
    if step and refused is None:
        return redirect(url_for(home(), program_id=program_id, chain=chain, step=step), 303)
    back = url_for("editor.mail", program_id=program_id, key=key, language=language or None)
    return refused or redirect(back, 303)


@pages.post("/edit/mails/<key>/remove")
def remove_mail(program_id: int, key: str) -> ResponseReturnValue:
    """Take a mail away; refused, with the places, while a step asks for it."""
    by = signed_in().actor
    refused = saved(
        lambda session: edit_draft.remove_mail(session, program_id, revision(), key, by=by, now=now())
    )
    return refused or redirect(url_for("editor.mail_list", program_id=program_id), 303)


@pages.get("/edit/mails/<key>/look")
def look(program_id: int, key: str) -> ResponseReturnValue:
    """What stands in the frame: the drafted mail as a lead would see it, unable to run."""
    here = opened(program_id)
    found, first = _mail(here, key, text("language")), _mail(here, key, "")
    try:
        source = replace(mail_source(found), others=())
        said = of_mail(here.folder.program, key, first.sender)
        shown = letters.preview_words(page_session(), source, number("lead"), said)
        html = shown.html if shown is not None else _sentence(_("There is no such lead."))
    except RenderFault as fault:
        html = _sentence(str(fault))
    except Invalid as refusal:
        html = _sentence(" ".join(one for many in refusal.errors.values() for one in many))
    if request.args.get("dark") == "1":
        html = html.replace("</head>", f"{DARK}</head>", 1)
    answer = make_response(html)
    answer.headers["Content-Security-Policy"] = MAIL_POLICY
    return answer


@pages.post("/edit/mails/<key>/test")
def test_mail(program_id: int, key: str) -> ResponseReturnValue:
    """Send the drafted mail to oneself."""
    person, language = signed_in(), request.form.get("other", "")
    refused = saved(
        lambda session: send_drafted(
            session, program_id, key, person.email, language=language, by=person.actor, now=now()
        )
    )
    if refused is None:
        runtime().wake("deliver")
        flash(_("The test is on its way to %(address)s.") % {"address": person.email})
    back = url_for("editor.mail", program_id=program_id, key=key, language=request.form.get("other") or None)
    return refused or redirect(back, 303)


def _mail(here: Open, key: str, language: str) -> MailFile:
    first = here.folder.mails.get(key)
    wanted = [
        one for one in ((first, *first.others) if first else ()) if not language or one.language == language
    ]
    if not wanted:
        raise NotFound(_("There is no such mail."))
    return wanted[0]


def _faults(here: Open, mail: MailFile) -> list[str]:
    """What is wrong in the words, each with its line."""
    found = [one for one in here.folder.faults.faults if one.path.endswith(mail.path)]
    return [f"{_('Line %(line)s:') % {'line': one.line}} {one.sentence}" for one in sorted(found)]


def _sentence(words: str) -> str:
    return render_template("parts/mail_fault.html", sentence=words)
