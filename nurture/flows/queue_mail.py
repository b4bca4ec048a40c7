"""Mails that no chain sends: tests, confirmations, notices. Each becomes a delivery row like any other."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from nurture.mail import layouts
from nurture.mail.compile import compile_mail, fingerprint
from nurture.mail.source import SERVICE, MailSource
from nurture.mail.trap import trap_of
from nurture.rules.words import ENGLISH, nearest, retold, speaking
from nurture.store import deliveries, mails, readers
from nurture.store.mails import NewVersion

CONFIRMATION = "confirmation"
NOTICE = "notice"
TEST = "test"
NEWSLETTER = "newsletter"


def keep_mail(
    session: Session, program_id: int | None, source: MailSource, name: str, *, now: datetime
) -> int:
    """The id of the mail's version with these words, compiled if they are new. Raises Invalid with every
    fault of the mail. In the caller's transaction."""
    compiled = compile_mail(source)
    version = NewVersion(
        key=source.key,
        name=name,
        subject=source.subject,
        source=source.as_json(),
        source_hash=fingerprint(source),
        compiled=compiled.as_json(),
        links=[*((link.no, link.url, link.label) for link in compiled.all_links), *trap_of(compiled)],
    )
    return mails.keep_version(session, program_id, version, now=now)


def queue_service_mail(
    session: Session,
    key: str,
    *,
    purpose: str,
    dedup_key: str,
    now: datetime,
    lead_id: int | None = None,
    address: str | None = None,
    params: Mapping[str, Any] | None = None,
    retell: Sequence[str] = (),
    consent_id: int | None = None,
) -> int | None:
    """Queue one of the engine's own mails (templates/mail/service/<key>.md) to a lead, or to an address
    that is none's (a colleague), in the reader's language. The delivery's id; None when `dedup_key` was
    queued before. The params named in `retell` are sentences of ours, kept in English; `consent_id` is the
    entry of the ledger that the mail rests on."""
    if lead_id is not None:
        wanted = readers.languages_of_lead(session, lead_id)
    else:
        wanted = readers.languages_of_colleague(session, address)
    version_id = keep_own_mail(session, key, wanted, now=now)
    with speaking(_language(wanted)):
        told = {name: retold(text) if name in retell else text for name, text in (params or {}).items()}
    return deliveries.queue(
        session,
        dedup_key=dedup_key,
        purpose=purpose,
        mail_version_id=version_id,
        lead_id=lead_id,
        address=address,
        params=told,
        now=now,
        consent_id=consent_id,
    )


def queue_test(
    session: Session,
    mail_version_id: int,
    address: str,
    *,
    dedup_key: str,
    now: datetime,
    lead_id: int | None = None,
    sender: str | None = None,
) -> int | None:
    """Queue a mail to a colleague's address, as the lead would see it, in the name of `sender`
    (rules/senders.py)."""
    return deliveries.queue(
        session,
        dedup_key=dedup_key,
        purpose=TEST,
        mail_version_id=mail_version_id,
        lead_id=lead_id,
        address=address,
        params={"sender": sender} if sender else {},
        now=now,
    )


def keep_own_mail(session: Session, key: str, wanted: Sequence[str | None], *, now: datetime) -> int:
    """The version of one of the engine's own mails in the first of these languages that we speak."""
    source = own_mail(key, _language(wanted))
    return keep_mail(session, None, source, key, now=now)


def _language(wanted: Sequence[str | None]) -> str:
    return next(filter(None, map(nearest, wanted)), ENGLISH)


def own_mail(key: str, language: str = ENGLISH) -> MailSource:
    """One of the engine's own mails. Its first line is `Subject: …`, then an empty line and the words."""
    words, spoken = layouts.service_mail(key, language)
    head, _, body = words.partition("\n\n")
    return MailSource(
        key=key if spoken == ENGLISH else f"{key}.{spoken}",
        subject=head.removeprefix("Subject: "),
        body=body,
        kind=SERVICE,
        language=spoken,
        body_line=3,
    )
