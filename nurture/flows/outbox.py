"""What a sending process keeps between its turns: keys, templates made ready, journal, pace."""

from collections import OrderedDict
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic

from sqlalchemy.orm import Session

from nurture.files import journal
from nurture.files.journal import Journal
from nurture.files.vault import Vault
from nurture.flows.signing import Signing
from nurture.mail.prepare import PreparedMail, prepare
from nurture.mail.source import CompiledMail
from nurture.rules.bounces import return_path
from nurture.rules.tokens import KeyRing
from nurture.rules.transports import OF_SETTINGS
from nurture.store import mails

_MOST_PREPARED = 200
_FIRST_CHUNK, _LEAST_CHUNK = 50, 10
# A chunk holds at most so many times the one before: few mails say little about a server.
_GROWTH = 4
_SECONDS_A_CHUNK = 1.0
_REST_SECONDS = 5.0


@dataclass
class Outbox:
    """One for a process (build it after any fork), not for two threads at once. `live`: do not wait for
    the go-live switch; `invented`: what becomes of mails to invented leads (store/deliveries.INVENTED).
    `bounce_domain`: where bounces go, each to an address of its own; None sends them to
    the sender. `softs`: so many soft bounces in a row give an address up. `vault` opens the keys that
    sign; without it nothing is signed."""

    ring: KeyRing
    pepper: bytes
    base_url: str
    home: Path
    live: bool = False
    invented: str = "skip"
    bounce_domain: str | None = None
    host: str = ""
    softs: int = 5
    vault: Vault | None = None
    signing: Signing = field(init=False)
    works: dict[int, bool] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        folder = journal.folder_of(self.home)
        self.host = self.host or journal.host_id(folder)
        self._journals: list[Journal] = []
        self.signing = Signing(self.vault, self.base_url)
        self._prepared: OrderedDict[tuple[int, bool], PreparedMail] = OrderedDict()
        self._chunks: dict[int, int] = {}
        self._rests_until: dict[int, float] = {}

    def prepared(self, session: Session, mail_version_id: int, *, trap: bool) -> PreparedMail | None:
        """The mail version made ready, with the link that nobody sees or without, from memory where possible:
        versions never change."""
        key = mail_version_id, trap
        known = self._prepared.get(key)
        if known is not None:
            self._prepared.move_to_end(key)
            return known
        stored = mails.stored_version(session, mail_version_id)
        if stored is None:
            return None
        ready = prepare(CompiledMail.from_json(stored.compiled), stored.link_ids, trap=trap)
        self._prepared[key] = ready
        if len(self._prepared) > _MOST_PREPARED:
            self._prepared.popitem(last=False)
        return ready

    def return_path(self, delivery_id: int) -> str | None:
        """The envelope sender of one delivery, None without a bounce domain."""
        return return_path(self.ring, self.bounce_domain, delivery_id) if self.bounce_domain else None

    def take_journal(self) -> Journal:
        """A journal for one chunk; each that is under way has its own."""
        return self._journals.pop() if self._journals else Journal(journal.folder_of(self.home))

    def put_journal(self, done: Journal) -> None:
        """The chunk stands in the database, or was left to the sweeper: the next one may use it."""
        self._journals.append(done)

    def chunk(self, limit: int, transport_id: int = OF_SETTINGS) -> int:
        """As many mails as go out in about a second, so that a stop acts soon and leases stay short."""
        return max(1, min(limit, self._chunks.get(transport_id, _FIRST_CHUNK)))

    def note_pace(self, mails_sent: int, seconds: float, transport_id: int = OF_SETTINGS) -> None:
        """Learn how fast a transport takes mails."""
        if mails_sent >= _LEAST_CHUNK:
            fits = int(mails_sent * _SECONDS_A_CHUNK / max(seconds, 0.001))
            present = self._chunks.get(transport_id, _FIRST_CHUNK)
            self._chunks[transport_id] = max(_LEAST_CHUNK, min(fits, present * _GROWTH))

    def rest(self, transport_id: int = OF_SETTINGS) -> None:
        """A transport is away: do not knock again for some seconds."""
        self._rests_until[transport_id] = monotonic() + _REST_SECONDS

    @property
    def resting(self) -> bool:
        return self.rests(OF_SETTINGS)

    def rests(self, transport_id: int) -> bool:
        return monotonic() < self._rests_until.get(transport_id, 0.0)

    def close(self) -> None:
        for done in self._journals:
            done.close()
        self._journals = []
