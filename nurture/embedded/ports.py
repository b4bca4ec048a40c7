"""Ports to listen on, looked at before anything is started."""

import socket

from nurture.errors import Unavailable


def is_free(address: tuple[str, int]) -> bool:
    """Whether a server could listen there now."""
    host, port = address
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        # As servers do: a port whose old connections are still closing counts as free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
            probe.listen(1)
        except OSError:
            return False
    return True


def check_free(address: tuple[str, int], setting: str) -> None:
    """Raises Unavailable, naming the setting to change, when the port is taken."""
    if not is_free(address):
        raise Unavailable(
            f"{address[0]}:{address[1]} is taken by another program: stop that one, or set {setting} "
            "to another host:port."
        )


def any_free(host: str) -> int:
    """A port of the system's choice."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])
