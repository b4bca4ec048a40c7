"""Who was behind a hit: the table of patterns, one sentence each."""

from datetime import UTC, datetime

import pytest

from nurture.rules.hits import CLICK, OPEN, Hit
from nurture.rules.ids import millis_of, uuid7
from nurture.rules.robots import Context, judge
from nurture.rules.signs import MANY_RECIPIENTS, SWEPT_LINKS, TRAP_LINK
from nurture.rules.user_agents import kind_of

BLINK = "AppleWebKit/537.36 (KHTML, like Gecko)"
WEBKIT = "AppleWebKit/605.1.15 (KHTML, like Gecko)"
MAC = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)"
AT = datetime(2026, 3, 3, 10, 0, tzinfo=UTC)
CHROME = f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {BLINK} Chrome/131.0.0.0 Safari/537.36"
IPHONE = f"Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) {WEBKIT} Mobile/15E148"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:132.0) Gecko/20100101 Firefox/132.0"
OUTLOOK = (
    "Mozilla/4.0 (compatible; MSIE 7.0; Windows NT 10.0; Win64; x64; Trident/7.0; "
    "Microsoft Outlook 16.0.5266; ms-office)"
)
GMAIL = "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)"
GMAIL_PREFETCH = (
    f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {BLINK} "
    "Chrome/42.0.2311.135 Safari/537.36 Edge/12.246 Mozilla/5.0"
)
LATER = Context(since_sent=3600.0)


def hit(kind: str = CLICK, ua: str = CHROME, **rest: object) -> Hit:
    whole = Hit(
        id=uuid7(millis_of(AT), bytes(10)),
        kind=kind,
        delivery_id=1,
        link_id=1 if kind == CLICK else None,
        method="GET",
        ua=ua,
        ip="198.51.100.7",
    )
    return whole._replace(**rest)  # type: ignore[arg-type]


@pytest.mark.parametrize("ua", [CHROME, IPHONE, FIREFOX, OUTLOOK])
def test_a_reader_with_a_browser_an_hour_later_is_a_person(ua: str) -> None:
    assert judge(hit(ua=ua), LATER).verdict == "human"
    assert judge(hit(OPEN, ua), LATER).verdict == "human"


def test_apples_image_loader_is_a_privacy_proxy_at_any_moment() -> None:
    for since in (0.4, 9.0, 86_400.0):
        assert judge(hit(OPEN, "Mozilla/5.0"), Context(since_sent=since)).verdict == "privacy_proxy"


def test_gmails_proxy_is_a_probable_open_when_late_and_a_scan_when_early() -> None:
    assert judge(hit(OPEN, GMAIL), Context(since_sent=25.0)).verdict == "privacy_proxy"
    early = judge(hit(OPEN, GMAIL), Context(since_sent=6.0))
    assert (early.verdict, early.reasons) == ("machine", ("proxy_too_soon",))
    assert judge(hit(OPEN, GMAIL_PREFETCH), LATER).verdict == "machine"


def test_a_proxy_that_follows_links_is_a_machine() -> None:
    assert judge(hit(CLICK, "Mozilla/5.0"), LATER).reasons == ("proxy_followed_link",)


def test_a_look_without_the_body_is_a_machine() -> None:
    assert judge(hit(method="HEAD"), LATER).reasons == ("head_request",)


@pytest.mark.parametrize(
    "ua",
    [
        "",
        "   ",
        "curl/8.5.0",
        "python-requests/2.32.3",
        "Go-http-client/2.0",
        "Slackbot-LinkExpanding 1.0 (+https://api.slack.example/robots)",
        f"Mozilla/5.0 (X11; Linux x86_64) {BLINK} HeadlessChrome/131.0.0.0 Safari/537.36",
        "Mozilla/5.0 (compatible; Examplebot/2.1; +http://www.search.example/bot.html)",
        "Mozilla/5.0 (compatible; Nameless/1.0)",
        "WhatsApp/2.23.20.0 A",
        "BarracudaCentral/1.0",
        "SomethingNew/1.2",
    ],
)
def test_programs_that_say_what_they_are_are_machines(ua: str) -> None:
    assert judge(hit(ua=ua), LATER).verdict == "machine"


def test_a_browser_that_asks_for_a_page_in_no_language_has_no_reader() -> None:
    page = {"accept": "text/html,*/*;q=0.8"}
    assert judge(hit(headers=page), LATER).reasons == ("no_language",)
    assert judge(hit(headers=page | {"accept-language": "de"}), LATER).verdict == "human"
    assert judge(hit(headers={"accept": "*/*"}), LATER).verdict == "human", "no page was asked for"
    assert judge(hit(kind=OPEN, headers=page), LATER).verdict == "human", "mail programs name none"


def test_a_prefetching_browser_is_not_yet_a_reader() -> None:
    assert judge(hit(headers={"sec-purpose": "prefetch;prerender"}), LATER).reasons == ("prefetch",)


def test_a_click_within_three_seconds_of_acceptance_is_a_machine_and_at_five_a_person() -> None:
    for since in (1.2, 2.9):
        assert judge(hit(), Context(since_sent=since)).reasons == ("too_soon",)
    assert judge(hit(), Context(since_sent=5.0)).verdict == "human"
    assert judge(hit(), Context(since_sent=8.0)).verdict == "human"


def test_a_sweep_through_three_links_is_a_machine_though_it_looks_like_chrome() -> None:
    for since in (43.0, 240.0):
        assert judge(hit(), Context(since, (SWEPT_LINKS,))).verdict == "machine"


def test_whoever_follows_an_invisible_link_is_a_machine() -> None:
    assert judge(hit(), Context(300.0, (TRAP_LINK,))).reasons == ("trap_link",)


def test_one_address_at_the_mails_of_forty_people_is_a_gate() -> None:
    assert judge(hit(), Context(60.0, (MANY_RECIPIENTS,))).reasons == ("many_recipients",)
    assert judge(hit(OPEN, GMAIL), Context(60.0, (MANY_RECIPIENTS,))).verdict == "privacy_proxy"


def test_a_click_out_of_the_webmail_hours_later_is_a_person() -> None:
    webmail = hit(headers={"referer": "https://outlook.office.example/"})
    assert judge(webmail, Context(since_sent=3 * 3600.0)).verdict == "human"


def test_a_program_nobody_knows_is_unknown_and_does_not_count() -> None:
    assert judge(hit(ua="my own mail reader"), LATER).verdict == "unknown"


def test_a_reason_is_given_for_everything_that_speaks_against_a_hit() -> None:
    found = judge(hit(ua="curl/8.5.0", method="HEAD"), Context(1.0, (SWEPT_LINKS,)))
    assert set(found.reasons) == {"head_request", "robot_user_agent", "too_soon", "swept_links"}


@pytest.mark.parametrize(
    "ua",
    [
        f"{MAC} {WEBKIT}",
        f"{MAC} {WEBKIT} Version/18.1 Safari/605.1.15",
        f"Mozilla/5.0 (Linux; Android 14; Pixel 8) {BLINK} Chrome/130.0.0.0 Mobile Safari/537.36",
        "Mozilla/5.0 (Windows NT 10.0; WOW64; Trident/7.0; rv:11.0) like Gecko",
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:128.0) Gecko/20100101 Thunderbird/128.4.0",
        f"Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) {BLINK} Chrome/131.0.0.0 Safari/537.36",
        f"Mozilla/5.0 (Linux; Android 11; CUBOT NOTE 20) {BLINK} Chrome/120.0.0.0 Mobile Safari/537.36",
        "Opera/9.80 (Windows NT 6.1; WOW64) Presto/2.12.388 Version/12.18",
        "Microsoft Office/16.0 (Windows NT 10.0; Microsoft Outlook 16.0.17928; Pro)",
        f"Mozilla/5.0 (Linux; Android 13; SM-S918B Build/TP1A; wv) {BLINK} Version/4.0 Chrome/129.0 GSA/15.2",
    ],
)
def test_what_people_read_mail_with_is_a_browser(ua: str) -> None:
    assert kind_of(ua) == "browser"
