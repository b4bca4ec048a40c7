"""Commands, as a terminal runs them."""

import pytest
from click.testing import CliRunner, Result

from nurture.cli import main
from nurture.config import Settings
from nurture.runtime import Runtime
from tests.sinks import SmtpSink


class Terminal:
    """A terminal whose environment points at the servers of the test."""

    def __init__(self, env: dict[str, str]) -> None:
        self.env = env

    def type(self, *words: str, said: str = "", **env: str) -> Result:
        return CliRunner().invoke(main, words, input=said, env={**self.env, **env})


@pytest.fixture
def terminal(
    settings: Settings, runtime: Runtime, smtp_sink: SmtpSink, monkeypatch: pytest.MonkeyPatch
) -> Terminal:
    # The logging of this process belongs to the whole test run, not to one typed command.
    monkeypatch.setattr("nurture.cli.frame.configure", lambda: None)
    return Terminal(
        {
            "NURTURE_HOME": str(settings.home),
            "NURTURE_DATABASE_URL": runtime.addresses.database_url,
            "NURTURE_REDIS_URL": runtime.addresses.redis_url,
            "NURTURE_SMTP_URL": smtp_sink.url,
        }
    )
