"""What mails of ours promise beyond the standards, so that sending them costs little: text and HTML in
quoted-printable, no line that begins with a dot (it would need another look at every byte, RFC 5321,
section 4.5.2)."""

from email import message_from_bytes
from email.message import Message

_LONGEST_LINE = 76


def own_faults(raw: bytes) -> list[str]:
    body = raw.partition(b"\r\n\r\n")[2]
    message = message_from_bytes(raw)
    if message.get_content_type() != "multipart/alternative":
        return ["The message is not multipart/alternative."]
    parts = [part for part in message.get_payload() if isinstance(part, Message)]
    found = []
    if [part.get_content_type() for part in parts] != ["text/plain", "text/html"]:
        found.append("The parts are not text, then HTML, and nothing else.")
    if any(part.get("content-transfer-encoding") != "quoted-printable" for part in parts):
        found.append("A part is not quoted-printable.")
    if any(len(line) > _LONGEST_LINE + 2 for line in body.split(b"\r\n") if b"Content-" not in line):
        found.append("A body line is longer than 76 characters.")
    if b"\n." in body or body.startswith(b"."):
        found.append("A body line begins with a bare dot.")
    return found
