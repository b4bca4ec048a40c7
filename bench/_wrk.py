"""wrk, the load generator (Debian's package wrk), against a server of our own on loopback."""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from nurture.errors import Unavailable

_SCRIPT = """
local paths, n = {}, 0
for line in io.lines("%(paths)s") do paths[#paths + 1] = line end
local headers = { ["User-Agent"] = "%(agent)s" }
function request()
  n = n %% #paths + 1
  headers["X-Forwarded-For"] = string.format("198.51.%%d.%%d", math.floor(n / 250) %% 250, n %% 250)
  return wrk.format("GET", paths[n], headers)
end
%(delay)s
function done(summary, latency, requests)
  local e = summary.errors
  io.write(string.format('\\n{"requests": %%d, "micros": %%d, "p99_us": %%d, "failed": %%d}\\n',
    summary.requests, summary.duration, latency:percentile(99),
    e.connect + e.read + e.write + e.status + e.timeout))
end
"""
_AGENT = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/131.0.0.0 Safari/537.36"
)


@dataclass(frozen=True)
class Load:
    """What a run of wrk saw."""

    requests: int
    per_second: float
    p99_ms: float
    failed: int


def tool() -> str:
    """Where wrk is. Raises Unavailable with what to install."""
    found = shutil.which("wrk")
    if found is None:
        raise Unavailable("wrk is missing: install Debian's package wrk.")
    return found


@contextmanager
def granian(factory: str, env: Mapping[str, str], *, workers: int = 2, threads: int = 4) -> Iterator[int]:
    """The product's web server around a WSGI factory; its port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    command = [sys.executable, "-m", "granian", "--interface", "wsgi", "--port", str(port), "--factory"]
    command += ["--workers", str(workers), "--blocking-threads", str(threads), "--log-level", "warning"]
    server = subprocess.Popen([*command, factory], env={**os.environ, **env})
    try:
        _wait_for(server, port)
        yield port
    finally:
        server.terminate()
        server.wait(20)


def load(
    folder: Path,
    port: int,
    paths: Sequence[str],
    *,
    seconds: int,
    connections: int = 32,
    rate: int | None = None,
) -> Load:
    """Ask for the paths in turn, as fast as it goes or at about `rate` a second."""
    listed, script = folder / "paths.txt", folder / "load.lua"
    listed.write_text("\n".join(paths))
    delay = f"function delay() return {connections * 1000 // rate} end" if rate else ""
    script.write_text(_SCRIPT % {"paths": listed, "agent": _AGENT, "delay": delay})
    command = [
        tool(),
        "-t1",
        f"-c{connections}",
        f"-d{seconds}s",
        "-s",
        str(script),
        f"http://127.0.0.1:{port}/",
    ]
    said = subprocess.run(command, capture_output=True, text=True, check=True, timeout=seconds + 30).stdout
    seen = json.loads(said.strip().splitlines()[-1])
    return Load(
        requests=seen["requests"],
        per_second=seen["requests"] / (seen["micros"] / 1e6),
        p99_ms=seen["p99_us"] / 1000,
        failed=seen["failed"],
    )


def _wait_for(server: subprocess.Popen[bytes], port: int) -> None:
    until = time.monotonic() + 20
    while time.monotonic() < until and server.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise Unavailable("The web server did not start.")
