"""What a clause means whose exact words stand in no table: somebody or something (a user, a mailbox, a
domain), a word that denies, and a word of being (exist, find, know, list), near each other and in any order.

This holds for wordings nobody has seen, in most languages of Europe. Clauses about the sender, about
permission or about a passing state are left alone: in doubt nothing is said. Compared like bounces_words.
"""

import re

from nurture.rules import bounces_lexicon as lexicon
from nurture.rules.bounces_meanings import DISABLED, MAILBOX_FULL, NETWORK, UNKNOWN_DOMAIN, UNKNOWN_USER

_END = re.compile(r"[.,;:!?|/]+(?:\s|$)|\s[-\u2013\u2014]+\s|[\r\n]+|\b[245]\d\d\b|\b(?:but|because|since)\b")
_LONGEST_CLAUSE = 240
_MILDEST_FIRST = (MAILBOX_FULL, NETWORK, UNKNOWN_DOMAIN, UNKNOWN_USER, DISABLED)


def _words(*lists: str) -> str:
    stems = sorted({one for text in lists for one in text.split()})
    made = (one[:-1] + r"\b" if one.endswith(".") else one + r"\w*" for one in stems)
    return rf"\b(?:{'|'.join(made).replace('_', ' ')})"


def _near(one: str, other: str) -> re.Pattern[str]:
    return re.compile(rf"{one}\W+(?:[\w'-]+\W+){{0,4}}?{other}|{other}\W+(?:[\w'-]+\W+){{0,2}}?{one}")


_NOT = rf"(?:{_words(lexicon.NOT)}|n't\b|\bn'(?=\w))"
_WHO = _words(lexicon.BOX, lexicon.PERSON)
_IS_NOT = _near(_NOT, _words(lexicon.BEING))
_IS_NONE = re.compile(rf"{_words(lexicon.NONE)}\W+(?:[\w'-]+\W+){{0,1}}?{_WHO}")
# What is not found must be the person: a server may miss other things on the way to one.
_FINDS_NONE = re.compile(
    rf"{_NOT}\W+(?:[\w'-]+\W+){{0,2}}?(?:find|locate|identify|resolve|match)\W+(?:[\w'-]+\W+){{0,2}}?{_WHO}"
)
_IS_NO_USER = re.compile(
    rf"{_NOT}\W+(?:(?:an?|the|any|one|of|our|my|name|local|valid|known|real)\W+){{1,5}}"
    r"(?:user|recipient|addressee|address|alias|mail ?box|account)"
)
_NO_ANSWER = _near(_NOT, _words(lexicon.SILENT))
_SOMEBODY, _MAILBOX = re.compile(_WHO), re.compile(_words(lexicon.BOX))
_PLACE, _MACHINE = re.compile(_words(lexicon.PLACE)), re.compile(_words(lexicon.SERVER))
_GONE, _FULL = re.compile(_words(lexicon.GONE)), re.compile(_words(lexicon.FULL))
_DENIED, _ELSE = re.compile(_NOT), re.compile(_words(lexicon.ELSE))
_SERVED = re.compile(_words(lexicon.SERVED))


def meaning(plain: str) -> str:
    """What the clauses of a text say that bounces_words does not know, "" for nothing. The text is made
    plain already; of two clauses the milder one is heard."""
    text = plain.replace("e-mail", "email")
    heard = {_of(clause) for clause in _END.split(text) if 0 < len(clause) <= _LONGEST_CLAUSE}
    return next((one for one in _MILDEST_FIRST if one in heard), "")


def _of(clause: str) -> str:
    if _MAILBOX.search(clause) and _FULL.search(clause):
        return MAILBOX_FULL
    if _MACHINE.search(clause) and _NO_ANSWER.search(clause):
        return NETWORK
    if _ELSE.search(clause):
        return ""
    if _PLACE.search(clause) and _IS_NOT.search(clause) and not _SERVED.search(clause):
        return UNKNOWN_DOMAIN
    gone = bool(_GONE.search(clause)) and not _DENIED.search(clause)
    if gone and _PLACE.search(clause) and not _SERVED.search(clause):
        return UNKNOWN_DOMAIN
    if not _SOMEBODY.search(clause):
        return ""
    if any(one.search(clause) for one in (_IS_NOT, _IS_NONE, _FINDS_NONE, _IS_NO_USER)):
        return UNKNOWN_USER
    return DISABLED if gone else ""
