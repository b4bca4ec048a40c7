"""The addresses of links that let a person in."""

from nurture.rules.tokens import KeyRing, mint

INVITE, RESET = "invite", "reset"
_PLACES = {INVITE: "invitation", RESET: "password"}


def url(ring: KeyRing, base_url: str, kind: str, link_id: int) -> str:
    """The whole address, its token signed for this kind alone."""
    return f"{base_url}/{_PLACES[kind]}/{mint(ring, kind, link_id)}"
