"""From an author's words to templates: links, layouts, text part, and faults with their lines."""

import email
import email.policy

import pytest

from nurture.errors import Invalid
from nurture.mail.active import active_parts
from nurture.mail.compile import check, compile_mail, fingerprint
from nurture.mail.message import build
from nurture.mail.prepare import RenderFault, prepare
from nurture.mail.source import CompiledMail, Link, MailSource
from tests.mail.letters import SENDER, letter


def source(body: str, **more: str) -> MailSource:
    return MailSource(key="welcome", subject="Hello", body=body, **more)  # type: ignore[arg-type]


def sentences(body: str, **more: str) -> list[str]:
    return [sentence for _line, sentence in check(source(body, **more))]


def test_links_are_numbered_as_they_stand_and_leave_the_page() -> None:
    mail = compile_mail(source("[One](https://a.example/?x=1&y=2) and [two](http://b.example)"))
    assert mail.links == (Link(1, "https://a.example/?x=1&y=2", "One"), Link(2, "http://b.example", "two"))
    assert "a.example" not in mail.html + mail.text
    assert 'href="{{ links[1] }}"' in mail.html
    assert "One ({{ links[1] }}) and two ({{ links[2] }})" in mail.text


def test_a_picture_link_is_known_by_the_text_of_its_picture() -> None:
    mail = compile_mail(
        source('<a href="https://a.example"><img src="https://a.example/x.png" alt="The case"></a>')
    )
    assert [link.label for link in mail.links] == ["The case"]
    assert "The case ({{ links[1] }})" in mail.text


def test_unsubscribing_is_never_tracked_and_stands_in_every_marketing_mail() -> None:
    mail = compile_mail(source("Words. [Leave]({{ unsubscribe_url }}), [mail](mailto:a@b.example)"))
    assert mail.links == ()
    for name in ("unsubscribe_url", "preferences_url", "view_url"):
        assert f"{{{{ {name} }}}}" in mail.html
        assert f"{{{{ {name} }}}}" in mail.text
    assert "{{ sender.postal_address }}" in mail.text
    assert "{{ pixel_url }}" in mail.html


def test_a_service_mail_tracks_nothing() -> None:
    mail = compile_mail(source("[Confirm]({{ params.confirm_url }}) [x](https://a.example)", kind="service"))
    assert mail.links == ()
    assert "pixel_url" not in mail.html and "unsubscribe_url" not in mail.html
    assert "{{ sender.postal_address }}" in mail.html


def test_a_link_made_personal_in_its_path_is_sent_as_it_is() -> None:
    mail = compile_mail(source("[You](https://a.example/{{ lead.fields.slug | urlencode }})"))
    assert mail.links == ()
    assert 'href="https://a.example/{{ lead.fields.slug | urlencode }}"' in mail.html


def test_template_code_survives_markdown_and_styles_unharmed() -> None:
    code = '{% if lead.company.size > 50 and lead.city != "<b>" %}Big{% else %}Small{% endif %}'
    assert code in compile_mail(source(f"You are {code}.")).html


def test_loops_keep_their_place_in_tables() -> None:
    rows = "{% for tag in lead.tags %}<tr><td>{{ tag }}</td></tr>{% endfor %}"
    html = compile_mail(source(f"<table><tbody>{rows}</tbody></table>", format="html")).html
    assert html.index("<table") < html.index("{% for") < html.index("<tr") < html.index("{% endfor")


def test_mjml_becomes_a_page_with_footer_and_tracked_button() -> None:
    mail = compile_mail(
        source(
            "<mjml><mj-body><mj-section><mj-column><mj-text>Hi {{ lead.first_name }}</mj-text>"
            '<mj-button href="https://a.example">Go</mj-button></mj-column></mj-section></mj-body></mjml>',
            format="mjml",
        )
    )
    assert mail.links == (Link(1, "https://a.example", "Go"),)
    assert "Hi {{ lead.first_name }}" in mail.text
    assert "{{ unsubscribe_url }}" in mail.html


def test_a_bold_link_alone_is_a_button() -> None:
    assert 'class="button"' in compile_mail(source("**[Go](https://a.example)**")).html
    assert 'class="button"' not in compile_mail(source("So **[go](https://a.example)** now")).html


def test_the_text_part_reads_like_a_letter() -> None:
    text = compile_mail(
        source("# Title\n\nOne\ntwo.\n\n1. first\n2. second\n\n- dot\n\n---\n\nEnd", preheader="Peek")
    ).text
    assert text.startswith("Title\n\nOne two.\n\n1. first\n2. second\n\n- dot\n\n----")
    assert "Peek" not in text


def test_a_compiled_mail_survives_being_kept() -> None:
    mail = compile_mail(source("[One](https://a.example)"))
    assert CompiledMail.from_json(mail.as_json()) == mail
    words = source("x")
    assert MailSource.from_json(words.as_json()) == words
    assert fingerprint(words) == fingerprint(MailSource(**{**words.as_json(), "body_line": 9}))
    assert fingerprint(words) != fingerprint(source("y"))


@pytest.mark.parametrize(
    ("body", "line", "part"),
    [
        ("fine\n\n[x](https://{{ lead.city }}/a)", 3, "put together"),
        ("fine\n[x](ftp://a.example)", 2, "does not begin with http"),
        ("[x](https://)", 1, "names no host"),
        ('<a href="javascript:alert()">x</a>', 1, "does not begin with http"),
        ("\n{{ lead.secret }}", 2, "“lead.secret” is not known"),
        ("\n\n{{ config }}", 3, "“config” is not known"),
        ("{% if %}", 1, "cannot be read"),
        ("", 1, "no words"),
    ],
)
def test_each_fault_is_named_with_its_line(body: str, line: int, part: str) -> None:
    [(at, sentence)] = check(source(body))
    assert at == line
    assert part in sentence


def test_lines_are_those_of_the_file() -> None:
    [(line, _sentence)] = check(MailSource("welcome", "Hello", "\n{{ nobody }}", body_line=6))
    assert line == 7


@pytest.mark.parametrize(
    "bomb",
    [
        "{{ 'a' * 10**9 }}",
        "{{ [0] * 10**9 }}",
        "{{ 7**(6*10**6) > 1 }}",
        "{{ 'a' | center(10**9) }}",
        "{{ 'a'.ljust(1000000000) }}",
        "{{ '%1000000000d' | format(1) }}",
        "{{ '%1000000000d' % 1 }}",
        "{{ '{:>1000000000}'.format(1) }}",
        "{{ 'a' | indent(1000000000) }}",
        "{{ lead.first_name | replace('a', 'aaaa') }}",
        "{% set a = lead.city ~ lead.city %}",
        "{% set a = [lead, lead] %}",
        "{% set a %}{{ lead.city }}{{ lead.city }}{% endset %}",
        "{% for a in range(99999) %}x{% endfor %}",
        "{% for a in 'aaaa' %}x{% endfor %}",
        "{% for a in lead.tags %}" * 3 + "x" + "{% endfor %}" * 3,
        "{{ lipsum(n=1000000) }}",
        "{% macro a() %}{{ a() }}{% endmacro %}",
        "{% include 'x' %}",
        "{% import 'x' as y %}",
        "{% extends 'x' %}",
        "{{ lead.delete() }}",
        "{{ lead.__class__ }}",
        "{{ lead | attr('__class__') }}",
        "{{ lead.tags | map(attribute='x') | list }}",
        "{{ lead.first_name | safe }}",
        "{{ lead.tags | tojson }}",
        "{{ lead.tags | batch(1000000000) }}",
        "{{ cycler('a') }}",
        "{{ self._TemplateReference__context }}",
        "{{ links[1] }}",
        "{% call x() %}{% endcall %}",
        "{{ 10**(3*10**7) }}",
        "{{ 'a'.zfill(1000000000) }}",
        "{{ 'a'.expandtabs(1000000000) }}",
        "{{ 'a'.replace('', 'aaaa') }}",
        "{{ 'a' | wordwrap(1) }}",
        "{{ {'a': 'b'} | xmlattr }}",
        "{{ '{0.__class__}'.format(lead) }}",
        "{{ '{a.__class__}'.format_map(lead) }}",
        "{{ lead | attr('format_map') }}",
        "{% set f = lead.first_name.format %}{{ f(lead) }}",
        "{{ lead.metadata }}",
        "{{ lead.query }}",
        "{{ config.SECRET_KEY }}",
        "{{ request.environ }}",
        "{{ g }}",
        "{{ ''.__class__.__mro__[1].__subclasses__() }}",
        "{% set ns = namespace(a=1) %}",
        "{{ joiner() }}",
        "{% for a in lead.tags recursive %}{{ loop(lead.tags) }}{% endfor %}",
        "{% for a in lead.tags | batch(2) %}x{% endfor %}",
        "{% for a in [1, 2] %}x{% endfor %}",
        "{% autoescape false %}{{ lead.city }}{% endautoescape %}",
        "{{ lead.tags | sum }}",
        "{{ lead.tags | random }}",
        "{{ lead.tags | groupby('x') }}",
        "{{ lead.fields | dictsort }}",
        "{{ lead | pprint }}",
        "{% set lead = sender %}",
        "{{ 1" + " + 1" * 2400 + " }}",
        "{{ lead.fields" + ".a" * 90 + " }}",
        "{{ " + "not " * 90 + "1 }}",
        "{% if lead.city %}" * 90 + "x" + "{% endif %}" * 90,
        "{% filter upper %}x{% endfilter %}",
        "{{ " + " ~ ".join(["lead.city"] * 3000) + " }}",
        "{{ " + "9" * 5000 + " }}",
        "{{ 0x" + "f" * 9000 + " }}",
        "{% for a in lead.tags %}{% for b in lead.tags %}"
        + "{% if lead.city | title == b | title %}{% endif %}" * 20
        + "{% endfor %}{% endfor %}",
    ],
)
def test_a_template_that_could_run_away_is_refused_before_it_runs(bomb: str) -> None:
    assert check(source(bomb)) != []
    with pytest.raises(Invalid):
        compile_mail(source(bomb))


@pytest.mark.parametrize(
    ("body", "part"),
    [
        ("<script>alert(1)</script>", "<script>"),
        ("<SCRIPT src='https://x.example/a.js'></SCRIPT>", "<script>"),
        ("<iframe src='https://x.example'></iframe>", "<iframe>"),
        ("<object data='x'></object>", "<object>"),
        ("<base href='https://x.example'>", "<base>"),
        ("<p onclick='x()'>a</p>", "onclick"),
        ("<p ONMOUSEOVER='{{ lead.city }}'>a</p>", "onmouseover"),
        ("<svg><a xlink:href='javascript:alert(1)'>x</a></svg>", "is code"),
        ("<form action=' java\tscript:alert(1)'><input></form>", "is code"),
        ("<img src='data:image/svg+xml,x'>", "is code"),
        ("<html><head><meta http-equiv='Refresh' content='0'></head><body>a</body></html>", "elsewhere"),
    ],
)
def test_what_would_run_in_a_mail_is_refused_on_its_line(body: str, part: str) -> None:
    found = check(MailSource("k", "Hi", f"one\n\n{body}\n", format="html"))
    assert [part in sentence for _line, sentence in found] == [True], found
    assert {line for line, _sentence in found} <= {1, 3}


def test_what_a_reader_is_called_cannot_become_a_part_of_the_page() -> None:
    """Values stand in quotes and are escaped, also where the author forgot the quotes."""
    mail = compile_mail(source("<p title={{ lead.city }}>x</p>\n\n<p class='{{ lead.city }}'>y</p>"))
    raw = build(prepare(mail, {}), SENDER, letter({"city": "a onmouseover=x() b='\"><script>"}))
    page = email.message_from_bytes(raw, policy=email.policy.default).get_body(("html",))
    assert page is not None
    assert active_parts(page.get_content()) == []


def test_subject_and_preheader_are_looked_at_too() -> None:
    assert check(MailSource("k", "Hi {{ lead.nope }}", "x")) == [(1, "“lead.nope” is not known.")]
    assert check(MailSource("k", "Hi", "x", preheader="{{ nope }}")) == [(1, "“nope” is not known.")]
    assert check(MailSource("k", "", "x")) == [(1, "The mail has no subject.")]


@pytest.mark.parametrize(
    "subject", ["{# later #}", "{{ '' }}", "{% if lead.city %} {% endif %}", "{{ ' ' }} "]
)
def test_a_subject_that_comes_out_empty_for_everybody_is_refused(subject: str) -> None:
    assert check(MailSource("k", subject, "x")) == [(1, "The subject comes out empty for everybody.")]


def test_a_subject_that_is_empty_for_some_is_taken() -> None:
    assert check(MailSource("k", "{% if lead.city %}{{ lead.city }}{% endif %}", "x")) == []


@pytest.mark.parametrize(
    "deep",
    [
        "{% if lead.city %}" * 50 + "x" + "{% endif %}" * 50,
        "{{ lead.fields.a" + " + lead.fields.a" * 55 + " }}",
        "{{ lead.city" + " | upper" * 55 + " }}",
        "{% if lead.city %}x" + "{% elif lead.city %}x" * 300 + "{% endif %}",
        "{{ lead.city" + " ~ lead.city" * 300 + " }}",
        "{{ 1.55 | round(999999999, 'ceil') }}{{ 1.55 | round(1) }}{{ 17 | round(-999999999) }}",
    ],
)
def test_whatever_is_taken_can_be_put_together(deep: str) -> None:
    """No template that was taken stops the mails of others later: it becomes code, and soon runs."""
    assert sentences(deep) == []
    values = letter({"city": "x", "fields": {"a": 1}})
    assert build(prepare(compile_mail(source(deep)), {}), SENDER, values)


@pytest.mark.parametrize(
    ("one", "form"),
    [
        ("<div>", "md"),
        ("<div>", "html"),
        ("<b a='1'>x", "html"),
        ("<mj-wrapper>", "mjml"),
        ("<table><tr><td></div>", "html"),
    ],
)
def test_parts_in_parts_without_end_are_refused_and_end_no_process(one: str, form: str) -> None:
    body = one * 15_000 if form != "mjml" else f"<mjml><mj-body>{one * 15_000}</mj-body></mjml>"
    assert "elements" in sentences(body, format=form)[0]
    with pytest.raises(Invalid):
        compile_mail(source(body, format=form))
    few = one * 90 if form != "mjml" else f"<mjml><mj-body>{one * 90}{'</mj-wrapper>' * 90}</mj-body></mjml>"
    assert sentences(few, format=form) == []


@pytest.mark.parametrize(
    "hungry",
    [
        "{{ " + "lead.tags | join(" * 20 + "'x'" + ")" * 20 + " }}",
        "{% set a = lead.tags | join(lead.fields.note) %}"
        + "{% set a = lead.tags | join(a) %}" * 9
        + "{{ a }}",
        "{% set a = lead.fields.note | urlencode | urlencode | urlencode %}{{ a" + " ~ a" * 900 + " }}",
        "{{ lead.fields.note" + " | urlencode" * 55 + " }}",
        "{% for a in lead.tags %}{% for b in lead.tags %}{% if lead.fields.note"
        + " | title" * 35
        + " == a %}{% endif %}{% endfor %}{% endfor %}",
        "{% for a in lead.tags %}{{ lead.fields.note | e | join | e | join | e }}"
        + "x" * 9000
        + "{% endfor %}",
        "{{ " + " ~ ".join(["lead.fields.note"] * 1200) + " }}",
    ],
)
def test_a_template_that_grows_or_lasts_with_its_values_fails_for_this_reader_alone(hungry: str) -> None:
    """What is harmless for most is ended for the one whose values make it grow, within seconds."""
    assert sentences(hungry) == []
    mail = prepare(compile_mail(source(hungry)), {})
    few = {"city": "x", "fields": {"note": "short"}, "tags": ["a"]}
    assert build(mail, SENDER, letter(few))
    many = {"city": "x", "fields": {"note": "ü" * 1000}, "tags": [f"tag {n:03}" for n in range(100)]}
    with pytest.raises(RenderFault):
        build(mail, SENDER, letter(many))


def test_what_marketers_write_is_taken() -> None:
    body = """
{% set name = lead.first_name or "friend" %}
Dear {{ name | title }} of {{ lead.company.name | default("your company") }},
{% if lead.company.size is defined and lead.company.size >= 50 %}large
{% elif "vip" in lead.tags %}vip{% endif %}
{% for tag in lead.tags %}{{ loop.index }}. {{ tag }}{% if not loop.last %}, {% endif %}{% endfor %}
{{ lead.tags | join(" and ") }} {{ lead.fields["odd name"] }} {{ lead.fields.budget | round(2) }}
"""
    assert sentences(body) == []


def test_a_trap_is_a_link_for_scanners_that_no_reader_meets() -> None:
    trap = (
        '<a href="https://a.example/x" data-trap aria-hidden="true" tabindex="-1" style="display:none"></a>'
    )
    mail = compile_mail(source(f"Hello [you](https://a.example).\n\n{trap}"))
    assert [link.label for link in mail.links] == ["you", "#trap"]
    assert "links[2]" in mail.html
    assert "links[2]" not in mail.text
    assert sentences(trap.replace("display:none", "color:red"))
