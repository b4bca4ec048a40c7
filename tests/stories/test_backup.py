"""A backup is brought back elsewhere: nothing is missing, and the engine goes on as if nothing had been."""

import zipfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from sqlalchemy import text

from nurture.app import create_app
from nurture.embedded.home import Home
from nurture.embedded.locks import Lock
from nurture.embedded.throwaway import Throwaway
from nurture.files import secrets
from nurture.flows.keys import create_key
from nurture.flows.sending import stop_sending
from nurture.runtime import Runtime
from tests.clock import StandingClock
from tests.sinks import SmtpSink, WebhookSink
from tests.stories.main_job import JONAS, KATRIN, LEADS, MIRA, bring_in, listen, of_type, publish
from tests.stories.second_life import contents, dropped, empty_database, life, typed, world_over
from tests.stories.world import World, never_reads, reads_all

# Nothing here hangs on the minute: weeks pass faster so.
PACE = timedelta(hours=2)


@dataclass
class Loss:
    """An installation that will be lost, and where its backup comes back."""

    world: World
    file: Path
    home: Path
    database: str
    secret: str
    key: str

    def back_up(self, *options: str, file: Path | None = None) -> None:
        done = typed(
            self.world.runtime, "backup", str(file or self.file), *options, at=self.world.clock.moment
        )
        assert done.exit_code == 0, done.output

    def restore(self, *options: str, file: Path | None = None, **env: str) -> tuple[int, str]:
        self.home.mkdir(exist_ok=True)
        elsewhere = {"NURTURE_HOME": str(self.home), "NURTURE_DATABASE_URL": self.database, **env}
        clock = self.world.clock.moment
        done = typed(self.world.runtime, "restore", str(file or self.file), *options, at=clock, **elsewhere)
        return done.exit_code, done.output


@pytest.fixture
def young(
    runtime: Runtime,
    clock: StandingClock,
    smtp_sink: SmtpSink,
    webhook_sink: WebhookSink,
    servers: Throwaway,
    tmp_path: Path,
) -> Iterator[Loss]:
    """The first day of the main job: leads are in, nothing has been sent."""
    with world_over(runtime, clock, smtp_sink) as world:
        with runtime.sessions.begin() as session:
            session.execute(
                text(
                    "UPDATE installation SET company_name = 'Lindqvist', postal_address = 'Hafenweg 8',"
                    " sender_email = 'ada@lindqvist.example', timezone = 'Europe/Berlin'"
                )
            )
            key = create_key(session, "CRM", "admin", now=clock.moment)
        runtime.agree_on_secrets()
        runtime.agree_on_secrets()
        secret = listen(world, webhook_sink)
        publish(world)
        bring_in(world, LEADS, tmp_path, consent="marketing", source="Trade fair")
        name = "second_life"
        dropped(servers, name)
        yield Loss(
            world,
            tmp_path / "nurture.backup",
            tmp_path / "second",
            empty_database(servers, name),
            secret,
            key,
        )
        dropped(servers, name)


@pytest.fixture
def loss(young: Loss) -> Loss:
    """Two weeks into it."""
    young.world.readers = {KATRIN: reads_all, JONAS: never_reads, MIRA: never_reads}
    young.world.live(weeks=2, step=PACE)
    assert len(young.world.letters) >= 6
    return young


def twice(smtp: SmtpSink) -> list[tuple[str, str]]:
    """Who got the same mail more than once."""
    got = Counter((mail.recipient, str(mail.message["subject"])) for mail in smtp.mails)
    return [pair for pair, number in got.items() if number > 1]


def test_every_row_comes_back_and_the_engine_goes_on(
    loss: Loss, smtp_sink: SmtpSink, webhook_sink: WebhookSink
) -> None:
    world, before = loss.world, contents(loss.world.runtime)
    loss.back_up()
    code, said = loss.restore("--nothing-sent-since")
    assert code == 0, said
    assert "3 leads are back" in said
    with life(loss.home, loss.database, world.runtime, world.clock) as runtime:
        after = contents(runtime)
        # The backup and the restore are noted, the rest is as it was.
        assert {name: rows for name, rows in after.items() if before.get(name) != rows}.keys() == {
            "audit_entry"
        }
        assert after.keys() == before.keys()

        visitor = create_app(runtime).test_client()
        letter = world.letters_to(MIRA)[0]
        assert visitor.get(urlsplit(letter.unsubscribe).path).status_code == 200
        key = {"Authorization": f"Bearer {loss.key}"}
        assert visitor.get("/api/v1/leads", headers=key).json["data"]
        assert runtime.ring.keys == world.runtime.ring.keys and runtime.pepper == world.runtime.pepper

        with world_over(runtime, world.clock, smtp_sink) as second:
            second.readers = world.readers
            second.live(weeks=10, step=PACE, until=lambda: bool(of_type(webhook_sink, "lead.hot")))
    assert len(of_type(webhook_sink, "lead.hot")) == 1, "its secret opened, and the job went on to its end"
    assert twice(smtp_sink) == []


def test_what_may_have_gone_out_since_the_backup_is_not_sent_again(loss: Loss, smtp_sink: SmtpSink) -> None:
    world = loss.world
    world.readers = dict.fromkeys(world.readers, never_reads)
    loss.back_up()
    sent_before = len(smtp_sink.mails)
    world.live(weeks=2, step=PACE)
    lost = len(smtp_sink.mails) - sent_before
    assert lost >= 4, "mails that the backup knows nothing of"
    code, said = loss.restore()
    assert code == 0 and f"{lost} mails may have left since the backup" in said, said
    with (
        life(loss.home, loss.database, world.runtime, world.clock) as runtime,
        world_over(runtime, world.clock, smtp_sink) as second,
    ):
        second.live(weeks=8, step=PACE)
        assert second.letters
    assert twice(smtp_sink) == []


def test_what_was_due_after_the_loss_goes_out(loss: Loss, smtp_sink: SmtpSink) -> None:
    """It stopped working an hour after the backup, and is brought back two weeks later."""
    world = loss.world
    world.readers = dict.fromkeys(world.readers, never_reads)
    loss.back_up()
    stopped = world.clock.moment + timedelta(hours=1)
    world.clock.advance(weeks=2)
    code, said = loss.restore("--ran-until", stopped.isoformat())
    assert code == 0 and "may have left" not in said, said
    with (
        life(loss.home, loss.database, world.runtime, world.clock) as runtime,
        world_over(runtime, world.clock, smtp_sink) as second,
    ):
        second.live(days=3)
        assert second.letters
    assert twice(smtp_sink) == []


def test_no_number_of_what_was_lost_is_given_again(young: Loss) -> None:
    young.back_up()
    key = {"Authorization": f"Bearer {young.key}"}
    late = {"email": "late@kessler.example"}
    lost = young.world.door.post("/api/v1/leads", json=late, headers=key).json["id"]
    assert young.restore()[0] == 0
    with life(young.home, young.database, young.world.runtime, young.world.clock) as runtime:
        visitor = create_app(runtime).test_client()
        fresh = visitor.post("/api/v1/leads", json={"email": "new@kessler.example"}, headers=key).json["id"]
    assert fresh > lost


def test_who_was_erased_after_the_backup_stays_erased(young: Loss) -> None:
    young.back_up()
    runtime = young.world.runtime
    assert typed(runtime, "erase", MIRA, "--yes", at=young.world.clock.moment).exit_code == 0
    code, said = young.restore("--erasures", str(runtime.settings.home / "erasures" / "ledger"))
    assert (code, "1 people who were erased since then are erased again" in said) == (0, True), said
    with life(young.home, young.database, runtime, young.world.clock) as second, second.sessions() as session:
        assert session.scalar(text("SELECT count(*) FROM lead WHERE email_norm = :e"), {"e": MIRA}) == 0
        assert session.scalar(text("SELECT count(*) FROM suppression WHERE reason = 'erased'")) == 1


def test_a_restore_overwrites_nothing(young: Loss) -> None:
    young.back_up()
    there = typed(young.world.runtime, "backup", str(young.file), at=young.world.clock.moment)
    assert there.exit_code == 1 and "is there already" in there.output
    assert young.restore()[0] == 0
    again = young.restore()
    assert again[0] == 1 and "There are tables in this database already" in again[1]


def test_a_home_with_another_pepper_or_other_keys_is_left_as_it_is(young: Loss, tmp_path: Path) -> None:
    young.back_up()
    young.home = tmp_path / "strange"
    pepper = secrets.load_pepper(young.home)
    code, said = young.restore()
    assert code == 1 and "is not the pepper of this backup" in said
    assert secrets.load_pepper(young.home) == pepper
    secrets.pepper_file(young.home).unlink()
    keys = secrets.load_ring(young.home, None)
    code, said = young.restore()
    assert code == 1 and "has not the keys of this backup" in said
    assert secrets.load_ring(young.home, None) == keys
    assert not secrets.pepper_file(young.home).exists()


def test_a_damaged_or_strange_file_is_refused_before_anything_is_touched(young: Loss, tmp_path: Path) -> None:
    young.back_up()
    good = young.file.read_bytes()
    flipped = bytearray(good)
    flipped[len(good) // 2] ^= 1
    strange = tmp_path / "strange.zip"
    with zipfile.ZipFile(strange, "w") as archive:
        archive.writestr("../../evil", "x")
        archive.writestr(
            "manifest.json", '{"file": "nurture backup", "format": 1, "sha256": {"../../evil": ""}}'
        )
    for number, raw in enumerate(
        (bytes(flipped), good[:-100], good[: len(good) // 3], b"", b"PK", strange.read_bytes())
    ):
        bad = tmp_path / f"bad-{number}"
        bad.write_bytes(raw)
        code, said = young.restore(file=bad)
        assert code == 1 and "is no backup of this program, or it is damaged" in said, said
    assert young.restore(file=tmp_path / "missing")[0] == 1
    newer = good.replace(b'"format": 1', b'"format": 9')
    (tmp_path / "newer").write_bytes(newer)
    assert young.restore(file=tmp_path / "newer")[0] == 1
    assert not (young.home / "pepper").exists()
    assert young.restore()[0] == 0


def test_keys_may_be_left_out_and_given_by_the_environment(young: Loss) -> None:
    young.back_up("--without-keys")
    keys = [key.decode() for key in young.world.runtime.ring.keys]
    assert keys[0].encode() not in young.file.read_bytes()
    code, said = young.restore()
    assert code == 1 and "set NURTURE_SECRET_KEY to them" in said
    code, said = young.restore(NURTURE_SECRET_KEY=",".join(keys))
    assert code == 0, said
    assert young.file.stat().st_mode & 0o077 == 0


def test_nothing_is_restored_while_it_runs(young: Loss) -> None:
    young.back_up()
    home = Home(young.home)
    home.make()
    lock = Lock(home.run / "up.lock")
    assert lock.take_now()
    code, said = young.restore()
    lock.close()
    assert code == 1 and "is running" in said


def test_a_stopped_installation_moves_house_with_sending_stopped(loss: Loss) -> None:
    world = loss.world
    with world.runtime.sessions.begin() as session:
        stop_sending(session, by="test", now=world.clock.moment)
    world.live(weeks=1, step=PACE)
    loss.back_up()
    assert loss.restore("--nothing-sent-since")[0] == 0
    with life(loss.home, loss.database, world.runtime, world.clock) as runtime, runtime.sessions() as session:
        assert session.scalar(text("SELECT sending_stopped FROM installation"))
        assert session.scalar(text("SELECT count(*) FROM delivery WHERE state = 'uncertain'")) == 0
    assert world.clock.moment - timedelta(weeks=3) > world.letters[0].at
