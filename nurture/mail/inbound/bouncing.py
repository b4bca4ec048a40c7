"""Whether a message without a machine's part tells that a mail did not arrive."""

import re

from nurture.mail.inbound import automatic, human_part, named, signs
from nurture.mail.inbound.fields import Fields, first
from nurture.mail.inbound.opening import Opened
from nurture.rules import bounces
from nurture.rules.marks import unmarked, unmarked_pattern

_DELAYED = re.compile(
    unmarked_pattern(
        r"\bdelayed\b|will (?:keep|continue)(?: to| to be)? (?:try|re-?try|be|attempt)|still (?:being|"
        r"trying|be) (?:re)?tr|go(?:es)? on trying|not (?:yet )?been (?:delivered|handed over) yet|"
        r"not yet been delivered|will be re-?(?:tried|attempted)|do(?:es)? not need to re-?send|no action "
        r"is required|(?:retry|delivery) queue|enqueued and undeliver|"
        r"(?:warning|temporar\w+)\b.{0,60}(?:could not send|has not (?:yet )?been|not been delivered)|"
        r"attempts? (?:to deliver )?(?:the message )?will (?:continue|go on)|verzögert|noch nicht "
        r"zugestellt|"
        r"retardé|n'a pas encore été|retrasad|aún no se ha|ritardat|non è (?:stat\w+ )?ancora|atrasad|"
        r"ainda não foi|"
        r"vertraagd|nog niet|ännu inte|endnu ikke|ennå ikke|opóźnion|jeszcze nie|zpožd|dosud ne|késedelm|"
        r"отложен|задерж|ещё не (?:был|достав)|затрим|遅延|まだ配信されて|延迟|延遲|지연"
    ),
    re.I,
)
_ARRIVED = re.compile(
    r"success(?:ful|fully)? (?:mail )?deliver|successfully (?:\w+ )?delivered|delivery (?:was )?successful|"
    r"(?:has been|was) (?:relayed|expanded)|erfolgreich (?:zugestellt|übermittelt)|remis avec succès|"
    r"message (?:was )?(?:read|displayed)\b",
    re.I,
)
_MAIL_BACK = ("message/rfc822", "text/rfc822-headers", "message/rfc822-headers")


def arrived(opened: Opened, said: str) -> bool:
    """Whether a mail server tells that all went well."""
    told = f"{first(opened.fields, 'subject')}\n{said[:1_000]}"
    refused = any(code >= 400 for text in human_part.said_by_servers(said) for code in bounces.codes_in(text))
    return signs.from_daemon(opened.fields) and bool(_ARRIVED.search(told)) and not refused


def delayed(subject: str, said: str) -> bool:
    """Whether the mail is still being tried."""
    head = unmarked(said[:3_000])
    return bool(_DELAYED.search(unmarked(subject))) or (
        bool(_DELAYED.search(head)) and "failed" not in subject.lower()
    )


def bounces_back(opened: Opened, said: str, rest: str, original: Fields) -> bool:
    """Whether it reads like a report of a mail that did not arrive. What a mail carrier writes is one unless
    it says otherwise, as soon as it names somebody; what others write needs more."""
    fields = opened.fields
    if "x-failed-recipients" in fields:
        return True
    subject = first(fields, "subject")
    by_subject, by_words = signs.bounce_subject(subject), signs.bounce_words(said)
    away = automatic.away_subject(subject) and not by_subject
    names = _names_somebody(opened, said, rest, original)
    if signs.from_daemon(fields):
        codes = bool(human_part.said_by_servers(said))
        carrier = signs.carries_mail(fields) and names and not signs.answers_something(fields)
        return not away and (by_subject or by_words or codes or carrier)
    if signs.answers_something(fields) or away:
        return False
    if names and first(fields, "auto-submitted").strip().lower().startswith("auto-generated"):
        return by_subject or by_words or bool(bounces.heard(said[:2_000]))
    if by_subject:
        told = by_words or (_comes_back(opened, rest) and bool(human_part.said_by_servers(said)))
        return told and (names or signs.tells_a_reason(said))
    return names and by_words and _comes_back(opened, rest)


def _comes_back(opened: Opened, rest: str) -> bool:
    """Whether a mail stands below or beside the words."""
    return bool(rest) or bool(opened.of(*_MAIL_BACK))


def _names_somebody(opened: Opened, said: str, rest: str, original: Fields) -> bool:
    """Whether a failed mail can be told by more than words: an address, a code, the mail itself."""
    if _comes_back(opened, rest) or named.strangers(opened, original, said):
        return True
    return bool(human_part.said_by_servers(said))
