"""The part of a message that was written for people: without the mail that came back, without quotes."""

import re

from nurture.mail.inbound.fields import Fields, read_fields
from nurture.mail.inbound.opening import Opened

MOST_TEXT = 12_000
_TEXTS = ("text/plain", "text/html", "text/x-html", "text/enriched")
_ORIGINAL = re.compile(
    r"^[ \t>*+=_-]*(?:(?:below (?:this line )?is a copy|this is a copy|copy of (?:the|your) (?:message|mail)|"
    r"(?:begin(?:ning)? of )?(?:the )?original (?:message|mail)|(?:the )?(?:un(?:sent|delivered)|"
    r"returned|failed) "
    r"(?:message|mail)|message (?:header|text|follows|body)|header of the|headers? follow|the "
    r"(?:header|first \d+ lines)|"
    r"your (?:original )?message (?:follows|header|reads)|included is a copy|the following is the "
    r"(?:original )?(?:mess|hea)|"
    r"ursprüngliche nachricht|message d'origine|mensaje original|mensagem original|messaggio originale|"
    r"oorspronkelijk bericht|original ?nachricht|"
    r"исходное сообщение|原始(?:邮件|郵件)|元の?メッセージ))[^\r\n]{0,120}$"
    r"|^(?:> ?)?(?:received|return-path|dkim-signature|message-id|mime-version):[^\r\n]*\r?\n(?:[ "
    r"\t>]{0,4}[\w-]+:|[ \t])",
    re.I | re.M,
)
_FIRST_WORDS = 12  # before them nothing can have come back yet
_PARAGRAPH = re.compile(r"\r?\n[ \t]*\r?\n")
_CODE = re.compile(
    r"(?<![\d.:/#@_-])[45]\d\d(?:[ -]|: )(?!\d{1,2}[:/.]\d)(?=.)|(?<![\d.])#?\(?#?[245]\.\d\.\d{1,3}(?![\d.])"
)
_QUOTE = re.compile(
    r"^(?:>|-{2,} ?(?:original|ursprüngliche|forwarded|message d|mensaje)|_{10,}|(?:from|von|de|da|"
    r"от): .{0,200}@|"
    r"(?:on|am|le|el|il|em|op|den|dnia|dne) .{5,200}(?:wrote|schrieb|a écrit|escribi[óo]|ha scritto|"
    r"escreveu|schreef|"
    r"skrev|napisał\(?a?\)?|napsal\(?a?\)?) ?:)",
    re.I | re.M,
)


def written(opened: Opened) -> str:
    """All text for people, as it stands."""
    plain = [part.text for part in opened.parts if part.kind == "text/plain"]
    if sum(len(text.strip()) for text in plain) < 30:
        plain = [part.text for part in opened.parts if part.kind in _TEXTS]
    return "\n\n".join(plain)


def before_original(text: str) -> tuple[str, str]:
    """(what was said, the mail that came back) where the second follows in the same text."""
    found = _ORIGINAL.search(text, _FIRST_WORDS) if len(text) > _FIRST_WORDS else None
    return (text[: found.start()], text[found.start() :]) if found else (text, "")


def said_by_servers(text: str) -> list[str]:
    """The sentences that hold a reply or status code: a server's own words, most likely."""
    found: list[str] = []
    for paragraph in _PARAGRAPH.split(text[:MOST_TEXT]):
        line = " ".join(paragraph.split())
        codes = [match.start() for match in _CODE.finditer(line)]
        if not codes:
            continue
        if len(line) <= 400:
            found.append(line)
            continue
        for start in codes[:20]:
            found.append(line[max(0, start - 120) : start + 400])
    return found[:20]


def original_fields(opened: Opened, rest: str) -> Fields:
    """The head of the mail that came back, as far as it is in the report."""
    for part in opened.of(
        "message/rfc822", "text/rfc822-headers", "message/rfc822-headers", "message/partial"
    ):
        if fields := read_fields(
            part.text.lstrip()[:20_000].partition("\n\n")[0].replace("\r\n\r\n", "\n\n")
        ):
            return fields
    start = re.search(
        r"^[ \t>]*(?:received|return-path|from|to|date|message-id|subject)[ \t]*:", rest, re.I | re.M
    )
    if not start:
        return {}
    return read_fields(re.sub(r"^[ \t>]+(?=[\w-]+:)", "", rest[start.start() :][:20_000], flags=re.M))


def quotes(text: str) -> bool:
    """Whether it quotes what it answers."""
    return bool(_QUOTE.search(text))


def own_words(text: str) -> str:
    """What somebody wrote in an answer, without what it quotes."""
    found = _QUOTE.search(text)
    kept = text[: found.start()] if found else text
    lines = [line.rstrip() for line in kept[:MOST_TEXT].splitlines() if not line.startswith(">")]
    return "\n".join(lines).strip()
