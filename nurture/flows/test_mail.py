"""Mails to try things out: whom they may reach, and any mail to oneself. In the caller's transaction."""

import secrets
from dataclasses import replace
from datetime import datetime

from sqlalchemy.orm import Session

from nurture.errors import Invalid, NotFound
from nurture.flows.check_programs import mail_source
from nurture.flows.drafts import draft_of, read_draft
from nurture.flows.queue_mail import keep_mail, queue_service_mail, queue_test
from nurture.mail.compile import check
from nurture.mail.source import MailSource
from nurture.rules import addresses
from nurture.rules.program import examine
from nurture.rules.program.speaking import of_mail
from nurture.rules.words import _
from nurture.store import installation as installations
from nurture.store import leads, mails, programs
from nurture.store.audit import audit

MOST_ADDRESSES = 50


def set_test_addresses(session: Session, lines: str, *, by: str, now: datetime) -> list[str]:
    """Before it is live the installation writes to these and to its own users alone; one a line. Raises
    Invalid with every line that is no address. The audit log keeps their number, not who they are."""
    given = [line.strip() for line in lines.replace(",", "\n").splitlines() if line.strip()]
    wrong = [line[:100] for line in given if addresses.check(line).norm is None]
    if wrong:
        sentence = _("These are no e-mail addresses: {lines}.").format(lines=", ".join(wrong[:5]))
        raise Invalid(sentence, {"test_addresses": [sentence]})
    if len(given) > MOST_ADDRESSES:
        sentence = _("At most {most} addresses.").format(most=MOST_ADDRESSES)
        raise Invalid(sentence, {"test_addresses": [sentence]})
    kept = sorted({addresses.normalise(line) for line in given})
    installation = installations.lock(session)
    before, installation.test_addresses = list(installation.test_addresses), kept
    if before != kept:
        detail = {"n": [len(before), len(kept)]}
        audit(session, by, "test_addresses.changed", "installation", now=now, detail=detail)
    return kept


def lead_meant(session: Session, said: str) -> int | None:
    """The lead of an address or a number; None when nothing is said. Raises Invalid for nobody's."""
    if not said:
        return None
    if said.isascii() and said.isdigit() and len(said) < 19:
        return int(said)
    found = leads.by_emails(session, [addresses.normalise(said)])
    if not found:
        sentence = _("There is no lead with this address or number.")
        raise Invalid(sentence, {"lead_id": [sentence]})
    return next(iter(found.values()))


def send_test(
    session: Session, mail_id: int, address: str, *, lead_id: int | None = None, by: str, now: datetime
) -> int:
    """Send the newest version of a mail to a colleague, as the lead would see it; the delivery's id. Raises
    NotFound, Invalid."""
    version_id = mails.newest_version(session, mail_id)
    if version_id is None:
        raise NotFound(_("There is no such mail."))
    _refuse_strangers(session, address, lead_id)
    dedup_key = f"test:mail:{mail_id}:{secrets.token_hex(8)}"
    sender = _newest_saying(session, mail_id, version_id)
    delivery_id = queue_test(
        session, version_id, address.strip(), dedup_key=dedup_key, lead_id=lead_id, sender=sender, now=now
    )
    assert delivery_id is not None, "the key is new"
    audit(session, by, "mail.test_sent", f"mail:{mail_id}", now=now)
    return delivery_id


def send_drafted(
    session: Session,
    program_id: int,
    key: str,
    address: str,
    *,
    language: str = "",
    lead_id: int | None = None,
    by: str,
    now: datetime,
) -> int:
    """Send a mail to a colleague as the draft of its program has it now, which need not be part of any
    version; the delivery's id. `language` "" is the one it is written in first. Raises NotFound, Invalid with
    every fault of its words."""
    folder = read_draft(session, draft_of(session, program_id))
    first = folder.mails.get(key)
    written = [one for one in ((first, *first.others) if first else ()) if language in ("", one.language)]
    if not written:
        raise NotFound(_("There is no such mail."))
    _refuse_strangers(session, address, lead_id)
    source = mail_source(written[0])
    _refuse_faults(source)
    words = replace(source, key=f"draft-{program_id}-{key}"[:63])
    version_id = keep_mail(session, None, words, key, now=now)
    dedup_key = f"test:draft:{program_id}:{secrets.token_hex(8)}"
    sender = of_mail(folder.program, key, first.sender if first is not None else "")
    delivery_id = queue_test(
        session, version_id, address.strip(), dedup_key=dedup_key, lead_id=lead_id, sender=sender, now=now
    )
    assert delivery_id is not None, "the key is new"
    audit(session, by, "mail.test_sent", f"program:{program_id}", now=now)
    return delivery_id


def send_as_it_stands(
    session: Session, mail_id: int, address: str, *, lead_id: int | None = None, by: str, now: datetime
) -> int:
    """Send a mail to a colleague as it is drafted now; one that no draft has as its newest version has it;
    the delivery's id. Raises NotFound, Invalid."""
    row = session.get(mails.MailRow, mail_id)
    if (
        row is None
        or row.program_id is None
        or row.key not in read_draft(session, draft_of(session, row.program_id)).mails
    ):
        return send_test(session, mail_id, address, lead_id=lead_id, by=by, now=now)
    return send_drafted(session, row.program_id, row.key, address, lead_id=lead_id, by=by, now=now)


def _newest_saying(session: Session, mail_id: int, version_id: int) -> str | None:
    """In whose name the newest version of a program sends a mail; None for one that is no program's."""
    row = session.get_one(mails.MailRow, mail_id)
    newest = programs.latest_version(session, row.program_id) if row.program_id is not None else None
    if newest is None:
        return None
    return of_mail(examine(newest.spec).program, row.key, mails.sender_said(session, version_id))


def _refuse_faults(source: MailSource) -> None:
    """Invalid with every fault of the words, each with its line."""
    faults = [
        _("Line {line}: {sentence}").format(line=line, sentence=sentence) for line, sentence in check(source)
    ]
    if faults:
        raise Invalid(_("The mail “{key}” has faults.").format(key=source.key), {source.key: faults})


def _refuse_strangers(session: Session, address: str, lead_id: int | None) -> None:
    if lead_id is not None and lead_id not in leads.existing(session, [lead_id]):
        sentence = _("There is no such lead.")
        raise Invalid(sentence, {"lead_id": [sentence]})
    if addresses.check(address).norm is None:
        sentence = _("This is not an e-mail address.")
        raise Invalid(sentence, {"email": [sentence]})


def send_connection_test(session: Session, address: str, *, by: str, now: datetime) -> int:
    """Send the engine's own test mail; the delivery's id, under which its way is seen."""
    delivery_id = queue_service_mail(
        session,
        "connection",
        purpose="notice",
        dedup_key=f"test:connection:{secrets.token_hex(8)}",
        address=address,
        now=now,
    )
    assert delivery_id is not None, "the key is new"
    audit(session, by, "mail.test_sent", "mail_connection", now=now)
    return delivery_id
