"""Refusals in the words of many servers (servers.tsv), each under its own status and under one that says
nothing; the bars of the whole hold here, too."""

from pathlib import Path

import pytest

from nurture.mail.inbound.reading import read_report
from tests.mail.inbound.shapes import dsn, letter

_LINES = (Path(__file__).parent / "servers.tsv").read_text("utf-8").splitlines()
REFUSALS = [line.split("\t") for line in _LINES if line]


def judged(status: str, words: str) -> str:
    return read_report(dsn(f"smtp; {words}", status)).kind


@pytest.mark.parametrize("bare", [False, True], ids=["own status", "no status"])
def test_the_words_of_many_servers_are_understood(bare: bool) -> None:
    found = [
        (kind, judged(f"{words[0]}.0.0" if bare and words[0] in "45" else status, words), words)
        for kind, status, words in REFUSALS
    ]
    wrong = [one for one in found if one[0] != one[1]]
    assert len(wrong) <= len(found) * 0.05, wrong
    assert not [one for one in wrong if one[0] == "soft"], "a passing trouble is not a closed mailbox"


@pytest.mark.parametrize(
    ("kind", "sender", "subject", "words"),
    [
        ("hard", "MAILER-DAEMON@garden.example", "配信不能",
         "宛先のユーザーが存在しないため配信できませんでした。"),
        ("hard", "MAILER-DAEMON@ogrod.example", "Niedostarczona wiadomość",
         "Wiadomość nie została dostarczona do:\nann@garden.example\nNie ma takiego użytkownika."),
        ("hard", "mailer-daemon@garten.example", "Unzustellbar: Drei Wege",
         "Ihre Nachricht an ann@garden.example ist unzustellbar: Postfach nicht vorhanden."),
        ("soft", "MAILER-DAEMON@jardin.example", "Message non remis",
         "Votre message à ann@garden.example n'a pas pu être remis : la boîte du destinataire est pleine."),
        ("soft", "mailer-daemon@sad.example", "Недоставленное сообщение",
         "Письмо не может быть доставлено:\nann@garden.example\nпочтовый ящик переполнен"),
    ],
)  # fmt: skip
def test_words_alone_are_understood(kind: str, sender: str, subject: str, words: str) -> None:
    assert read_report(letter(sender, subject, words)).kind == kind
