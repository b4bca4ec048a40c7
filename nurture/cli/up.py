"""`nurture up`: everything, supervised, until Ctrl-C."""

import os
import signal
import socket
import sys
import threading
import time
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

import click

from nurture.cli.campaigns import load_what_is_new
from nurture.cli.database import prepare
from nurture.config import Settings, load_settings
from nurture.embedded.catcher.receive import choose_port, next_free
from nurture.embedded.home import Home
from nurture.embedded.locks import Lock
from nurture.embedded.ports import check_free
from nurture.embedded.room import Room
from nurture.embedded.servers import heal, servers
from nurture.embedded.supervise import Role, Supervisor
from nurture.errors import Conflict, Refusal
from nurture.files import clock_file
from nurture.flows import demo
from nurture.flows.setup import offer_setup
from nurture.runtime import Runtime, opened

_PATIENCE = 10.0  # seconds a child has to finish what it is at
_WEB_SECONDS = 60.0
_BEAT = 0.2
_CAMPAIGNS = Path("campaigns")


@dataclass(frozen=True)
class Plan:
    """What is going to run, and where."""

    settings: Settings
    home: Home
    catcher: tuple[str, int] | None

    def roles(self) -> list[Role]:
        pumps = [_role(f"pump-{number + 1}", "worker", "pump") for number in range(self.settings.workers)]
        roles = [
            _role("web", "web"),
            *pumps,
            _role("long", "worker", "long"),
            _role("scheduler", "scheduler"),
        ]
        if self.settings.tracking_bind:
            roles.append(_role("tracking", "web", "--only", "tracking"))
        if self.catcher:
            roles.append(_role("catcher", "catcher", "--page", f"{self.catcher[0]}:{self.catcher[1]}"))
        return roles


class Stop:
    """The wish to stop, told by a signal. While `running`, the first one is noted, so that what is under
    way ends in order; else it interrupts. During the end itself another one means at once."""

    def __init__(self) -> None:
        self.wanted = threading.Event()
        self.at_once = threading.Event()
        self.running = self.ending = False
        for sort in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            # nohup has SIGHUP ignored, and means it. A shell that starts a job in the background has
            # SIGINT ignored too, but who then sends one wants an end.
            if sort != signal.SIGHUP or signal.getsignal(sort) != signal.SIG_IGN:
                signal.signal(sort, self._heard)

    def _heard(self, number: int, frame: FrameType | None) -> None:
        if self.ending:
            self.at_once.set()
        elif self.running and not self.wanted.is_set():
            self.wanted.set()
        else:
            raise KeyboardInterrupt


@click.command()
@click.option("--demo", "with_demo", is_flag=True, help="Fill an empty house with a month of invented leads.")
def up(with_demo: bool) -> None:
    """Start everything and keep it running until Ctrl-C."""
    os.umask(0o077)  # what the processes keep is for this user alone
    settings = load_settings()
    home = Home(settings.home)
    home.make()
    stop = Stop()
    with ExitStack() as held, suppress(KeyboardInterrupt):
        held.callback(_only_one(home).close)
        plan = _plan(settings, home)
        held.enter_context(servers(settings))
        if settings.clock_start is None:
            clock_file.forget(settings.home)
        _run(plan, _ready_the_house(settings, with_demo=with_demo), stop)
    click.echo("Stopped.", err=True)


def _only_one(home: Home) -> Lock:
    lock = Lock(home.run / "up.lock")
    if not lock.take_now():
        lock.close()
        raise Conflict(
            f"Nurture is already running for {home.folder}: use that one, end it, "
            "or set NURTURE_HOME to another folder."
        )
    return lock


def _plan(settings: Settings, home: Home) -> Plan:
    """Where everything will listen; raises Unavailable before anything is started."""
    check_free(settings.bind, "NURTURE_BIND")
    if settings.tracking_bind:
        check_free(settings.tracking_bind, "NURTURE_TRACKING_BIND")
    if settings.smtp_url:
        return Plan(settings, home, None)
    page = next_free(settings.catcher_bind)
    check_free(page, "NURTURE_CATCHER_BIND")
    choose_port(home.run)
    return Plan(settings, home, page)


def _ready_the_house(settings: Settings, *, with_demo: bool) -> str | None:
    """The schema, the programs as drafts; the set-up link while there is no user."""
    with opened(settings) as runtime:
        runtime.redis.ping()
        prepare(runtime)
        _take_programs(runtime)
        if with_demo:
            _want_demo(runtime)
        return _set_up_link(runtime)


def _take_programs(runtime: Runtime) -> None:
    """The programs of the folder one stands in, as drafts; a fault in one of them stops nothing."""
    if not _CAMPAIGNS.is_dir():
        return
    try:
        for line in load_what_is_new(runtime, _CAMPAIGNS):
            _say(line)
    except Refusal as refusal:
        _say(f"The programs of {_CAMPAIGNS} were not loaded:\n{refusal}")


def _want_demo(runtime: Runtime) -> None:
    """A long job makes it while the pages are open already; where it cannot be, that stops nothing."""
    try:
        with runtime.sessions.begin() as session:
            demo.ask(session, by="terminal", now=runtime.now())
    except Refusal as refusal:
        _say(str(refusal))
    else:
        _say("Demo data is being made, for about a minute; the overview shows how far it is.")


def _set_up_link(runtime: Runtime) -> str | None:
    with runtime.sessions.begin() as session:
        token = offer_setup(session)
    return f"{runtime.settings.base_url}/setup?token={token}" if token else None


def _run(plan: Plan, link: str | None, stop: Stop) -> None:
    supervisor = Supervisor(plan.roles(), plan.home.log, heal=lambda: heal(plan.settings), say=_say)
    greeting = Greeting(plan, link)
    room = Room(plan.home.folder, _say)
    stop.running = True
    try:
        supervisor.start()
        while not stop.wanted.wait(_BEAT):
            supervisor.beat()
            greeting.beat()
            room.beat()
    finally:
        stop.ending = True
        supervisor.stop(patience=_PATIENCE, hurry=stop.at_once.is_set)


class Greeting:
    """The block that says where everything is, once the pages answer."""

    def __init__(self, plan: Plan, link: str | None) -> None:
        self._plan = plan
        self._link = link
        self._late_at = time.monotonic() + _WEB_SECONDS
        self._said = False

    def beat(self) -> None:
        if self._said:
            return
        if _answers(self._plan.settings.bind):
            click.echo(_block(self._plan, self._link))
            self._said = True
        elif time.monotonic() > self._late_at:
            _say(f"The pages do not answer yet; see {self._plan.home.log / 'web.log'}")
            self._late_at = time.monotonic() + _WEB_SECONDS


def _answers(address: tuple[str, int]) -> bool:
    try:
        socket.create_connection(address, timeout=1).close()
    except OSError:
        return False
    return True


def _block(plan: Plan, link: str | None) -> str:
    lines = ["", f"  Nurture     {plan.settings.base_url}"]
    if link:
        lines.append(f"  Set up      {link}   (works once)")
    if plan.catcher:
        host, port = plan.catcher
        lines.append(f"  Mails       http://{host}:{port}   (all mail is caught here and leaves for nobody)")
    lines += [f"  Data        {plan.home.folder}", "", "  Ctrl-C stops everything.", ""]
    return "\n".join(lines)


def _say(line: str) -> None:
    click.echo(line, err=True)


def _role(name: str, *words: str) -> Role:
    return Role(name, (sys.executable, "-m", "nurture", *words))
