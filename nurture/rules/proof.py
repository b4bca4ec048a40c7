"""What shows later that somebody really said so, without keeping more of them than that needs."""

import hmac


def of_request(*, key: bytes, token: str, ip: str | None, user_agent: str) -> dict[str, str]:
    """The proof of a request: the signed token, the address as a keyed hash (HMAC-SHA256, cut to 128
    bits), and what the program called itself. `key` is a secret of the installation."""
    proof = {"token": token, "user_agent": user_agent[:400]}
    if ip:
        proof["ip_hash"] = hmac.digest(key, b"proof:" + ip.encode(), "sha256")[:16].hex()
    return proof
