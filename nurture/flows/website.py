"""Website tracking is set up: which sites may report, and which pages say more than that somebody came."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy.orm import Session, sessionmaker

from nurture.errors import Conflict, Invalid, NotFound
from nurture.rules.outside_events import kind_of
from nurture.rules.visits import host_of
from nurture.rules.words import _
from nurture.store import installation, websites
from nurture.store.audit import audit
from nurture.store.websites import Site, VisitRule

_HOST = re.compile(r"(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_LONGEST = 300
# A cookie lasts as long; older visits of strangers will never be anybody's.
LONGEST_DAYS = 395


def site_source(sessions: sessionmaker[Session]) -> Callable[[], list[str]]:
    """Asks for the hosts of all sites; it raises whatever the database raises while it is away."""

    def fetch() -> list[str]:
        with sessions() as session:
            return websites.hosts(session)

    return fetch


def add_site(session: Session, said: str, *, by: str, now: datetime) -> Site:
    """Let a website report visits; `said` is its host or any address of it. Raises Invalid, Conflict."""
    host = _host(said)
    if any(site.host == host for site in websites.sites(session)):
        raise Conflict(_("{name} is on the list already.").format(name=host))
    made = Site(host=host, created_at=now)
    session.add(made)
    session.flush()
    audit(session, by, "site.added", f"site:{made.id}", now=now, detail={"host": host})
    return made


def remove_site(session: Session, site_id: int, *, by: str, now: datetime) -> str:
    """Take no more reports of a website; its host. Raises NotFound."""
    site = session.get(Site, site_id)
    if site is None:
        raise NotFound(_("There is no such website."))
    session.delete(site)
    audit(session, by, "site.removed", f"site:{site_id}", now=now, detail={"host": site.host})
    return site.host


def add_rule(session: Session, pattern: str, kind: str, *, by: str, now: datetime) -> VisitRule:
    """From now on looks at pages of this path are signals of this kind. Raises Invalid, Conflict."""
    pattern = pattern.strip()
    named = kind_of(kind)
    faults = {}
    if not pattern.startswith(("/", "*")) or len(pattern) > _LONGEST or not pattern.isprintable():
        faults["pattern"] = [_("A path begins with /, such as /products/* for all pages below products.")]
    if named is None:
        faults["kind"] = [_("A name begins with a letter.")]
    if faults or named is None:
        raise Invalid(_("The rule cannot be kept."), faults)
    if any(rule.pattern == pattern for rule in websites.rules(session)):
        raise Conflict(_("There is a rule for {name} already.").format(name=pattern))
    made = VisitRule(pattern=pattern, kind=named, created_at=now)
    session.add(made)
    session.flush()
    detail = {"pattern": pattern, "kind": named}
    audit(session, by, "visit_rule.added", f"visit_rule:{made.id}", now=now, detail=detail)
    return made


def remove_rule(session: Session, rule_id: int, *, by: str, now: datetime) -> None:
    """Such looks are visits like any other again; what was told stays. Raises NotFound."""
    rule = session.get(VisitRule, rule_id)
    if rule is None:
        raise NotFound(_("There is no such rule."))
    session.delete(rule)
    audit(session, by, "visit_rule.removed", f"visit_rule:{rule_id}", now=now)


def keep_strangers(session: Session, days: int | None, *, by: str, now: datetime) -> None:
    """Keep for so many days what somebody did whom nobody knows: visits of a browser, and what other programs
    tell of a userId. Raises Invalid."""
    if days is None or not 1 <= days <= LONGEST_DAYS:
        sentence = _("From 1 to %(most)s days.") % {"most": LONGEST_DAYS}
        raise Invalid(sentence, {"strangers_kept_days": [sentence]})
    row = installation.lock(session)
    detail = {"days": days, "from": row.strangers_kept_days}
    row.strangers_kept_days = days
    audit(session, by, "site.strangers_kept", "installation", now=now, detail=detail)


def forget_old_visits(sessions: sessionmaker[Session], *, now: datetime) -> int:
    """Drop a portion of the visits that are too old to become anybody's; how many."""
    with sessions.begin() as session:
        kept = timedelta(days=installation.get(session).strangers_kept_days)
        return websites.forget_before(session, now - kept)


def _host(said: str) -> str:
    text = said.strip().lower()
    host = host_of(text if "://" in text else f"https://{text}")
    try:
        host = host.encode("idna").decode("ascii")
    except UnicodeError:
        host = ""
    if not _HOST.fullmatch(host):
        sentence = _("Name the website by its host, such as www.example.com.")
        raise Invalid(sentence, {"host": [sentence]})
    return host.removeprefix("www.")
