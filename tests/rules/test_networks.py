"""Visits that say too little of themselves, judged by what others have seen of the network they come from."""

from collections.abc import Sequence
from dataclasses import replace

from nurture.rules.crowds import Trace, door_of
from nurture.rules.evidence import Past, Visit, is_machine
from nurture.rules.networks import Known, Tally
from nurture.rules.signs import EARLY_FLURRY, KNOWN_NETWORK, SWEPT_LINKS
from nurture.rules.surroundings import Surroundings
from tests.rules.traces import trace

CLOUD, HOUSE = "52.9.1", "84.17.3"
LINKS = dict.fromkeys(range(1, 400), 6)


def sweeps(mails: Sequence[int], company: str = "weber.example") -> list[Trace]:
    """A cloud goes through three links of each of these mails in a moment."""
    found = [
        trace(40 + mail / 3 + link / 4, mail=mail, link=link, ip=f"{CLOUD}.{mail}")
        for mail in mails
        for link in (1, 2, 3)
    ]
    return [replace(one, company=company) for one in found]


def signs(traces: Sequence[Trace], one: Trace, known: Known | None = None) -> tuple[str, ...]:
    found = Surroundings(traces, LINKS)
    if known is not None:
        found.weigh(known)
    return found.signs(one.id)


def test_a_lone_look_from_where_machines_swept_the_mails_of_others_is_a_machines() -> None:
    lone = trace(200, mail=99, ip=f"{CLOUD}.200")
    assert signs([*sweeps([1, 2, 3]), lone], lone) == (KNOWN_NETWORK,)
    assert signs([*sweeps([1, 2]), lone], lone) == (), "two prove nothing yet"


def test_nobody_is_a_witness_for_himself() -> None:
    late = trace(7000, mail=3, ip=f"{CLOUD}.3")
    assert signs([*sweeps([1, 2, 3]), late], late) == ()


def test_hours_later_machines_at_one_company_accuse_nobody_there() -> None:
    """An appliance in the cellar leaves the house by the door of its people."""
    reader = trace(30_000, mail=99, ip=f"{CLOUD}.9")
    assert signs([*sweeps(range(1, 20)), reader], reader) == ()
    vendor = [one for mail in range(1, 20) for one in sweeps([mail], f"company{mail}.example")]
    assert signs([*vendor, reader], reader) == (KNOWN_NETWORK,)


def test_whoever_reads_in_a_house_of_readers_may_follow_many_links_at_once() -> None:
    hasty = [trace(20 + 3 * n, mail=1, link=n, ip=f"{HOUSE}.9") for n in range(1, 5)]
    assert EARLY_FLURRY in signs(hasty, hasty[0])
    house = Tally(read={2, 3, 4, 5, 6})
    assert signs(hasty, hasty[0], Known(visits={HOUSE: house})) == ()
    mixed = Tally(read={2, 3, 4, 5, 6}, caught={7, 8, 9})
    assert EARLY_FLURRY in signs(hasty, hasty[0], Known(visits={HOUSE: mixed}))


def test_a_house_of_readers_excuses_no_sweep() -> None:
    sweep = [trace(20 + n / 4, mail=1, link=n, ip=f"{HOUSE}.9") for n in range(1, 5)]
    assert SWEPT_LINKS in signs(sweep, sweep[0], Known(visits={HOUSE: Tally(read=set(range(2, 90)))}))


def test_with_the_clicks_of_a_reader_her_open_is_excused_too() -> None:
    seen = trace(15, mail=1, link=None, ip=f"{HOUSE}.9")
    hasty = [trace(20 + 3 * n, mail=1, link=n, ip=f"{HOUSE}.9") for n in range(1, 5)]
    assert signs([seen, *hasty], seen) != ()
    assert signs([seen, *hasty], seen, Known(visits={HOUSE: Tally(read={2, 3, 4, 5, 6})})) == ()


def test_all_that_is_known_is_weighed_together() -> None:
    early = Visit(Past(), manners=(EARLY_FLURRY,), soon=True)
    assert is_machine(early)
    assert is_machine(replace(early, read=True)) and is_machine(replace(early, gate_elsewhere=True))
    assert not is_machine(replace(early, read=True, gate_elsewhere=True))
    assert is_machine(replace(early, soon=False)) and not is_machine(replace(early, soon=False, read=True))
    assert not is_machine(replace(early, among_strangers=True)), "no gate stands there"
    assert is_machine(replace(early, past=Past(caught=3), read=True, among_strangers=True))
    cloud = Past(caught=12, companies=frozenset("abc"))
    assert is_machine(Visit(cloud)) and is_machine(Visit(cloud, soon=True))
    assert not is_machine(Visit(cloud, read=True)), "hours later, opened before by the same program"


def test_an_office_behind_a_proxy_that_tells_nobody_apart_says_nothing() -> None:
    known = Known(caught={"10.0.0": Past(caught=50, companies=frozenset("abcd"))})
    lone = trace(200, mail=99, ip=door_of("10.0.0.9", "Chrome") or "")
    assert signs([lone], lone, known) == ()


def test_behind_a_proxy_that_hides_everybody_a_reader_beside_a_scanner_is_told_by_the_program() -> None:
    hidden = "127.0.0.1"
    scan = [trace(40 + n / 4, mail=1, link=n, ip=door_of(hidden, "Chrome") or "") for n in range(1, 5)]
    reader = trace(43, mail=1, link=2, ip=door_of(hidden, "Firefox") or "", ua="Firefox")
    assert signs([*scan, reader], reader) == ()
    assert SWEPT_LINKS in signs([*scan, reader], scan[0])
    office = [trace(40 + n / 4, mail=n, ip=door_of(hidden, "Chrome") or "") for n in range(1, 60)]
    assert signs([replace(one, domain=None) for one in office], office[0]) == ()
