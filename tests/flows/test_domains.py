"""A sending domain from "nothing in the DNS" to signed mails, over a real little name server."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import dkim
import pytest
from sqlalchemy.orm import Session, sessionmaker

from nurture.errors import Conflict, Invalid
from nurture.files.vault import Vault
from nurture.flows.domains import (
    add_domain,
    change_domain,
    check_domain,
    check_due,
    import_key,
    make_key,
    remove_domain,
    retire_key,
    sign_now,
)
from nurture.flows.senders import create
from nurture.mail import dkim as our_dkim
from nurture.mail.standards import faults
from nurture.net.resolver import Dns
from nurture.rules.domains import Finding, sentence
from nurture.store import domains
from nurture.store.domains import DkimKey
from tests.conftest import TUESDAY
from tests.flows.mailroom import RING, Mailroom, mailer
from tests.name_server import SILENT, NameServer
from tests.sinks import SmtpSink

NEWS = "news.example"
BASE = "https://nurture.example"


@pytest.fixture
def zone() -> Iterator[NameServer]:
    with NameServer({}) as server:
        yield server


@pytest.fixture
def vault() -> Vault:
    return Vault(RING)


@pytest.fixture
def news(sessions: sessionmaker[Session]) -> int:
    with sessions.begin() as session:
        return add_domain(session, NEWS, by="test", now=TUESDAY).id


def look(
    sessions: sessionmaker[Session], zone: NameServer, domain_id: int, **more: str
) -> dict[str, Finding]:
    """What was found, by what it is about; of several the first."""
    found = check_domain(
        sessions,
        Dns([zone.address], seconds=0.5).records,
        domain_id,
        base_url=BASE,
        bounces=more.get("bounces"),
        now=TUESDAY,
    )
    assert all(sentence(one) for one in found)
    return {one.what: one for one in reversed(found)}


def keys(sessions: sessionmaker[Session], domain_id: int) -> list[DkimKey]:
    with sessions() as session:
        return domains.keys_of(session, [domain_id])[domain_id]


def publish(zone: NameServer, key: DkimKey) -> None:
    zone.zone[f"{key.selector}._domainkey.{NEWS}", "TXT"] = [key.public]


def is_verified(sessions: sessionmaker[Session]) -> bool:
    with sessions() as session:
        return domains.verified(session, NEWS)


def test_a_new_domain_is_told_what_to_enter(
    sessions: sessionmaker[Session], zone: NameServer, news: int
) -> None:
    with sessions.begin() as session:
        change_domain(session, news, servers=["203.0.113.5", "include:spf.relay.example"], link_host="",
                      by="test", now=TUESDAY)  # fmt: skip
    found = look(sessions, zone, news)
    assert found["spf"].state == "fail"
    assert found["spf"].want == "v=spf1 ip4:203.0.113.5 include:spf.relay.example ~all"
    assert found["dmarc"].want == "v=DMARC1; p=none; rua=mailto:dmarc@news.example"
    assert found["mx"].say == "mx_missing"
    assert found["ptr"].say == "ptr_missing"
    assert not is_verified(sessions)


def test_a_domain_with_everything_is_verified_and_stays_so_while_the_dns_is_silent(
    sessions: sessionmaker[Session], zone: NameServer, news: int
) -> None:
    with sessions.begin() as session:
        change_domain(session, news, servers=["203.0.113.5"], link_host="", by="test", now=TUESDAY)
    zone.zone |= {
        (NEWS, "TXT"): ["v=spf1 ip4:203.0.113.0/24 -all"],
        (NEWS, "MX"): ["10 mail.news.example."],
        (f"_dmarc.{NEWS}", "TXT"): ["v=DMARC1; p=reject; rua=mailto:dmarc@news.example"],
        ("5.113.0.203.in-addr.arpa", "PTR"): ["out.news.example."],
        ("out.news.example", "A"): ["203.0.113.5"],
    }
    found = look(sessions, zone, news)
    assert {what: one.state for what, one in found.items()} == {
        "spf": "ok", "dkim": "warn", "dmarc": "ok", "mx": "ok", "ptr": "ok", "links": "ok"
    }  # fmt: skip
    assert is_verified(sessions)

    zone.zone |= {(NEWS, "TXT"): SILENT, (f"_dmarc.{NEWS}", "TXT"): SILENT}
    assert look(sessions, zone, news)["spf"].say == "away"
    assert is_verified(sessions)

    zone.zone |= {(NEWS, "TXT"): ["v=spf1 -all"], (f"_dmarc.{NEWS}", "TXT"): ["v=DMARC1; p=none"]}
    assert look(sessions, zone, news)["spf"].say == "spf_refuses"
    assert not is_verified(sessions)


@pytest.mark.parametrize(
    ("record", "say", "want"),
    [
        ("v=spf1 mx -all", "spf_refuses", "v=spf1 mx ip4:203.0.113.5 -all"),
        ("v=spf1 ip4:203.0.113.5 +all", "spf_open", "v=spf1 ip4:203.0.113.5 ~all"),
        ("v=spf1 ip4:203.0.113.5", "spf_soft_end", "v=spf1 ip4:203.0.113.5 ~all"),
        ("v=spf1 ip4:203.0.113.5 include:nowhere.example -all", "spf_broken", ""),
        ("v=spf1 ip4:203.0.113.5 a a a a a a a a a a a -all", "spf_long", ""),
        ("v=spf1 ip4:203.0.113.5 ~all", "spf_ok", ""),
    ],
)
def test_what_is_wrong_with_a_record_is_said_with_the_right_one(
    sessions: sessionmaker[Session], zone: NameServer, news: int, record: str, say: str, want: str
) -> None:
    with sessions.begin() as session:
        change_domain(session, news, servers=["203.0.113.5"], link_host="", by="test", now=TUESDAY)
    zone.zone |= {(NEWS, "TXT"): [record], (NEWS, "A"): ["198.51.100.1"], (NEWS, "MX"): ["10 mx.example."]}
    zone.zone["mx.example", "A"] = ["198.51.100.2"]
    found = look(sessions, zone, news)["spf"]
    assert (found.say, found.want) == (say, want)


def test_spf_is_looked_for_where_bounces_go(
    sessions: sessionmaker[Session], zone: NameServer, news: int
) -> None:
    found = look(sessions, zone, news, bounces="bounce.news.example")
    assert found["spf"].name == "bounce.news.example"


@pytest.mark.parametrize(
    ("records", "say"),
    [
        (["v=DMARC1; p=quarantine; rua=mailto:d@news.example"], "dmarc_ok"),
        (["v=DMARC1; p=none"], "dmarc_silent"),
        (["v=DMARC1"], "dmarc_broken"),
        (["v=DMARC1; p=none", "v=DMARC1; p=reject"], "dmarc_many"),
        (["v=DMARC1; p=reject; pct=20; rua=mailto:d@news.example"], "dmarc_partial"),
    ],
)
def test_a_dmarc_record_is_read(
    sessions: sessionmaker[Session], zone: NameServer, news: int, records: list[str], say: str
) -> None:
    zone.zone[f"_dmarc.{NEWS}", "TXT"] = records
    assert look(sessions, zone, news)["dmarc"].say == say


def test_a_policy_above_holds_below(sessions: sessionmaker[Session], zone: NameServer) -> None:
    with sessions.begin() as session:
        below = add_domain(session, "mail.news.example", by="test", now=TUESDAY).id
    zone.zone[f"_dmarc.{NEWS}", "TXT"] = ["v=DMARC1; p=reject; sp=none; rua=mailto:d@news.example"]
    found = look(sessions, zone, below)["dmarc"]
    assert (found.say, found.about["policy"]) == ("dmarc_above", "none")


def test_a_key_signs_once_its_record_is_found_and_retires_the_one_before(
    sessions: sessionmaker[Session], zone: NameServer, news: int, vault: Vault
) -> None:
    with sessions.begin() as session:
        make_key(session, vault, news, "rsa", by="test", now=TUESDAY)
    assert look(sessions, zone, news)["dkim"].say == "dkim_missing"
    [first] = keys(sessions, news)
    assert (first.state, first.selector) == ("waiting", "r202603")
    assert "PRIVATE" not in first.sealed

    publish(zone, first)
    assert look(sessions, zone, news)["dkim"].say == "dkim_found"
    assert keys(sessions, news)[0].state == "signing"

    with sessions.begin() as session:
        make_key(session, vault, news, "rsa", by="test", now=TUESDAY)
    second = keys(sessions, news)[1]
    publish(zone, second)
    look(sessions, zone, news)
    old, new = keys(sessions, news)
    assert (old.state, new.state) == ("retired", "signing")
    assert old.sealed == ""
    assert old.published_until == TUESDAY + timedelta(days=7)
    assert look(sessions, zone, news)["dkim"].say == "dkim_keep"

    with pytest.raises(Conflict), sessions.begin() as session:
        retire_key(session, old.id, news, by="test", now=TUESDAY)
    with sessions.begin() as session:
        retire_key(session, old.id, news, by="test", now=TUESDAY + timedelta(days=8))
    assert [key.id for key in keys(sessions, news)] == [new.id]


@pytest.mark.parametrize(
    ("change", "say"),
    [
        (lambda public: [], "dkim_gone"),
        (lambda public: [public.replace("p=M", "p=N")], "dkim_other"),
        (lambda public: ["v=DKIM1; k=rsa; p="], "dkim_revoked"),
        (lambda public: [public, "v=DKIM1; p=x"], "dkim_many"),
        (lambda public: [public + "; t=y"], "dkim_testing"),
        (lambda public: [public.replace("v=DKIM1; ", "v=DKIM1 ;  n=ours ; ")], "dkim_ok"),
    ],
)
def test_the_record_of_a_key_is_read(
    sessions: sessionmaker[Session],
    zone: NameServer,
    news: int,
    vault: Vault,
    change: Callable[[str], list[str]],
    say: str,
) -> None:
    with sessions.begin() as session:
        key = make_key(session, vault, news, "rsa", by="test", now=TUESDAY)
        sign_now(session, key.id, news, by="test", now=TUESDAY)
    zone.zone[f"{key.selector}._domainkey.{NEWS}", "TXT"] = change(key.public)
    assert look(sessions, zone, news)["dkim"].say == say


def test_mails_of_a_domain_with_keys_are_signed_with_all_of_them(
    sessions: sessionmaker[Session],
    zone: NameServer,
    news: int,
    vault: Vault,
    smtp_sink: SmtpSink,
    tmp_path: Path,
) -> None:
    room = Mailroom(sessions, tmp_path, mailer(smtp_sink.url), TUESDAY)
    room.outbox = room.new_outbox(vault=vault)
    first = room.queue(room.lead("Anna"))
    room.run_dry()
    assert b"DKIM-Signature" not in smtp_sink.mails[0].raw

    with sessions.begin() as session:
        for algorithm in ("rsa", "ed25519"):
            made = make_key(session, vault, news, algorithm, by="test", now=TUESDAY)
            sign_now(session, made.id, news, by="test", now=TUESDAY)
    for key in keys(sessions, news):
        publish(zone, key)
    room.queue(room.lead("Bert"))
    room.run_dry()
    raw = smtp_sink.to("bert@leads.example")[0].raw
    ask = Dns([zone.address]).records

    def txt(name: bytes, timeout: int = 5) -> bytes:
        return ask(name.decode().rstrip("."), "TXT").values[0].encode()

    assert raw.count(b"DKIM-Signature:") == 2
    assert all(dkim.DKIM(raw).verify(idx=at, dnsfunc=txt) for at in (0, 1))
    assert not faults(raw, "chain")
    assert room.state(first)[0] == "sent"


def test_links_take_the_name_of_the_domain_once_it_leads_here(
    sessions: sessionmaker[Session],
    zone: NameServer,
    news: int,
    vault: Vault,
    smtp_sink: SmtpSink,
    tmp_path: Path,
) -> None:
    room = Mailroom(sessions, tmp_path, mailer(smtp_sink.url), TUESDAY)
    room.outbox = room.new_outbox(vault=vault)
    with sessions.begin() as session:
        change_domain(session, news, servers=[], link_host="links.news.example", by="test", now=TUESDAY)
    assert look(sessions, zone, news)["links"].want == "nurture.example."
    room.queue(room.lead("Anna"))
    room.run_dry()
    assert "https://nurture.example/u/" in str(smtp_sink.mails[0].message["List-Unsubscribe"])

    zone.zone["links.news.example", "CNAME"] = ["nurture.example."]
    assert look(sessions, zone, news)["links"].say == "links_ok"
    room.queue(room.lead("Bert"))
    room.run_dry()
    mail = smtp_sink.to("bert@leads.example")[0]
    assert "https://links.news.example/u/" in str(mail.message["List-Unsubscribe"])
    assert "https://links.news.example/c/" in mail.part("html")


def test_a_key_that_does_not_open_lets_nothing_go_out_unsigned(
    sessions: sessionmaker[Session], news: int, vault: Vault, smtp_sink: SmtpSink, tmp_path: Path
) -> None:
    room = Mailroom(sessions, tmp_path, mailer(smtp_sink.url), TUESDAY)
    room.outbox = room.new_outbox(vault=vault)
    with sessions.begin() as session:
        key = make_key(session, vault, news, "ed25519", by="test", now=TUESDAY)
        sign_now(session, key.id, news, by="test", now=TUESDAY)
        key.sealed = "gone"
    delivery = room.queue(room.lead("Anna"))
    room.run()
    assert smtp_sink.mails == []
    assert room.state(delivery)[0] == "ready"


def test_an_imported_key_is_published_as_it_is(
    sessions: sessionmaker[Session], news: int, vault: Vault
) -> None:
    pem = our_dkim.generate("rsa")
    with sessions.begin() as session:
        key = import_key(session, vault, news, pem, selector="Old.1", by="test", now=TUESDAY)
        assert (key.selector, key.public) == ("old.1", our_dkim.public_value(pem))
    with pytest.raises(Invalid, match="in use"), sessions.begin() as session:
        import_key(session, vault, news, pem, selector="old.1", by="test", now=TUESDAY)
    with pytest.raises(Invalid, match="PEM"), sessions.begin() as session:
        import_key(session, vault, news, "hello", selector="new", by="test", now=TUESDAY)


def test_what_is_no_domain_or_there_twice_is_refused(sessions: sessionmaker[Session], news: int) -> None:
    for name in ("", "localhost", "a b.example", "-x.example", "x" * 260 + ".example"):
        with pytest.raises(Invalid), sessions.begin() as session:
            add_domain(session, name, by="test", now=TUESDAY)
    with pytest.raises(Conflict), sessions.begin() as session:
        add_domain(session, "anna@NEWS.example.", by="test", now=TUESDAY)
    with sessions.begin() as session:
        assert add_domain(session, "bücher.example", by="test", now=TUESDAY).name == "xn--bcher-kva.example"
    with pytest.raises(Invalid) as refused, sessions.begin() as session:
        change_domain(session, news, servers=["not/here"], link_host="a b", by="test", now=TUESDAY)
    assert set(refused.value.errors) == {"servers", "link_host"}


def test_every_domain_is_looked_up_once_a_day_that_of_the_sender_too(
    sessions: sessionmaker[Session], zone: NameServer, tmp_path: Path, smtp_sink: SmtpSink
) -> None:
    Mailroom(sessions, tmp_path, mailer(smtp_sink.url), TUESDAY)
    ask = Dns([zone.address], seconds=0.5).records

    def check(now: datetime) -> int:
        return check_due(sessions, ask, base_url=BASE, bounces=None, now=now)

    assert check(TUESDAY) == 1
    assert check(TUESDAY + timedelta(hours=1)) == 0
    assert check(TUESDAY + timedelta(days=1)) == 1
    with sessions.begin() as session:
        create(session, {"name": "Desk", "email": "desk@help.example"}, by="test", now=TUESDAY)
    assert check(TUESDAY + timedelta(days=1, hours=1)) == 1
    with sessions() as session:
        assert {one.name for one in domains.page(session)} == {"news.example", "help.example"}


def test_a_removed_domain_takes_its_keys_along(
    sessions: sessionmaker[Session], news: int, vault: Vault
) -> None:
    with sessions.begin() as session:
        make_key(session, vault, news, "ed25519", by="test", now=TUESDAY)
    with sessions.begin() as session:
        remove_domain(session, news, by="test", now=TUESDAY)
    with sessions() as session:
        assert session.query(DkimKey).count() == 0
