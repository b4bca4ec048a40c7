"""Which address a request really came from."""

from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

# This machine and the networks that are never routed on the internet (RFC 1918, 3927, 4193, 4291).
_NEAR = tuple(
    ip_network(block)
    for block in (
        "127.0.0.0/8",
        "10.0.0.0/8",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "169.254.0.0/16",
        "::1/128",
        "fc00::/7",
        "fe80::/10",
    )
)
# How they begin, where they have no colon: whatever begins otherwise need not be taken apart.
_BEGINNINGS = ("127.", "10.", "172.", "192.168.", "169.254.")


def visitor_ip(peer: str, forwarded_for: str) -> str | None:
    """The visitor's address: the peer's own, unless the peer is a proxy on this machine or in a private
    network; then the last address of X-Forwarded-For that such a proxy did not write about another one.

    Whoever comes straight from the internet can write any header, so theirs is never believed.
    """
    found = _address(peer)
    if found is None:
        return None
    for claim in reversed(forwarded_for.split(",")):
        if not _is_near(found):
            break
        named = _address(claim.strip())
        if named is None:
            break
        found = named
    return str(found)


@lru_cache(maxsize=8192)
def is_near(text: str) -> bool:
    """Whether this is an address of this machine or a private network, which tells no visitors apart."""
    if ":" not in text and not text.startswith(_BEGINNINGS):
        return False
    address = _address(text)
    return address is not None and _is_near(address)


def _address(text: str) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address(text)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def _is_near(address: IPv4Address | IPv6Address) -> bool:
    return any(address in network for network in _NEAR)
