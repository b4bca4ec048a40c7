"""`nurture doctor`: one line about each part, and what to do about it."""

import shutil
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import click
from redis.exceptions import RedisError

from nurture import migrations
from nurture.cli.frame import as_json, json_option
from nurture.errors import Refusal
from nurture.files.spool import folder_of, refusal, waiting_bytes
from nurture.flows.agree_on_keys import missing
from nurture.jobs import queues
from nurture.mail.smtp import TransportDown
from nurture.net.resolver import Dns
from nurture.rules.visitors import is_near
from nurture.runtime import Runtime, opened, real_now
from nurture.store import hit_addresses, installation, partitions, senders
from nurture.store.views.lag import lag
from nurture.store.views.reading import AWAY, reading
from nurture.web.parts import load_vendor

OK, WARN, FAIL = "ok", "warn", "fail"
_OLDEST_REDIS = (6, 2)
_LATE, _VERY_LATE = timedelta(minutes=2), timedelta(minutes=15)
_SKEW, _GREAT_SKEW = timedelta(seconds=2), timedelta(seconds=60)
# So many hits of so late tell whether a proxy hides from where they come.
_LATELY, _SEEN = timedelta(days=7), 20
_LITTLE_ROOM, _NO_ROOM = 2 * 1024**3, 256 * 1024**2


@dataclass(frozen=True)
class Finding:
    """How a part is, in one sentence."""

    part: str
    state: str
    sentence: str


@click.command()
@json_option
def doctor(json_: bool) -> None:
    """Look at every part; exit status 1 when one of them fails."""
    with opened() as runtime:
        found = [finding for check in CHECKS for finding in _findings(check, runtime)]
    if json_:
        as_json([asdict(finding) for finding in found])
    else:
        for finding in found:
            click.echo(
                f"{click.style(f'{finding.state:4}', fg=_COLOURS[finding.state])} "
                f"{finding.part:10} {finding.sentence}"
            )
    if any(finding.state == FAIL for finding in found):
        sys.exit(1)


def _findings(check: Callable[[Runtime], Finding], runtime: Runtime) -> list[Finding]:
    try:
        return [check(runtime)]
    except AWAY:
        return [Finding(check.__name__, FAIL, "could not be looked at: the database does not answer.")]


def database(runtime: Runtime) -> Finding:
    """It answers, and has the schema of this version."""
    try:
        with reading(runtime.sessions) as session:
            current = migrations.at_head(session.connection())
            strays = (
                [table for table, found in partitions.stray_rows(session).items() if found] if current else []
            )
    except AWAY:
        return Finding("database", FAIL, "does not answer: is it running, is NURTURE_DATABASE_URL right?")
    if not current:
        return Finding("database", FAIL, "is not at the schema of this version: run  nurture migrate.")
    if strays:
        return Finding("database", WARN, f"has rows of {', '.join(strays)} outside their months: move them.")
    whose = "given by URL" if runtime.settings.database_url else "embedded"
    return Finding("database", OK, f"answers ({whose}) and has the schema of this version.")


def keys(runtime: Runtime) -> Finding:
    """This host has every key that another one signs with."""
    with reading(runtime.sessions) as session:
        if not migrations.at_head(session.connection()):
            return Finding("keys", WARN, "could not be looked at before  nurture migrate.")
        lacking = missing(session, runtime.ring)
    if lacking:
        return Finding(
            "keys",
            WARN,
            f"{lacking} secret keys that others signed with are missing here: links signed with them do not "
            "open. Add them to NURTURE_SECRET_KEY, after the newest.",
        )
    return Finding("keys", OK, "every key that was ever used is here.")


def redis(runtime: Runtime) -> Finding:
    """It answers, is new enough, and never throws away what it was told to keep."""
    try:
        said = runtime.redis.info()
    except RedisError:
        return Finding("redis", FAIL, "does not answer: is it running, is NURTURE_REDIS_URL right?")
    version = str(said["redis_version"])
    if tuple(int(part) for part in version.split(".")[:2]) < _OLDEST_REDIS:
        return Finding("redis", FAIL, f"is {version}: 6.2 or newer is needed.")
    if said.get("maxmemory_policy", "noeviction") != "noeviction":
        return Finding("redis", WARN, "may evict keys: set maxmemory-policy to noeviction.")
    return Finding("redis", OK, f"answers, version {version}.")


def smtp(runtime: Runtime) -> Finding:
    """It greets and takes the login; no mail is sent."""
    try:
        mailer = runtime.make_mailer()
        mailer.check()
        mailer.close()
    except (TransportDown, Refusal) as fault:
        return Finding("smtp", FAIL, str(fault))
    if runtime.settings.smtp_url is None:
        return Finding(
            "smtp", WARN, "the mail catcher takes all mail: set NURTURE_SMTP_URL to send for real."
        )
    return Finding("smtp", OK, "greets and takes the login.")


def clock(runtime: Runtime) -> Finding:
    """The machine's clock agrees with that of Redis, and time is not virtual."""
    if runtime.settings.clock_start or abs(runtime.now() - real_now()) > _GREAT_SKEW:
        return Finding(
            "clock", WARN, f"time is virtual: {runtime.now():%Y-%m-%d %H:%M} (NURTURE_CLOCK_START)."
        )
    try:
        seconds, micros = runtime.redis.time()
    except RedisError:
        return Finding("clock", WARN, "could not be compared: Redis does not answer.")
    skew = abs(real_now() - datetime.fromtimestamp(seconds + micros / 1e6, UTC))
    if skew > _SKEW:
        state = FAIL if skew > _GREAT_SKEW else WARN
        return Finding(
            "clock", state, f"differs from Redis by {skew.total_seconds():.0f} s: run a time service."
        )
    return Finding("clock", OK, "agrees with Redis.")


def disk(runtime: Runtime) -> Finding:
    """There is room in the home folder, and how many hits lie there that are not recorded yet."""
    home = runtime.settings.home
    home.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(home).free
    sentence = f"{free / 1024**3:.1f} GB free in {home}."
    if waiting := waiting_bytes(folder_of(home)):
        sentence += f" {waiting / 1024:.1f} KB of hits wait to be recorded."
    if why := refusal(folder_of(home)):
        sentence += f" Opens and clicks cannot be written down in {folder_of(home)}: {why}."
        sentence += " They go by Redis alone meanwhile."
    if free < _LITTLE_ROOM:
        sentence += " Make room."
    if why or free < _NO_ROOM:
        return Finding("disk", FAIL, sentence)
    return Finding("disk", WARN if free < _LITTLE_ROOM else OK, sentence)


def workers(runtime: Runtime) -> Finding:
    """Somebody serves the queues."""
    try:
        found = {name: queues.workers(runtime.redis, name) for name in queues.NAMES}
    except RedisError:
        return Finding("workers", WARN, "could not be counted: Redis does not answer.")
    missing = [name for name, number in found.items() if not number]
    if missing:
        return Finding(
            "workers",
            WARN,
            f"none for {' and '.join(missing)}: start  nurture up  or  nurture worker {missing[0]}.",
        )
    return Finding("workers", OK, ", ".join(f"{number} for {name}" for name, number in found.items()) + ".")


def queue(runtime: Runtime) -> Finding:
    """What is due is done soon."""
    with reading(runtime.sessions) as session:
        if not migrations.at_head(session.connection()):
            return Finding("queue", WARN, "could not be looked at before  nurture migrate.")
        stopped = installation.get(session).sending_stopped
        behind = lag(session, now=runtime.now()).longest
    if stopped:
        return Finding("queue", WARN, "sending is stopped: nurture resume-sending lets it go on.")
    seconds = int(behind.total_seconds())
    if behind > _LATE:
        state = FAIL if behind > _VERY_LATE else WARN
        return Finding("queue", state, f"the oldest due work has waited {seconds} s: are workers running?")
    return Finding("queue", OK, f"the oldest due work has waited {seconds} s.")


def dns(runtime: Runtime) -> Finding:
    """The domain of each sender tells receivers who may send for it (SPF, RFC 7208; DMARC, RFC 7489): the
    first that does not, else the default's."""
    with reading(runtime.sessions) as session:
        if not migrations.at_head(session.connection()):
            return Finding("dns", WARN, "could not be looked at before  nurture migrate.")
        domain = installation.get(session).sender_domain
        others = sorted(senders.domains(session) - {domain})
    if not domain:
        return Finding("dns", WARN, "no sender is set: say in the settings who sends.")
    asked = Dns(runtime.settings.dns_servers, seconds=3.0)
    found = [look_up(one, asked) for one in (domain, *others)]
    return next((one for one in found if one.state != OK), found[0])


def look_up(domain: str, asked: Dns) -> Finding:
    """What the name servers say about mail from `domain`."""
    texts, policies, servers = (
        asked.records(domain, "TXT"),
        asked.records(f"_dmarc.{domain}", "TXT"),
        asked.records(domain, "MX"),
    )
    if texts.fault or policies.fault or servers.fault:
        return Finding("dns", WARN, f"no name server answered for {domain}: try where one is within reach.")
    missing = []
    if not any(text.lower().startswith("v=spf1") for text in texts.values):
        missing.append("an SPF record (v=spf1 …)")
    if not any(text.lower().startswith("v=dmarc1") for text in policies.values):
        missing.append("a DMARC record (v=DMARC1 …)")
    if not servers.values:
        missing.append("an MX record, so that answers arrive")
    if missing:
        return Finding("dns", WARN, f"{domain} lacks {' and '.join(missing)}: receivers may refuse its mail.")
    return Finding("dns", OK, f"{domain} has SPF, DMARC and MX.")


def visitors(runtime: Runtime) -> Finding:
    """It is known from where readers come: a proxy in front has to tell."""
    with reading(runtime.sessions) as session:
        if not migrations.at_head(session.connection()):
            return Finding("visitors", WARN, "could not be looked at before  nurture migrate.")
        seen = hit_addresses.latest(session, since=runtime.now() - _LATELY, limit=_SEEN)
    host = urlsplit(runtime.settings.base_url).hostname or ""
    if len(seen) < _SEEN or host == "localhost" or is_near(host) or not all(map(is_near, seen)):
        return Finding("visitors", OK, "nothing hides from where they come.")
    return Finding(
        "visitors",
        WARN,
        f"the latest {len(seen)} opens and clicks seem to come from {seen[0]}: let the proxy in front add "
        "X-Forwarded-For, so that scanners are told from readers by their addresses.",
    )


def pages(runtime: Runtime) -> Finding:
    """The parts that the pages are served with are there."""
    if not load_vendor().complete:
        return Finding("pages", WARN, "front-end parts are missing: run  python -m nurture.web.assets  once.")
    return Finding("pages", OK, "all front-end parts are there.")


CHECKS: tuple[Callable[[Runtime], Finding], ...] = (
    database,
    keys,
    redis,
    smtp,
    clock,
    disk,
    workers,
    queue,
    dns,
    visitors,
    pages,
)
_COLOURS = {OK: "green", WARN: "yellow", FAIL: "red"}
