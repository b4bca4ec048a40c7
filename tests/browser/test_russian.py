"""A Russian reader finds no English sentence on any page of a company that has really worked for weeks."""

import re
from collections.abc import Iterator

import pytest
from flask import Flask
from lxml import html
from sqlalchemy import text
from werkzeug.routing import Rule

from nurture.app import create_app
from nurture.rules.tokens import mint
from nurture.runtime import Runtime
from nurture.store import schema
from nurture.store.users import User
from nurture.web.access_table import ACCESS
from nurture.web.subject_lines import subject_line
from tests.browser.company import CAMPAIGNS
from tests.browser.conftest import House

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

# Names of things that are the same in every language, and what is written for machines.
_NAMES = (
    "Nurture English CSV JSON YAML API CRM BANT SMTP IMAP DKIM SPF DMARC DNS TOTP URL HTTP HTTPS UTC XLSX "
    "Excel TLS STARTTLS RSA Ed25519 MIME HTML MJML Markdown Webhook Bearer UTF PEM MX TXT CNAME "
    "Redis PostgreSQL Amazon SES SNS Mailgun Postmark SendGrid Mailjet Segment RFC NURTURE https "
    "generic mail mailgun mailjet postmark sendgrid ses fair partner website nurture worker pump long "
    "unknown Apple iCloud own tag customer RudderStack "
    "ZIP Mautic Bitrix HubSpot Pipedrive Slack Telegram amoCRM Standard Webhooks LinkGuard Schema HMAC SHA "
    "Ctrl Shift Authorization Content Security Policy cookie head Not Track Global Privacy Control "
    "import FILE signals email kind day subject body time name preheader then each "
    "field data rating gte case study price list shelf check budget Budget household Household owner "
    "building trial started temperature userId "
    "Barracuda Cisco Comcast Free GMX WEB Google IONOS Poste Libero Microsoft Mimecast Naver "
    "NetEase OVH Orange Proofpoint Proton Telekom Yahoo AOL and Yandex Zoho"
)
NAMES = frozenset(_NAMES.split())
# Pages without words of ours: what they send is a file, a picture or a mail.
FILES = frozenset(
    (
        "static",
        "files.vendor",
        "health.metrics",
        "health.alive",
        "health.ready",
        "letters.view",
        "deliveries.mail",
        "newsletters.preview",
    )
)
_WORD = re.compile(r"[A-Za-z]{3,}")
_UNREAD = (
    "//textarea|//script|//style|//code|//pre|//kbd|//svg|//iframe|//noscript|//*[@lang and not(self::html)]"
    "|//*[@translate='no']"
)
_SAID = ("title", "aria-label", "placeholder", "alt", "data-ask", "data-more")
# What authors of programs and models name in their files.
_WRITTEN = re.compile(r'(?:exit|text|name|key): "?([^"\n{}]+)')
# People's own words, by table.
_OWN_WORDS = """
    SELECT string_agg(DISTINCT word, E'\\x01') FROM (
        SELECT jsonb_path_query(to_jsonb(t), '$.** ? (@.type() == "string")') #>> '{{}}' AS word
        FROM {table} t
    ) AS w WHERE length(word) > 2
"""
# Where even one small word is somebody's own. In all other tables such a word is the name of a state, which
# a page has to translate: there only what has a space or a capital letter was written by people.
_TABLES = (
    "lead", "company", "user_account", "source", "mail", "program", "program_version", "link", "segment",
    "newsletter", "webhook_endpoint", "delivery", "signal", "handoff_outcome", "lead_import", "mail_version",
    "api_key", "heat_model", "heat_model_version", "enrollment", "chain", "installation", "sales_team",
    "transport", "form", "sender",
)  # fmt: skip


@pytest.fixture(scope="module")
def russian(house: House) -> Iterator[Flask]:
    with house.runtime.sessions.begin() as session:
        for user in session.query(User):
            user.preferences = {**user.preferences, "language": "ru"}
    app = create_app(house.runtime)
    app.testing = True
    yield app
    with house.runtime.sessions.begin() as session:
        for user in session.query(User):
            user.preferences = {**user.preferences, "language": ""}


@pytest.fixture(scope="module")
def own_words(house: House) -> re.Pattern[str]:
    """Everything that people of this company wrote, the longest first, so that it can be taken out."""
    written = "".join(path.read_text(encoding="utf-8") for path in CAMPAIGNS.rglob("*.yaml"))
    found = {name.strip().replace("_", " ") for name in _WRITTEN.findall(written)}
    with house.runtime.sessions() as session:
        for table in schema.metadata().tables:
            joined = session.scalar(text(_OWN_WORDS.format(table=table))) or ""
            for words in joined.split("\x01"):
                if table in _TABLES or " " in words or words != words.lower():
                    found |= {words.replace("_", " "), subject_line(words[:500])}
                    found |= {line.strip() for line in (words, *words.splitlines())}
    known = sorted((word for word in found if _WORD.search(word)), key=len, reverse=True)
    return re.compile("|".join(rf"(?<!\w){re.escape(word)}(?!\w)" for word in known), re.IGNORECASE)


def _addresses(app: Flask, runtime: Runtime) -> Iterator[tuple[str, str]]:
    """(endpoint, address) of every page of the table of access that can be looked at."""
    rules = sorted(app.url_map.iter_rules(), key=lambda rule: rule.rule)
    for rule in rules:
        if rule.endpoint in ACCESS and rule.endpoint not in FILES and "GET" in (rule.methods or ()):
            yield rule.endpoint, _filled(rule, runtime)


def _filled(rule: Rule, runtime: Runtime) -> str:
    tokens = {
        "leaving.page": ("unsubscribe", 2, 1),
        "choosing.page": ("preferences", 2, 1),
        "answers.form": ("answer", 1),
    }
    address = rule.rule
    for name in rule.arguments:
        value = mint(runtime.ring, *tokens[rule.endpoint]) if rule.endpoint in tokens else "1"
        address = re.sub(rf"<(\w+:)?{name}>", value, address)
    return address


def _english(page: str, own: re.Pattern[str]) -> list[str]:
    tree = html.document_fromstring(page)
    for node in tree.xpath(_UNREAD):
        node.drop_tree()
    said = [str(one) for one in tree.xpath("//text()")]
    said += [node.get(name) for name in _SAID for node in tree.xpath(f"//*[@{name}]")]
    return [line for line in (" ".join(one.split()) for one in said) if _is_english(line, own)]


def _is_english(line: str, own: re.Pattern[str]) -> bool:
    bare = own.sub(" ", re.sub(r"\b[a-z_-]+(\.[a-z_-]+)+\b|\bname:password\b", " ", line))
    bare = re.sub(r"\S*[@/_.=]\w\S*|\bv\d+\b", " ", bare)  # addresses, settings, versions
    return any(word not in NAMES for word in _WORD.findall(bare))


def test_no_page_speaks_english_to_a_russian_reader(
    russian: Flask, house: House, own_words: re.Pattern[str]
) -> None:
    client = russian.test_client()
    with house.runtime.sessions() as session:
        admin = session.query(User).filter_by(role="admin").first()
    with client.session_transaction() as kept:
        kept["user"], kept["epoch"] = admin.id, admin.session_epoch
    found, seen = {}, 0
    for endpoint, address in _addresses(russian, house.runtime):
        answer = client.get(address, headers={"Accept-Language": "ru"}, follow_redirects=True)
        if answer.mimetype != "text/html" or not answer.data:
            continue
        seen += answer.status_code == 200
        if english := _english(answer.text, own_words):
            found[f"{endpoint} {address} {answer.status_code}"] = sorted(set(english))
    assert found == {}
    assert seen >= 35
