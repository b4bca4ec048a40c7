"""Who asks to be left alone is understood; who asks for something else is answered by a person."""

import pytest

from nurture.rules.leaving import asks_to_leave


@pytest.mark.parametrize(
    "said",
    [
        "Unsubscribe!", "STOP", "stop please", "Please unsubscribe me.", "remove me", "Abmelden bitte",
        "Please take me off your list. We bought elsewhere.", "Could you remove me from your mailing list?",
        "Please stop sending me emails", "Do not contact me again!", "I want to unsubscribe from this list",
        "no more emails please, thanks", "Please remove us from all future mailings",
        "Don’t email me anymore.",
        "Bitte melden Sie mich vom Newsletter ab.", "Bitte streichen Sie mich aus Ihrem Verteiler, danke",
        "Ich möchte keine E-Mails mehr erhalten", "Bitte keine weiteren Mails mehr", "Newsletter abbestellen",
        "Отпишите меня от рассылки, пожалуйста", "Больше не пишите мне", "Уберите меня из базы!",
        "отписаться",
        "Merci de me désinscrire de votre liste", "Ne m'envoyez plus de mails.", "Quiero darme de baja",
        "No me envíen más correos", "Cancellatemi dalla vostra lista", "Proszę usunąć mnie z listy",
        "\n\n  unsubscribe\n\nSent from my phone",
    ],
)  # fmt: skip
def test_a_wish_to_leave_is_understood(said: str) -> None:
    assert asks_to_leave("Re: Stop losing stock", said)


@pytest.mark.parametrize(
    "said",
    [
        "", "Please call me about the big shears.", "Stop by our stand on Tuesday", "When does it stop?",
        "Please remove the second item from our order", "I would like to subscribe", "Do not call, email me",
        "Could you take me through the offer?", "Please take us to your demo page", "Please send me more",
        "Bitte senden Sie mir mehr", "Kann man das abmelden, wenn die Maschine steht?",
        "We unsubscribe machines from service every year", "Не пишите цену без НДС",
        "Please stop sending the invoices to my colleague, she has left", "Remove me from the call on Friday",
        "Stop sending me the old price list, I need the new one",
    ],
)  # fmt: skip
def test_another_wish_is_not(said: str) -> None:
    assert not asks_to_leave("Re: Stop", said)


def test_a_subject_counts_where_the_person_wrote_it() -> None:
    assert asks_to_leave("unsubscribe please", "Sent from my phone")
    assert not asks_to_leave("AW: Stop", "Sent from my phone")
