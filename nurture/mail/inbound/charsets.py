"""Bytes whose charset nobody says, or says wrongly: old servers write their own language in it."""

import re

_SAMPLE = 2_000
_LETTERS = re.compile(r"[^\x00-\x7f]")
# The letters beyond ASCII that texts of a language mostly hold, and what part of them they make at least.
# Kana stand between the signs of Japanese; of Chinese and Korean those count that mails are full of.
_CHINESE = "的您我不在是了有人一到以为為邮件郵信箱发發送收退回户戶系统統服务務器址地无無法用已满滿"
_TELL = tuple(
    (name, re.compile(f"[{letters}]"), least)
    for name, letters, least in (
        ("koi8-r", "а-яё", 0.8),
        ("cp1251", "а-яёіїєўґ№«»—", 0.8),
        ("shift_jis", "\u3040-\u30ff", 0.3),
        ("euc_jp", "\u3040-\u30ff", 0.3),
        ("gb18030", _CHINESE, 0.3),
        ("big5", _CHINESE, 0.3),
        ("euc_kr", "다니습이의은는을를에메일수없있하주소존재사용자", 0.3),
        ("cp1253", "α-ωάέήίόύώς", 0.8),
        ("cp1250", "ąćęłńóśźżáčďéěíňřšťúůýžľĺőűöüăâîșțşţđ", 0.9),
        ("iso8859-2", "ąćęłńóśźżáčďéěíňřšťúůýžľĺőűöüăâîșțşţđ", 0.9),
        ("cp1254", "ığşçöüİâ", 0.9),
        ("cp1252", "äöüßéèêëàâçñáíóúîïôûãõåæøÄÖÜÉÅØ¿¡’‘“”–—…«»€", 0.9),
    )
)
# Alphabets of their own; a language in Latin letters mixes those beyond ASCII into its words.
_UNMIXED = frozenset(("koi8-r", "cp1251", "cp1253"))
_MIXED = re.compile(rb"[A-Za-z][\x80-\xff]|[\x80-\xff][A-Za-z]")
_HIGH = re.compile(rb"[\x80-\xff]")


def guessed(raw: bytes) -> str:
    """The text: UTF-8, Japanese by its escapes, else what most of it would be letters of a language in,
    else those of western Europe. Never raises."""
    try:
        return raw.decode("iso2022_jp" if b"\x1b$" in raw else "utf-8")
    except ValueError:
        return raw.decode(_likely(raw[:_SAMPLE]), "replace")


def _likely(raw: bytes) -> str:
    latin = len(_MIXED.findall(raw)) > len(_HIGH.findall(raw)) / 2
    asked = [one for one in _TELL if not (latin and one[0] in _UNMIXED)]
    fits = [(_share(raw, name, letters) / least, name) for name, letters, least in asked]
    return max((one for one in fits if one[0] >= 1), default=(1.0, "latin-1"))[1]


def _share(raw: bytes, name: str, letters: re.Pattern[str]) -> float:
    """What part of the letters beyond ASCII is of the language."""
    beyond = _LETTERS.findall(raw.decode(name, "replace"))
    return len(letters.findall("".join(beyond))) / len(beyond) if beyond else 0.0
