"""Who must not be written to: their address is suppressed, or everybody at their domain is left alone."""

from collections.abc import Mapping

from sqlalchemy.orm import Session

from nurture.store import blocked_domains, suppressions

DOMAIN = "domain"


def kept_out(session: Session, addresses: Mapping[int, str], pepper: bytes) -> dict[int, str]:
    """Of addresses in normal form, by any number, those to leave alone, each with the reason. Two
    statements."""
    hashes = {one: suppressions.address_hash(pepper, address) for one, address in addresses.items()}
    found = suppressions.suppressed(session, set(hashes.values()))
    domains = {one: address.rpartition("@")[2] for one, address in addresses.items()}
    blocked = blocked_domains.blocked(session, set(domains.values()))
    own = {one: found[digest] for one, digest in hashes.items() if digest in found}
    return {one: DOMAIN for one, domain in domains.items() if domain in blocked} | own
