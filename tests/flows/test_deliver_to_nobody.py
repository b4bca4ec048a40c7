"""Who gets nothing, although a mail for them is due."""

import pytest
from sqlalchemy import select

from nurture.errors import Invalid
from nurture.flows.queue_mail import queue_test
from nurture.flows.sending import resume_sending, stop_sending
from nurture.flows.suppress import block_domain, unblock_domain
from nurture.store import installation, suppressions
from nurture.store.deliveries import Delivery
from nurture.store.suppressions import NewSuppression, address_hash
from tests.conftest import TUESDAY
from tests.flows.mailroom import PEPPER, Mailroom
from tests.mail.scripted_smtp import ScriptedSmtp


@pytest.mark.parametrize(
    ("who", "reason"),
    [({"consent": False}, "no_consent"), ({"email": None}, "no_address"), ({"erased_at": TUESDAY}, "erased")],
)
def test_who_must_not_be_written_to_is_skipped_with_a_reason(
    room: Mailroom, server: ScriptedSmtp, who: dict[str, object], reason: str
) -> None:
    delivery_id = room.queue(room.lead("Bert", **who))
    assert room.run() == 1
    assert room.state(delivery_id) == ("skipped", reason)
    assert server.log == []


def test_a_suppressed_address_gets_nothing_however_it_is_written(
    room: Mailroom, server: ScriptedSmtp
) -> None:
    delivery_id = room.queue(room.lead("Bert", email="BERT@Leads.Example"))
    with room.sessions.begin() as session:
        entry = NewSuppression(address_hash(PEPPER, "bert@leads.example"), "complaint")
        suppressions.suppress(session, [entry, entry], now=TUESDAY)
    room.run()
    assert room.state(delivery_id) == ("skipped", "suppressed:complaint")
    assert server.log == []


def test_nobody_at_a_blocked_domain_or_below_it_gets_anything(room: Mailroom, server: ScriptedSmtp) -> None:
    with room.sessions.begin() as session:
        kept = block_domain(session, "Anna@Pumps.Example", detail="", by="user:1", now=TUESDAY)
        assert kept.domain == "pumps.example"
    bert, cora = (
        room.lead(name, email=f"{name}@{at}")
        for name, at in (("Bert", "pumps.example"), ("Cora", "mail.pumps.example"))
    )
    dora = room.lead("Dora", email="dora@more-pumps.example")
    kept_back = [room.queue(lead) for lead in (bert, cora)]
    goes = room.queue(dora)
    room.run()
    assert [room.state(one) for one in kept_back] == [("skipped", "suppressed:domain")] * 2
    assert room.state(goes)[0] == "sent"
    with room.sessions.begin() as session:
        unblock_domain(session, kept.id, by="user:1", now=TUESDAY)
    again = room.queue(bert, step_key="later")
    room.run()
    assert room.state(again)[0] == "sent"


def test_a_domain_that_gives_mailboxes_to_anybody_is_not_blocked(room: Mailroom) -> None:
    for wrong in ("gmail.com", "com", "not a domain", ""):
        with room.sessions.begin() as session, pytest.raises(Invalid) as refusal:
            block_domain(session, wrong, detail="", by="user:1", now=TUESDAY)
        assert list(refusal.value.errors) == ["domain"]


def test_a_stop_holds_everything_until_it_is_lifted(room: Mailroom, server: ScriptedSmtp) -> None:
    room.queue(room.lead("Bert"))
    with room.sessions.begin() as session:
        stop_sending(session, by="anna", now=TUESDAY)
    assert room.run() == 0
    assert server.connections == 0
    with room.sessions.begin() as session:
        resume_sending(session, by="anna", now=TUESDAY)
    assert room.run() == 1


def test_before_going_live_mails_go_to_the_named_test_addresses_alone(
    room: Mailroom, server: ScriptedSmtp
) -> None:
    bert, anna = room.lead("Bert"), room.lead("Anna")
    with room.sessions.begin() as session:
        installation.get(session).live = False
        installation.get(session).test_addresses = ["anna@leads.example", "desk@firm.example"]
        for address in ("desk@firm.example", "stranger@firm.example"):
            queue_test(session, room.mail_version_id, address, dedup_key=address, now=TUESDAY, lead_id=bert)
    to_bert, to_anna = room.queue(bert), room.queue(anna)

    room.run_dry()

    assert sorted(server.recipients()) == ["anna@leads.example", "desk@firm.example"]
    assert (room.state(to_bert)[0], room.state(to_anna)[0]) == ("ready", "sent")
    with room.sessions() as session:
        stranger = session.scalars(
            select(Delivery).where(Delivery.dedup_key == "stranger@firm.example")
        ).one()
        assert (stranger.state, stranger.reason) == ("skipped", "not_live")


def test_an_invented_lead_gets_nothing_from_a_real_server_and_the_chain_goes_on(
    room: Mailroom, server: ScriptedSmtp
) -> None:
    bert, doll = room.lead("Bert"), room.lead("Doll", demo=True)
    real, invented = room.queue(bert), room.queue(doll)

    room.run_dry()

    assert server.recipients() == ["bert@leads.example"]
    assert room.state(real)[0] == "sent"
    assert room.state(invented) == ("skipped", "demo")


def test_while_demo_data_is_made_nothing_real_goes_out(room: Mailroom, server: ScriptedSmtp) -> None:
    bert, doll = room.lead("Bert"), room.lead("Doll", demo=True)
    room.outbox.invented = "only"
    real, invented = room.queue(bert), room.queue(doll)

    room.run_dry()

    assert server.recipients() == ["doll@leads.example"]
    assert (room.state(real)[0], room.state(invented)[0]) == ("ready", "sent")
