"""What holds for mail that many get, and for mail that a machine sends to one."""

import re
from email.message import Message

from nurture.mail.standards.fields import Fields, texts, values

MARKETING, SERVICE = "marketing", "service"
# Nobody outside can open a local address: trials at home are let off.
_ONE_CLICK = re.compile(
    rb"<(?:https://|http://(?:localhost|127\.0\.0\.1|\[::1\])[:/])[!-;=?-~]+>"
    rb"(?:,(?:\r\n)?[ \t]*<mailto:[!-;=?-~]+>)?\Z"
)
_LIST_ID = re.compile(r"<[^\s<>@]+\.[^\s<>@]+>\Z")
_LONGEST_URI = 200
_LEAVE = re.compile(
    r"unsubscribe|opt[- ]?out|abmelden|abbestellen|austragen|désabonner|désinscri|cancelar|darse de baja|"
    r"disiscri|annulla l|afmelden|uitschrijven|wypisz|отпис|配信停止|退订",
    re.I,
)


def looks_like(fields: Fields) -> str:
    """Service mails say of themselves that a machine has written them."""
    return SERVICE if values(fields, "auto-submitted") else MARKETING


def list_faults(fields: Fields, message: Message, kind: str) -> list[str]:
    return _service_faults(fields) if kind == SERVICE else _marketing_faults(fields, message)


def _marketing_faults(fields: Fields, message: Message) -> list[str]:
    found = []
    one_click = values(fields, "list-unsubscribe")
    if len(one_click) != 1 or not _ONE_CLICK.match(one_click[0]):
        found.append("List-Unsubscribe is not one bare https URI in angle brackets.")
    elif len(one_click[0].partition(b">")[0]) > _LONGEST_URI:
        found.append("The URI of List-Unsubscribe is longer than 200 characters.")
    if texts(fields, "list-unsubscribe-post") != ["List-Unsubscribe=One-Click"]:
        found.append("List-Unsubscribe-Post is missing or wrong.")
    if not any(_LIST_ID.search(text) for text in texts(fields, "list-id")):
        found.append("List-Id is missing or malformed.")
    if texts(fields, "precedence") != ["bulk"]:
        found.append("Precedence is not bulk.")
    for part in message.walk():
        if part.get_content_maintype() == "text" and not _offers_to_leave(part, one_click):
            found.append(f"The {part.get_content_subtype()} part shows no way to unsubscribe.")
    return found + [fault for text in texts(fields, "feedback-id") for fault in _feedback_faults(text)]


def _offers_to_leave(part: Message, one_click: list[bytes]) -> bool:
    payload = part.get_payload(decode=True)
    text = payload.decode("utf-8", "replace") if isinstance(payload, bytes) else ""
    uri = one_click[0].strip().strip(b"<>").decode("ascii", "replace") if one_click else ""
    return bool(uri and uri in text.replace("&amp;", "&")) or bool(_LEAVE.search(text))


def _feedback_faults(value: str) -> list[str]:
    parts = value.split(":")
    found = []
    if not 2 <= len(parts) <= 4 or not 5 <= len(parts[-1]) <= 15:
        found.append("Feedback-ID does not have up to three parts and a SenderId of 5 to 15 characters.")
    if len(set(parts)) != len(parts) or "@" in value:
        found.append("Feedback-ID repeats a value or holds an address.")
    return found


def _service_faults(fields: Fields) -> list[str]:
    found = ["A service mail has list fields." for name, _v in fields if name.startswith("list-")]
    if texts(fields, "auto-submitted") not in (["auto-generated"], ["auto-replied"]):
        found.append("Auto-Submitted is not auto-generated.")
    return found
