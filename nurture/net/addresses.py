"""Which IP addresses an outgoing request may reach.

Python's `is_global` lets multicast, NAT64, 6to4 and others through, so the list is our own, after the
IANA special-purpose registries (RFC 6890 and its updates).
"""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network


def _networks(*texts: str) -> tuple[Network, ...]:
    return tuple(ip_network(text) for text in texts)


# Never a receiver, on no network: this host under another name, cloud metadata, groups, reserved.
_NEVER = _networks("0.0.0.0/8", "169.254.0.0/16", "224.0.0.0/4", "240.0.0.0/4")
# Reached only where the operator has opened private addresses.
_PRIVATE = _networks(
    "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "::1/128", "fc00::/7"
)
# Documentation, benchmarks, relays and tunnels: they lead nowhere, or to another address in disguise.
_SPECIAL = _networks(
    "192.0.0.0/24",
    "192.0.2.0/24",
    "192.88.99.0/24",
    "198.18.0.0/15",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "2001::/23",
    "2001:db8::/32",
    "2002::/16",
    "3fff::/20",
)
# All that is assigned as IPv6 global unicast lies here (RFC 4291 section 2.4). What lies outside and is
# not private (link-local, site-local, multicast, NAT64, 100::/64, 5f00::/16) is never a receiver.
_GLOBAL_UNICAST = IPv6Network("2000::/3")


def canonical(text: str) -> Address:
    """The address itself, with an IPv4 address written inside IPv6 unwrapped; ValueError if it is none.

    A zone (`fe80::1%eth0`) is refused: it names an interface of this machine.
    """
    if "%" in text:
        raise ValueError("an address with a zone")
    address = ip_address(text)
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def may_reach(address: Address, *, private: bool) -> bool:
    """Whether a request may go to this address; `private` opens intranets and this machine itself."""
    if _within(address, _PRIVATE):
        return private
    if isinstance(address, IPv6Address) and address not in _GLOBAL_UNICAST:
        return False
    return not _within(address, _NEVER) and not _within(address, _SPECIAL)


def _within(address: Address, networks: tuple[Network, ...]) -> bool:
    return any(address in network for network in networks)
