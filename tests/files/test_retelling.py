"""What workers wrote down in English is read in the reader's own language."""

import pytest

from nurture.files.catalogues import catalogues


@pytest.mark.parametrize(
    ("kept", "told"),
    [
        ("The mailbox is full.", "Почтовый ящик переполнен."),
        ("readiness passed the threshold", "готовность прошла порог"),
        ("Readiness passed the threshold", "Готовность прошла порог"),
        ("heat 54.9 of 50 to be hot", "нагрев 54.9 из 50, чтобы стать горячим"),
        ("known: company, company size, phone", "известно: компания, размер компании, телефон"),
        (
            "The mail server mail.brand.example cannot be reached: it closed the connection.",
            "Почтовый сервер mail.brand.example недоступен: он закрыл соединение.",
        ),
        ("5 days", "5 дней"),
        ("grade B", "оценка B"),
        ("budget: yes", "бюджет: да"),
        ("21 days", "21 день"),
    ],
)
def test_a_sentence_of_ours_is_told_again(kept: str, told: str) -> None:
    assert catalogues()["ru"].retold(kept) == told


@pytest.mark.parametrize(
    "kept",
    [
        "",
        "550 5.1.1 User unknown",
        "Müller: ja",
        "All sending went well",
        "asked for a call back",
        "not convinced",
    ],
)
def test_what_others_wrote_stays_as_it_is(kept: str) -> None:
    assert catalogues()["ru"].retold(kept) == kept
