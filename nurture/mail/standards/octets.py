"""What holds for the bytes of any message (RFC 5321, section 2.3.8 and 4.5.3; RFC 5322, section 2.1.1)."""

import re

_LONGEST_LINE = 998
_BARE = re.compile(rb"(?<!\r)\n|\r(?!\n)")


def octet_faults(raw: bytes) -> list[str]:
    found = []
    if _BARE.search(raw):
        found.append("There is a bare CR or LF.")
    if b"\0" in raw:
        found.append("There is a NUL.")
    if not raw.isascii():
        found.append("There are bytes above 127.")
    if any(len(line) > _LONGEST_LINE for line in raw.split(b"\r\n")):
        found.append("A line is longer than 998 octets.")
    if not raw.endswith(b"\r\n"):
        found.append("The message does not end with a line end.")
    return found
