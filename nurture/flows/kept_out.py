"""Who must not be written to: their address is suppressed, or everybody at their domain is left alone."""

from collections.abc import Mapping
from types import MappingProxyType

from sqlalchemy.orm import Session

from nurture.store import blocked_domains, suppressions

DOMAIN, NO = "domain", "no_to_this"


def kept_out(
    session: Session,
    addresses: Mapping[int, str],
    pepper: bytes,
    purposes: Mapping[int, str | None] = MappingProxyType({}),
) -> dict[int, str]:
    """Of addresses in normal form, by any number, those to leave alone, each with the reason; with
    `purposes`, by the same numbers, also those whose owner has said no to that one (NO). Two statements."""
    hashes = {one: suppressions.address_hash(pepper, address) for one, address in addresses.items()}
    shut = suppressions.shut(session, set(hashes.values()))
    found = shut.wholly
    domains = {one: address.rpartition("@")[2] for one, address in addresses.items()}
    blocked = blocked_domains.blocked(session, set(domains.values()))
    own = {one: found[digest] for one, digest in hashes.items() if digest in found}
    to_one = {
        one: NO
        for one, purpose in purposes.items()
        if shut.purposes and purpose in shut.purposes.get(hashes[one], ())
    }
    return {one: DOMAIN for one, domain in domains.items() if domain in blocked} | to_one | own
