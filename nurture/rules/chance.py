"""Chance that is the same each time: where a lead falls when leads are divided."""

import hashlib

_ONE = float(1 << 64)


def place(name: str, lead_id: int) -> float:
    """A number from 0 to below 1, the same for a name and a lead for ever, spread evenly over leads and
    unrelated between names (BLAKE2b, RFC 7693)."""
    digest = hashlib.blake2b(f"{name}:{lead_id}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") / _ONE
