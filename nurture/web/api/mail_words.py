"""/mails: the words of one mail, in the draft of its program; seen, checked and made."""

from typing import Any

from nurture.errors import NotFound
from nurture.flows import drafts as flow
from nurture.flows import edit_draft, letters
from nurture.flows.check_programs import mail_source
from nurture.mail.prepare import RenderFault
from nurture.rules.program.speaking import of_mail
from nurture.rules.words import _
from nurture.store.mails import MailRow
from nurture.web.api import door
from nurture.web.api.draft_values import fault_list, mail_words
from nurture.web.api.problems import problem
from nurture.web.api.schemas.drafts import (
    CheckOut,
    DraftedMail,
    LeadQuery,
    MailChange,
    MailMade,
    MailPreviewOut,
)
from nurture.web.request import close_session, now, page_session, runtime

part = door.Part("mail-words", "The words of mails, as the draft of their program has them.")


@part.route("/mails", methods=["POST"])
@part.arguments(MailMade)
@part.response(201, DraftedMail)
def create(said: dict[str, Any]) -> tuple[dict[str, Any], int]:
    """A new mail in the draft of a program."""
    program_id, key = said.pop("program_id"), said.pop("key")
    _write(program_id, key, {"subject": "", **said})
    return _drafted(program_id, key, None), 201


@part.route("/mails/<int:mail_id>", methods=["GET"])
@part.response(200, DraftedMail)
def one(mail_id: int) -> dict[str, Any]:
    """The words of a mail as they are drafted now (as they are live, while nothing is drafted)."""
    row = _row(mail_id)
    return _drafted(row.program_id or 0, row.key, mail_id)


@part.route("/mails/<int:mail_id>", methods=["PATCH"])
@part.arguments(MailChange)
@part.response(200, DraftedMail)
def change(said: dict[str, Any], mail_id: int) -> dict[str, Any]:
    """Change words in the draft; they go out once the program is published."""
    row = _row(mail_id)
    program_id, key = row.program_id or 0, row.key
    _write(program_id, key, said)
    return _drafted(program_id, key, mail_id)


@part.route("/mails/<int:mail_id>/preview", methods=["GET"])
@part.arguments(LeadQuery, location="query")
@part.response(200, MailPreviewOut)
def preview(asked: dict[str, Any], mail_id: int) -> Any:
    """The drafted mail as a lead would see it; without one, as somebody of whom nothing is known."""
    row = _row(mail_id)
    session = page_session()
    folder = flow.read_draft(session, flow.draft_of(session, row.program_id or 0))
    if row.key not in folder.mails:
        raise NotFound(_("There is no such mail."))
    try:
        source = mail_source(folder.mails[row.key])
        said = of_mail(folder.program, row.key, source.sender)
        shown = letters.preview_words(session, source, asked["lead"], said)
    except RenderFault as fault:
        return problem(422, str(fault), errors={"body": [str(fault)]})
    if shown is None:
        raise NotFound(_("There is no such lead."))
    return {"subject": shown.subject, "html": shown.html, "text": shown.text, "sender": shown.sender}


@part.route("/mails/<int:mail_id>/check", methods=["GET"])
@part.response(200, CheckOut)
def check(mail_id: int) -> dict[str, Any]:
    """Everything wrong in the drafted words, and the steps that send or ask about the mail."""
    row = _row(mail_id)
    session = page_session()
    folder = flow.read_draft(session, flow.draft_of(session, row.program_id or 0))
    mine = [one for one in folder.faults.faults if one.path.startswith(f"mails/{row.key}.")]
    uses = edit_draft.mail_uses(folder, row.key)
    return {
        "faults": fault_list(mine),
        "sent_by": [{"chain": temperature, "step": step} for temperature, step in uses],
    }


def _row(mail_id: int) -> MailRow:
    row = page_session().get(MailRow, mail_id)
    if row is None or row.program_id is None:
        raise NotFound(_("There is no such mail."))
    return row


def _write(program_id: int, key: str, said: dict[str, Any]) -> None:
    close_session()
    with runtime().sessions.begin() as session:
        seen = said.pop("revision", None)
        revision = flow.draft_of(session, program_id).revision if seen is None else seen
        edit_draft.write_mail(session, program_id, revision, key, said, by=door.actor(), now=now())


def _drafted(program_id: int, key: str, mail_id: int | None) -> dict[str, Any]:
    close_session()
    session = page_session()
    draft = flow.draft_of(session, program_id)
    folder = flow.read_draft(session, draft)
    if key not in folder.mails:
        raise NotFound(_("There is no such mail."))
    return {
        "id": mail_id,
        "program_id": program_id,
        "revision": draft.revision,
        "mail": mail_words(folder.mails[key]),
    }
