"""The yardstick for sending: Postfix's own load generator and sink (Debian's package postfix; its daemon
is not needed)."""

import os
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager

from nurture.errors import Unavailable

MESSAGE_BYTES = 23_360


def tool(name: str) -> str:
    """Where the tool is. Raises Unavailable with what to install."""
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/libexec/postfix")
    if found is None:
        raise Unavailable(f"{name} is missing: install Debian's package postfix (its daemon is not needed).")
    return found


@contextmanager
def sink() -> Iterator[int]:
    """smtp-sink on a port of its own: takes everything and keeps nothing."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    user = ["-u", "nobody"] if os.geteuid() == 0 else []
    process = subprocess.Popen([tool("smtp-sink"), *user, f"127.0.0.1:{port}", "1024"])
    try:
        _wait_for(port)
        yield port
    finally:
        process.terminate()
        process.wait(10)


def source_rate(port: int, count: int, *, sessions: int = 4) -> float:
    """Messages a second that smtp-source gets rid of over this many sessions."""
    command = [tool("smtp-source"), "-d", "-l", str(MESSAGE_BYTES), "-m", str(count), "-s", str(sessions)]
    began = time.monotonic()
    subprocess.run([*command, f"127.0.0.1:{port}"], check=True, capture_output=True)
    return count / (time.monotonic() - began)


def cpu_seconds(pid: int) -> float:
    """Processor time of a process so far."""
    with open(f"/proc/{pid}/stat") as file:
        fields = re.sub(r"^.*\) ", "", file.read()).split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _wait_for(port: int) -> None:
    until = time.monotonic() + 10
    while time.monotonic() < until:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.05)
    raise Unavailable("smtp-sink did not start.")
