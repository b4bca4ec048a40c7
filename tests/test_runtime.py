"""A runtime over real parts."""

from dataclasses import replace

import pytest
from redis import Redis
from sqlalchemy import text

from nurture.buffers import wake
from nurture.config import Settings, load_settings
from nurture.embedded.addresses import Addresses
from nurture.errors import SettingsFault
from nurture.runtime import Runtime, build, make_engine
from tests.clock import StandingClock


def test_a_wake_up_reaches_a_waiting_pump_once(runtime: Runtime, redis_client: Redis) -> None:
    runtime.wake("rate")
    runtime.wake("deliver")
    assert wake.wait(redis_client, 1)
    assert not wake.wait(redis_client, 0.01)


def test_a_dead_redis_is_no_fault_of_who_wakes(runtime: Runtime) -> None:
    gone = Redis(host="127.0.0.1", port=1, socket_connect_timeout=0.1)
    assert wake.wake(gone, "rate") is False


def test_the_clock_is_the_one_that_was_handed_in(runtime: Runtime, clock: StandingClock) -> None:
    before = runtime.now()
    clock.advance(hours=3)
    assert (runtime.now() - before).total_seconds() == 3 * 3600


def test_a_mail_server_that_no_one_could_reach_is_told_at_the_start(settings: Settings) -> None:
    wrong = replace(settings, smtp_url="smtp://user:hunter2@mail.example?starttls=perhaps")
    with pytest.raises(SettingsFault, match="starttls is required, offered or off") as fault:
        build(wrong, Addresses("postgresql:///nobody", "redis://127.0.0.1:1"))
    assert "hunter2" not in str(fault.value)


def test_the_short_name_of_postgresql_will_do(database_url: str) -> None:
    engine = make_engine(database_url.replace("postgresql", "postgres", 1), pool=1)
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT 1")) == 1
    engine.dispose()


def test_all_wrong_settings_are_told_at_once_and_no_value_is_repeated() -> None:
    wrong = {
        "NURTURE_SMTP_URL": "smtp//user:hunter2@mail",
        "NURTURE_BIND": "8000",
        "NURTURE_WORKERS": "none",
        "NURTURE_CLOCK_START": "Tuesday",
        "NURTURE_LIVE": "yes",
    }
    with pytest.raises(SettingsFault) as fault:
        load_settings(wrong)
    assert len(fault.value.faults) == 5
    assert all(name in str(fault.value) for name in wrong)
    assert "hunter2" not in str(fault.value)


def test_the_public_address_follows_the_port_until_it_is_set() -> None:
    assert load_settings({"NURTURE_BIND": "127.0.0.1:9100"}).base_url == "http://localhost:9100"
    both = {"NURTURE_BIND": "127.0.0.1:9100", "NURTURE_BASE_URL": "https://nurture.example.com/"}
    assert load_settings(both).base_url == "https://nurture.example.com"
