"""The machine's part of a delivery status notification (RFC 3464), also where its MIME is lost."""

import re
from dataclasses import dataclass

from nurture.mail.inbound.fields import Fields, addresses_in, decoded, read_fields
from nurture.mail.inbound.opening import Opened

_BLOCKS = re.compile(r"\r?\n[ \t]*\r?\n")
_LOOSE = re.compile(
    r"^[ \t>]*(?:final-recipient|original-recipient|action|diagnostic-code)[ \t]*:", re.I | re.M
)
_LINE = re.compile(
    r"^[ \t>]*((?:final|original)-recipient|action|status|diagnostic-code|remote-mta|reporting-mta|"
    r"x-supplementary-info|x-display-name|x-actual-recipient)[ \t]*:",
    re.I | re.M,
)
_MOST = 40


@dataclass(frozen=True, slots=True)
class Told:
    """What a report says of one recipient, field by field."""

    address: str
    action: str
    status: str
    diagnostic: str


def told(opened: Opened) -> list[Told]:
    """The recipients of the report, from its status part or, where there is none, from wherever such fields
    stand in it."""
    parts = opened.of("message/delivery-status", "message/global-delivery-status")
    texts = [part.text for part in parts] or _loose(opened)
    found: list[Told] = []
    for text in texts:
        found += _recipients(text)
    return found[:_MOST]


def _loose(opened: Opened) -> list[str]:
    texts = [
        part.text for part in opened.parts if part.kind.startswith(("text/", "message/", "application/"))
    ]
    return [
        re.sub(r"^[ \t>]+(?=[\w-]+[ \t]*:)", "", text[found.start() :], flags=re.M)
        for text in texts
        if (found := _LINE.search(text)) and len(_LOOSE.findall(text[:60_000])) >= 2
    ]


def _recipients(text: str) -> list[Told]:
    blocks = [read_fields(block) for block in _BLOCKS.split(text)[: _MOST * 4]]
    held: Fields = {}
    found: list[Told] = []
    for block in blocks:
        if not _says_something(block):
            continue
        # Some servers leave a blank line inside a block: the halves belong together.
        both = {**held, **block} if held and not _has_address(block) else block
        if _has_address(both) and ("action" in both or "status" in both or "diagnostic-code" in both):
            found.append(_read(both))
            held = {}
        else:
            held = {**held, **block}
    if not found and ("action" in held or "status" in held or "diagnostic-code" in held):
        found.append(_read(held))
    return found


def _says_something(block: Fields) -> bool:
    return any(name in block for name in ("action", "status", "diagnostic-code", "final-recipient",
                                          "original-recipient", "x-actual-recipient"))  # fmt: skip


def _has_address(block: Fields) -> bool:
    return "final-recipient" in block or "original-recipient" in block


def _read(block: Fields) -> Told:
    status = _value(block, "status")
    return Told(
        address=_address(block),
        action=re.sub(r"[^a-z].*", "", _value(block, "action").strip().lower()),
        status=status,
        diagnostic=" ".join(decoded(one) for one in block.get("diagnostic-code", [])[:4])[:4_000],
    )


def _address(block: Fields) -> str:
    """The recipient as it was written to, where the report knows it: the final one may be a forward."""
    for name in ("original-recipient", "final-recipient", "x-actual-recipient"):
        for value in block.get(name, []):
            plain = decoded(value).partition(";")[2] or value
            found = addresses_in(plain.replace("+40", "@") if "@" not in plain else plain)
            if found:
                return found[0]
    return ""


def _value(block: Fields, name: str) -> str:
    values = block.get(name)
    return values[0][:200] if values else ""
