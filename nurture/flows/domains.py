"""Sending domains: added, looked up in the DNS, given keys that sign.

A new key signs as soon as a check has found its record; the one before it then retires, and its record
stays for a week, for mails still on their way and for receivers who look late.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from urllib.parse import urlsplit

import idna
from sqlalchemy.orm import Session, sessionmaker

from nurture.errors import Conflict, Invalid, NotFound
from nurture.files.vault import Vault
from nurture.mail import dkim
from nurture.net.domain_check import Asked, Key, look
from nurture.net.resolver import Records
from nurture.rules import domains as rules
from nurture.rules.domains import DKIM, LINKS, UNKNOWN, Finding
from nurture.rules.words import _
from nurture.store import domains, installation, senders, users
from nurture.store.domains import RETIRED, SIGNING, WAITING, DkimKey, SendingDomain

Ask = Callable[[str, str], Records]

PUBLISHED_AFTER = timedelta(days=7)
AGAIN_AFTER = timedelta(hours=20)
_MOST_KEYS = 12
_PREFIX = {dkim.RSA: "r", dkim.ED25519: "e"}


def add_domain(session: Session, name: str, *, by: str, now: datetime) -> SendingDomain:
    """A domain that mails come from. Raises Invalid, and Conflict for one that is there."""
    ready = name_of(name)
    if domains.by_name(session, ready) is not None:
        raise Conflict(_("{name} is there already.").format(name=ready))
    domain = domains.add(session, ready, now=now)
    _audit(session, by, "domain.added", domain, now)
    return domain


def add_those_of_senders(session: Session, *, now: datetime) -> None:
    """The domain of each sender is among those that are looked up."""
    named = {installation.get(session).sender_domain, *senders.domains(session)}
    for name in sorted(named - {""}):
        known_domain(session, name, now=now)


def known_domain(session: Session, name: str, *, now: datetime) -> SendingDomain:
    """A domain or the one of an address, added if it is not there. Raises Invalid."""
    ready = name_of(name)
    return domains.by_name(session, ready) or domains.add(session, ready, now=now)


def change_domain(
    session: Session, domain_id: int, *, servers: Sequence[str], link_host: str, by: str, now: datetime
) -> SendingDomain:
    """Say who sends for it (addresses, networks, names, SPF terms) and by which name its links go; `""`:
    by the address of the installation. Raises Invalid with all faults."""
    domain = _locked(session, domain_id)
    faults: dict[str, list[str]] = {}
    terms = [(word, rules.term_of(word)) for word in servers if word.strip()]
    wrong = [word for word, term in terms if term is None]
    if wrong:
        faults["servers"] = [
            _("{word} is neither an address nor a name nor an SPF term.").format(word=", ".join(wrong))
        ]
    host = link_host.strip().lower().rstrip(".")
    if host and not rules.is_name(host):
        faults["link_host"] = [_("This is not the name of a host, such as links.example.com.")]
    if faults:
        raise Invalid(" ".join(one for said in faults.values() for one in said), faults)
    domain.servers = list(dict.fromkeys(term for _word, term in terms if term))
    if domain.link_host != (host or None):
        domain.link_host, domain.links_lead_here = host or None, False
    _audit(session, by, "domain.changed", domain, now)
    return domain


def remove_domain(session: Session, domain_id: int, *, by: str, now: datetime) -> None:
    """Forget it with its keys: mails from there go out unsigned."""
    domain = _locked(session, domain_id)
    _audit(session, by, "domain.removed", domain, now)
    session.delete(domain)


def make_key(
    session: Session,
    vault: Vault,
    domain_id: int,
    algorithm: str,
    *,
    selector: str = "",
    by: str,
    now: datetime,
) -> DkimKey:
    """A new key. It signs once its record is found. Raises Invalid, Conflict for a selector in use."""
    return _add_key(session, vault, domain_id, algorithm, dkim.generate(algorithm), selector, by, now)


def import_key(
    session: Session, vault: Vault, domain_id: int, text: str, *, selector: str, by: str, now: datetime
) -> DkimKey:
    """A key that was made elsewhere (PEM). Raises Invalid with the sentence to show."""
    try:
        algorithm, pem = dkim.import_key(text)
    except dkim.KeyFault as fault:
        raise Invalid(str(fault), {"key": [str(fault)]}) from None
    return _add_key(session, vault, domain_id, algorithm, pem, selector, by, now)


def sign_now(session: Session, key_id: int, domain_id: int, *, by: str, now: datetime) -> None:
    """Let a waiting key sign although its record was not found (for those who know better than the name
    servers that answer here)."""
    domain = _locked(session, domain_id)
    key = _key(session, domain, key_id)
    if key.state != WAITING:
        raise Conflict(_("This key does not wait."))
    _begin(session, domain, key, now)
    _audit(session, by, "domain.key_signs", domain, now)


def retire_key(session: Session, key_id: int, domain_id: int, *, by: str, now: datetime) -> None:
    """Sign with it no more. A key that never signed is gone at once, one that did leaves its record for a
    while."""
    domain = _locked(session, domain_id)
    key = _key(session, domain, key_id)
    if key.state == SIGNING:
        _retire(key, now)
    elif key.state == WAITING or key.published_until is None or key.published_until <= now:
        session.delete(key)
    else:
        raise Conflict(_("Mails signed with this key are still on their way."))
    _audit(session, by, "domain.key_retired", domain, now)


def check_domain(
    sessions: sessionmaker[Session],
    ask: Ask,
    domain_id: int,
    *,
    base_url: str,
    bounces: str | None,
    now: datetime,
) -> list[Finding]:
    """Look it up, keep what was found, let keys that were found sign. The name servers are asked outside of
    any transaction."""
    with sessions.begin() as session:
        domain = domains.get(session, domain_id)
        if domain is None:
            raise NotFound(_("There is no such domain."))
        asked = _asked(session, domain, base_url, bounces)
    found = look(ask, asked, now=now)
    with sessions.begin() as session:
        domain = _locked(session, domain_id)
        _keep(session, domain, found, now)
    return found


def check_due(
    sessions: sessionmaker[Session], ask: Ask, *, base_url: str, bounces: str | None, now: datetime
) -> int:
    """Check every domain that was not looked at lately; how many."""
    with sessions.begin() as session:
        add_those_of_senders(session, now=now)
        due = [
            one.id
            for one in domains.page(session)
            if one.checked_at is None or one.checked_at <= now - AGAIN_AFTER
        ]
    for domain_id in due:
        check_domain(sessions, ask, domain_id, base_url=base_url, bounces=bounces, now=now)
    return len(due)


def name_of(text: str) -> str:
    """A domain's name in A-labels. Raises Invalid."""
    clean = text.strip().lower().rstrip(".").rpartition("@")[2]
    try:
        ready = clean if clean.isascii() else idna.encode(clean, uts46=True).decode("ascii")
    except (idna.IDNAError, UnicodeError):
        ready = ""
    if not rules.is_name(ready):
        sentence = _("This is not the name of a domain, such as news.example.com.")
        raise Invalid(sentence, {"name": [sentence]})
    return ready


def _asked(session: Session, domain: SendingDomain, base_url: str, bounces: str | None) -> Asked:
    return Asked(
        name=domain.name,
        bounces=bounces or domain.name,
        servers=list(domain.servers),
        keys=[
            Key(one.selector, one.public, one.state, one.published_until)
            for one in domains.keys_of(session, [domain.id])[domain.id]
        ],
        host=urlsplit(base_url).hostname or "localhost",
        link_host=domain.link_host,
    )


def _keep(session: Session, domain: SendingDomain, found: Sequence[Finding], now: datetime) -> None:
    """What a check found, and what follows. While no name server answers, what was known stays true."""
    domain.findings = [one.as_json() for one in found]
    domain.checked_at = now
    proves = rules.proves(found)
    if proves is not None:
        domain.verified_at = (domain.verified_at or now) if proves else None
    links = [one for one in found if one.what == LINKS and one.state != UNKNOWN]
    if links:
        domain.links_lead_here = bool(domain.link_host) and links[0].say == "links_ok"
    published = {one.name for one in found if one.what == DKIM and one.say in ("dkim_found", "dkim_ok")}
    for key in domains.keys_of(session, [domain.id])[domain.id]:
        if key.state == WAITING and f"{key.selector}._domainkey.{domain.name}" in published:
            _begin(session, domain, key, now)


def _begin(session: Session, domain: SendingDomain, key: DkimKey, now: datetime) -> None:
    for other in domains.keys_of(session, [domain.id])[domain.id]:
        if other.state == SIGNING and other.algorithm == key.algorithm:
            _retire(other, now)
    session.flush()
    key.state, key.signing_since = SIGNING, now
    session.flush()


def _retire(key: DkimKey, now: datetime) -> None:
    key.state, key.sealed, key.published_until = RETIRED, "", now + PUBLISHED_AFTER


def _add_key(
    session: Session,
    vault: Vault,
    domain_id: int,
    algorithm: str,
    pem: str,
    selector: str,
    by: str,
    now: datetime,
) -> DkimKey:
    domain = _locked(session, domain_id)
    present = domains.keys_of(session, [domain.id])[domain.id]
    if len(present) >= _MOST_KEYS:
        raise Conflict(_("This domain has many keys already: remove retired ones first."))
    taken = {one.selector for one in present}
    try:
        chosen = dkim.selector_of(selector) if selector.strip() else _next(_PREFIX[algorithm], now, taken)
    except dkim.KeyFault as fault:
        raise Invalid(str(fault), {"selector": [str(fault)]}) from None
    if chosen in taken:
        sentence = _("The selector {name} is in use: choose another.").format(name=chosen)
        raise Invalid(sentence, {"selector": [sentence]})
    key = domains.add_key(
        session,
        domain.id,
        selector=chosen,
        algorithm=algorithm,
        public=dkim.public_value(pem),
        sealed=vault.seal(pem),
        now=now,
    )
    _audit(session, by, "domain.key_added", domain, now)
    return key


def _next(prefix: str, now: datetime, taken: set[str]) -> str:
    """`r202603`, and so on: the month tells how old a key is."""
    name = f"{prefix}{now:%Y%m}"
    numbered = (name if n == 1 else f"{name}-{n}" for n in range(1, _MOST_KEYS + 2))
    return next(one for one in numbered if one not in taken)


def _locked(session: Session, domain_id: int) -> SendingDomain:
    domain = domains.get(session, domain_id, lock=True)
    if domain is None:
        raise NotFound(_("There is no such domain."))
    return domain


def _key(session: Session, domain: SendingDomain, key_id: int) -> DkimKey:
    for key in domains.keys_of(session, [domain.id])[domain.id]:
        if key.id == key_id:
            return key
    raise NotFound(_("There is no such key."))


def _audit(session: Session, by: str, action: str, domain: SendingDomain, now: datetime) -> None:
    users.audit(session, by, action, f"domain:{domain.name}", now=now)
