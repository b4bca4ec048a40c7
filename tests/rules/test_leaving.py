"""An answer that asks to be left alone is told from one that speaks of it."""

import pytest

from nurture.rules.leaving import asks_to_leave

ASKS = (
    "Unsubscribe", "UNSUBSCRIBE!", "please unsubscribe me",
    "Please remove me from your mailing list.", "Stop",
    "stop sending me emails", "Take me off this list", "I no longer wish to receive your newsletter",
    "Bitte melden Sie mich ab", "Abmelden", "Bitte aus dem Verteiler austragen, danke",
    "Bitte keine weiteren E-Mails", "Désabonner", "Merci de me désinscrire de votre liste",
    "desabonnez-moi svp",
    "Baja", "Por favor darme de baja de su lista", "cancellami", "Non voglio più ricevere vostre mail",
    "Descadastrar", "Uitschrijven graag", "afmelden", "Avregistrera mig", "avmeld meg", "Frameld mig",
    "Proszę mnie wypisać z listy", "Prosím odhlásit", "leiratkozom", "Dezabonare",
    "Отпишите меня от рассылки", "удалите меня пожалуйста", "Відписати", "Odjavi me molim",
    "Abonelikten çıkmak", "退订", "取消订阅", "配信停止をお願いします", "수신거부", "הסר", "إلغاء الاشتراك",
    "hủy đăng ký", "berhenti berlangganan",
)  # fmt: skip
DOES_NOT = (
    "How do I unsubscribe my colleague?",
    "Please don't unsubscribe me, I like your mails a lot and read every one",
    "We should stop by your booth next week",
    "Please remove the second machine from the offer and send it again",
    "Non-stop delivery would be great",
    "Yes please call me",
    "Danke, bitte mehr davon",
    "Can I cancel the order?",
    "",
)


@pytest.mark.parametrize("said", ASKS)
def test_few_words_in_any_language_are_enough_to_leave(said: str) -> None:
    assert asks_to_leave("Re: Three ways to prune", f"\n{said}\n\nSent from my phone")


@pytest.mark.parametrize("said", DOES_NOT)
def test_whoever_speaks_of_something_else_stays(said: str) -> None:
    assert not asks_to_leave("Re: Three ways to prune", said)


def test_a_subject_alone_is_enough_when_nothing_else_is_said() -> None:
    assert asks_to_leave("unsubscribe", "  \n")
    assert not asks_to_leave("Re: unsubscribe", "")
    assert not asks_to_leave("unsubscribe", "Three of us come to the fair")
