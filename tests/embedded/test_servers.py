"""Real servers out of their wheels: started, shared, adopted, refused."""

import importlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg
import pytest
from redis import Redis

from nurture.config import Settings, load_settings
from nurture.embedded import parts, privileges, processes
from nurture.embedded.home import Home
from nurture.embedded.servers import heal, running, servers
from nurture.embedded.sockets import socket_folder
from nurture.errors import Unavailable

pytestmark = pytest.mark.xdist_group("embedded")

_KEEPER = """
import sys, time
from nurture.config import load_settings
from nurture.embedded.servers import servers
with servers(load_settings({"NURTURE_HOME": sys.argv[1]})) as addresses:
    print("up", flush=True)
    time.sleep(600)
"""


def settings_for(home: Path) -> Settings:
    return load_settings({"NURTURE_HOME": str(home)})


def keeper(home: Path) -> subprocess.Popen[str]:
    """Another command that uses the servers of this home until it is ended."""
    process = subprocess.Popen([sys.executable, "-c", _KEEPER, str(home)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "up\n"
    return process


def pids(home: Path) -> tuple[int | None, int | None]:
    return Home(home).postgres().running(), Home(home).redis().running()


def test_both_servers_answer_while_they_are_used_and_are_gone_after(tmp_path: Path) -> None:
    with servers(settings_for(tmp_path)) as addresses:
        with psycopg.connect(addresses.database_url) as connection:
            row = connection.execute("SELECT current_database(), current_setting('fsync')").fetchone()
        assert row == ("nurture", "on")
        assert Redis.from_url(addresses.redis_url).ping()

    assert pids(tmp_path) == (None, None)


def test_data_survives_the_stop(tmp_path: Path) -> None:
    with servers(settings_for(tmp_path)) as addresses:
        with psycopg.connect(addresses.database_url) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 7 AS number")
        Redis.from_url(addresses.redis_url).set("kept", "yes")

    with servers(settings_for(tmp_path)) as addresses:
        with psycopg.connect(addresses.database_url) as connection:
            assert connection.execute("SELECT number FROM kept").fetchone() == (7,)
        assert Redis.from_url(addresses.redis_url).get("kept") == b"yes"


def test_a_second_command_attaches_and_the_last_one_stops_them(tmp_path: Path) -> None:
    other = keeper(tmp_path)
    before = pids(tmp_path)
    with servers(settings_for(tmp_path)):
        assert pids(tmp_path) == before
    assert pids(tmp_path) == before  # the other still uses them

    other.send_signal(signal.SIGINT)
    other.wait(20)
    assert pids(tmp_path) == (None, None)


def test_servers_of_a_killed_command_are_adopted(tmp_path: Path) -> None:
    other = keeper(tmp_path)
    left = pids(tmp_path)
    other.kill()
    other.wait(10)

    with servers(settings_for(tmp_path)):
        assert pids(tmp_path) == left
    assert pids(tmp_path) == (None, None)


def test_a_server_that_was_killed_is_started_again(tmp_path: Path) -> None:
    settings = settings_for(tmp_path)
    with servers(settings) as addresses:
        postgres, redis = pids(tmp_path)
        assert postgres and redis
        processes.end(postgres, signal.SIGKILL, patience=5)
        processes.end(redis, signal.SIGKILL, patience=5)

        assert heal(settings) == ["PostgreSQL", "Redis"]
        assert heal(settings) == []
        with psycopg.connect(addresses.database_url) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)
        assert Redis.from_url(addresses.redis_url).ping()


def test_a_number_given_to_another_process_does_not_stop_the_start(tmp_path: Path) -> None:
    with servers(settings_for(tmp_path)):
        lines = (tmp_path / "postgres/postmaster.pid").read_text().splitlines()
    (tmp_path / "postgres/postmaster.pid").write_text("\n".join([str(os.getppid()), *lines[1:]]) + "\n")
    (tmp_path / "redis/redis.pid").write_text(str(os.getppid()))

    with servers(settings_for(tmp_path)) as addresses:
        psycopg.connect(addresses.database_url).close()


def test_data_of_another_version_is_refused_with_the_way_out(tmp_path: Path) -> None:
    with servers(settings_for(tmp_path)):
        pass
    (tmp_path / "postgres/PG_VERSION").write_text("17\n")

    said = r"PostgreSQL 17.*nurture backup.*nurture restore"
    with pytest.raises(Unavailable, match=said), servers(settings_for(tmp_path)):
        pass
    assert pids(tmp_path) == (None, None)


def test_a_start_cut_short_leaves_nothing_in_the_way(tmp_path: Path) -> None:
    (tmp_path / "postgres.unfinished" / "base").mkdir(parents=True)

    with servers(settings_for(tmp_path)) as addresses:
        psycopg.connect(addresses.database_url).close()


def test_a_long_path_gets_a_private_short_folder_for_its_sockets(tmp_path: Path) -> None:
    home = tmp_path / ("long-" * 25)
    with servers(settings_for(home)) as addresses:
        psycopg.connect(addresses.database_url).close()
        short = Path(addresses.redis_url.removeprefix("unix://")).parent
        assert short.parent == Path("/tmp")
        assert short.stat().st_mode & 0o077 == 0
    assert not short.exists()


def test_a_short_folder_prepared_by_a_stranger_is_not_used(tmp_path: Path) -> None:
    wanted = tmp_path / ("long-" * 25)
    short = socket_folder(wanted)
    short.chmod(0o777)
    try:
        with pytest.raises(Unavailable, match="does not belong to this user alone"):
            socket_folder(wanted)
    finally:
        short.rmdir()


def test_nothing_running_is_said_in_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="nurture up"):
        running(settings_for(tmp_path))


def test_servers_given_by_url_are_used_as_they_are(tmp_path: Path) -> None:
    settings = load_settings(
        {
            "NURTURE_HOME": str(tmp_path / "home"),
            "NURTURE_DATABASE_URL": "postgresql://db.example/nurture",
            "NURTURE_REDIS_URL": "redis://cache.example",
        }
    )
    with servers(settings) as addresses:
        assert addresses.database_url == "postgresql://db.example/nurture"
    assert not (tmp_path / "home").exists()


def test_a_home_that_cannot_be_written_is_said_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    home = tmp_path / "file" / "home"
    with pytest.raises(Unavailable, match="NURTURE_HOME"), servers(settings_for(home)):
        pass


def test_a_missing_part_is_named_with_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [])
    monkeypatch.setenv("PATH", "/nowhere")
    importlib.invalidate_caches()
    with pytest.raises(Unavailable, match="NURTURE_DATABASE_URL"):
        parts.postgres_folder()
    with pytest.raises(Unavailable, match=r"redis-server.*NURTURE_REDIS_URL"):
        parts.redis_program()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root needs an account to lend")
def test_without_user_namespaces_the_account_nobody_serves_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(privileges, "_namespaces_work", lambda: False)
    with TemporaryDirectory(dir="/var/tmp") as name:
        Path(name).chmod(0o755)
        home = Path(name) / "home"
        with servers(settings_for(home)) as addresses:
            psycopg.connect(addresses.database_url).close()
            assert Redis.from_url(addresses.redis_url).ping()
            assert (home / "postgres").owner() == "nobody"
        monkeypatch.undo()
        # The same data where namespaces are allowed, after a move to another machine.
        with servers(settings_for(home)) as addresses:
            psycopg.connect(addresses.database_url).close()
            assert (home / "postgres" / "base").owner() == "root"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root needs an account to lend")
def test_where_nobody_may_not_enter_the_sentence_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(privileges, "_namespaces_work", lambda: False)
    (tmp_path / "closed").mkdir(mode=0o700)
    said = "account nobody may not enter.*NURTURE_HOME.*NURTURE_DATABASE_URL"
    with pytest.raises(Unavailable, match=said), servers(settings_for(tmp_path / "closed" / "home")):
        pass


def test_programs_out_of_reach_are_copied_to_where_the_account_can_run_them(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(privileges, "_PROGRAMS", tmp_path / "programs")
    monkeypatch.setattr(privileges, "passable", lambda folder: False)
    stranger = privileges.Disguise(stranger=True)

    copied = privileges.reachable_programs(parts.postgres_folder(), stranger)

    assert copied.is_relative_to(tmp_path)
    assert privileges.reachable_programs(parts.postgres_folder(), stranger) == copied
    said = subprocess.run([copied / "postgres", "--version"], capture_output=True, text=True, check=True)
    assert "PostgreSQL) 18" in said.stdout


def test_the_throwaway_servers_die_with_their_caller(tmp_path: Path) -> None:
    code = (
        "import sys, time; from pathlib import Path; from nurture.embedded.throwaway import throwaway; "
        "pair = throwaway(Path(sys.argv[1])); "
        "print(pair.postgres.running(), pair.redis.running(), flush=True); time.sleep(600)"
    )
    process = subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    started = [int(pid) for pid in process.stdout.readline().split()]
    process.kill()
    process.wait(10)

    until = time.monotonic() + 10
    while any(processes.alive(pid) for pid in started) and time.monotonic() < until:
        time.sleep(0.05)
    assert not any(processes.alive(pid) for pid in started)
