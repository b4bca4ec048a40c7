"""A link that nobody sees stands once in each mail of marketing, and nowhere but in its HTML."""

import email
import email.policy
import re

import pytest

from nurture.mail.compile import check, compile_mail
from nurture.mail.message import Letter, build
from nurture.mail.prepare import PreparedMail, plain_html, plain_words, prepare
from nurture.mail.source import SERVICE, CompiledMail, MailSource
from nurture.mail.trap import trap_of
from tests.mail.letters import SENDER, letter, values

ANCHOR = re.compile(r"<a [^>]*aria-hidden[^>]*>(.*?)</a>")
HIDDEN = "https://t.example/c/unseen"
MD = "Hello {{ lead.first_name }}, [read this](https://a.example/case)."
MJML = """<mjml><mj-body><mj-section><mj-column><mj-text>Hello {{ lead.first_name }},
<a href="https://a.example/case">read this</a>.</mj-text></mj-column></mj-section></mj-body></mjml>"""
HTML = """<!doctype html><html><head><title>News</title></head><body><p>Hello {{ lead.first_name }},
<a href="https://a.example/case">read this</a>.</p></body></html>"""
OWN = '<a href="https://a.example/own" data-trap style="display:none"></a>'


def source(body: str = MD, written: str = "md", **more: str) -> MailSource:
    return MailSource("case", "A case", body, format=written, **more)


def ready(mail: CompiledMail, *, trap: bool = True) -> PreparedMail:
    """As it is sent: with the ids of all links that are kept for it."""
    kept = {number: 100 + number for number, _to, _label in trap_of(mail)}
    return prepare(mail, {link.no: 100 + link.no for link in mail.all_links} | kept, trap=trap)


def sent(mail: PreparedMail, **lead: str) -> tuple[str, str]:
    """The text and the HTML that a reader gets; the links lead to /1, /2 and so on."""
    said: Letter = letter({"first_name": "Bert", **lead})
    most = max(mail.link_ids, default=0)
    links = [HIDDEN, *(f"https://t.example/c/{number}" for number in range(1, most + 1))]
    said = said._replace(values=values(lead) | {"links": [f"{one}=\r\n" for one in links]})
    message = email.message_from_bytes(build(mail, SENDER, said), policy=email.policy.default)
    parts = [message.get_body((kind,)) for kind in ("plain", "html")]  # type: ignore[attr-defined]
    text, page = (part.get_content() for part in parts)
    return text, page


@pytest.mark.parametrize(("body", "written"), [(MD, "md"), (MJML, "mjml"), (HTML, "html")])
def test_each_kind_of_source_gets_one_without_words_at_the_end_of_its_page(body: str, written: str) -> None:
    mail = ready(compile_mail(source(body, written)))
    assert mail.filling is not None, "it is still filled in one go"
    text, page = sent(mail)
    assert page.count(HIDDEN) == 1 and HIDDEN not in text
    [anchor] = ANCHOR.finditer(page)
    assert anchor[1] == "" and page[anchor.end() :].split() == ["</body></html>"]
    assert f'href="{HIDDEN}"' in anchor[0] and 'tabindex="-1"' in anchor[0]
    assert "display:none" in anchor[0] and "mso-hide:all" in anchor[0]


def test_only_mails_that_are_sent_carry_it() -> None:
    mail = compile_mail(source())
    assert [link.label for link in mail.links] == ["read this"]
    shown = values({"first_name": "Bert"})
    for words in (mail.html, mail.text, plain_html(mail, shown), plain_words(mail, shown)):
        assert "links[0]" not in words and "aria-hidden" not in words
    assert check(source()) == []


def test_a_house_that_wants_none_sends_the_same_mail_without() -> None:
    mail = compile_mail(source())
    bare, trapped = sent(ready(mail, trap=False)), sent(ready(mail))
    assert not ANCHOR.search(bare[1])
    assert (bare[0], bare[1]) == (trapped[0], ANCHOR.sub("", trapped[1]))


def test_confirmations_and_notices_have_none() -> None:
    mail = compile_mail(source(MD, "md", kind=SERVICE))
    assert trap_of(mail) == []
    assert not ANCHOR.search(sent(prepare(mail, {0: 100}, trap=True))[1])


def test_a_mail_with_a_trap_of_its_own_keeps_that_one_alone() -> None:
    mail = compile_mail(source(HTML.replace("</body>", f"{OWN}</body>"), "html"))
    assert [link.label for link in mail.links] == ["read this", "#trap"]
    assert trap_of(mail) == []
    page = sent(ready(mail))[1]
    assert HIDDEN not in page and page.count("display:none") == 1


def test_every_language_of_a_mail_has_the_same_one_unless_it_has_its_own() -> None:
    russian = source(f"Здравствуйте. {OWN}", language="ru")
    german = source("Guten Tag, [hier](https://a.example/de).", language="de")
    mail = compile_mail(MailSource("case", "A case", MD, others=(russian, german)))
    assert trap_of(mail) == [(0, "trap:", "#trap")]
    whole = ready(mail)
    pages = [sent(whole.for_reader(tag))[1] for tag in ("en", "ru", "de")]
    assert [HIDDEN in page for page in pages] == [True, False, True]
