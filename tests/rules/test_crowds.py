"""What scanners and readers look like together: houses behind one door, clouds, monitors, sandboxes."""

from collections.abc import Sequence

from nurture.rules.crowds import Trace
from nurture.rules.signs import (
    CHANGING_FACES,
    CHECKED_FIRST,
    EVERY_LINK,
    MANY_RECIPIENTS,
    ROBOT_BESIDE,
    TICKING,
)
from nurture.rules.surroundings import Surroundings
from tests.rules.traces import trace


def accused(traces: Sequence[Trace], sign: str, links: int = 6) -> list[bool]:
    """Whether each click bears the sign."""
    found = Surroundings(traces, {one.delivery_id: links for one in traces})
    return [sign in found.signs(one.id) for one in traces if one.click]


def test_a_house_that_opens_and_clicks_through_one_door_is_read_by_people() -> None:
    readers = [trace(30 + 9 * n, mail=n, link=None, ua=f"Chrome {n % 4}") for n in range(20)]
    clicks = [trace(33 + 9 * n, mail=n, ua=f"Chrome {n % 4}") for n in range(20)]
    assert not any(accused([*readers, *clicks], MANY_RECIPIENTS))
    assert all(accused(clicks, MANY_RECIPIENTS)), "nobody has opened any of them"


def test_sandboxes_of_one_cloud_at_the_mails_of_a_company_are_machines() -> None:
    cloud = [trace(40 + 45 * n, mail=n, ip=f"52.9.1.{n % 5}", ua=f"Chrome {n}") for n in range(12)]
    assert all(accused(cloud, MANY_RECIPIENTS))
    home = [trace(40 + 45 * n, mail=n, ip=f"84.1.{n}.7", ua=f"Chrome {n}") for n in range(12)]
    assert not any(accused(home, MANY_RECIPIENTS)), "each from a home of their own"
    house = [trace(40 + 70 * n, mail=n, ip=f"84.1.9.{n % 2}", ua=f"Chrome {n}") for n in range(9)]
    assert not any(accused(house, MANY_RECIPIENTS)), "through the two doors of a house"


def test_what_comes_back_to_a_link_like_a_clock_is_a_monitor() -> None:
    assert all(accused([trace(7000 + 300 * n) for n in range(3)], TICKING))
    assert not any(accused([trace(7000 + n * n * 130) for n in range(3)], TICKING)), "back when there is time"
    assert not any(accused([trace(7000 + n) for n in range(4)], TICKING)), "impatient"


def test_another_program_from_another_address_for_each_link_is_a_sandbox() -> None:
    sandbox = [trace(100, ip="52.9.1.4", ua="Chrome 101"), trace(130, link=2, ip="52.9.1.9", ua="Chrome 119")]
    assert all(accused(sandbox, CHANGING_FACES))
    elsewhere = [trace(100, ip="52.9.1.4", ua="Chrome 101"), trace(130, link=2, ip="34.2.7.9", ua="Firefox")]
    assert all(accused(elsewhere, CHANGING_FACES)), "before anybody has opened the mail"


def test_colleagues_and_telephones_do_not_change_faces() -> None:
    forwarded = [trace(5000, ip="84.1.1.4"), trace(5040, link=2, ip="93.2.7.9", ua="Firefox")]
    assert not any(accused(forwarded, CHANGING_FACES))
    relay = [trace(200, ip="17.1.1.4", ua="iPhone"), trace(230, link=2, ip="17.2.7.9", ua="iPhone")]
    assert not any(accused(relay, CHANGING_FACES))
    checks = [trace(100, ip="52.9.1.4", ua="Edge"), trace(130, link=2, ip="52.9.1.8", ua="Edge 9")]
    checked = [checks[0], trace(101), checks[1], trace(131, link=2)]
    assert accused(checked, CHANGING_FACES) == [False] * 4


def test_a_reader_may_follow_every_link_later_but_not_in_the_first_minutes() -> None:
    gaps = (0, 9, 25, 36, 44, 53)
    assert all(accused([trace(60 + gap, link=n) for n, gap in enumerate(gaps)], EVERY_LINK))
    assert not any(accused([trace(5000 + gap, link=n) for n, gap in enumerate(gaps)], EVERY_LINK))
    assert all(accused([trace(5000 + gap / 3, link=n) for n, gap in enumerate(gaps)], EVERY_LINK)), "in 18 s"


def test_whoever_comes_again_at_night_goes_through_the_links_again() -> None:
    passes = [trace(start + 1.5 * n, link=n) for start in (4000, 40_000) for n in range(6)]
    assert all(accused(passes, EVERY_LINK))


def test_an_address_that_swept_the_mails_of_two_others_is_no_reader_of_a_third() -> None:
    swept = [trace(400 + 90 * n + link / 9, mail=n, link=link) for n in (1, 2) for link in range(6)]
    assert accused([*swept, trace(700, mail=3)], MANY_RECIPIENTS)[-1]
    assert not accused([*swept, trace(690, mail=3, link=None), trace(700, mail=3)], MANY_RECIPIENTS)[-1]
    assert not accused([*swept[:6], trace(700, mail=3)], MANY_RECIPIENTS)[-1], "seen at one mail alone"


def test_what_looks_again_on_the_readers_desk_is_a_robot_and_the_reader_is_none() -> None:
    hits = [trace(5000), trace(5001, ua="IE"), trace(5030, link=2), trace(5031, link=2, ua="IE")]
    assert accused(hits, ROBOT_BESIDE) == [False, True, False, True]
    assert not any(accused([trace(5000), trace(5001)], ROBOT_BESIDE)), "a double click"


def test_whoever_had_opened_the_mail_is_not_the_one_who_checks_it() -> None:
    later = trace(5002, ip="52.9.1.4", ua="Edge")
    assert accused([trace(5000), later], CHECKED_FIRST) == [True, False]
    assert accused([trace(4990, link=None), trace(5000), later], CHECKED_FIRST) == [False, False]


def test_a_reader_is_no_part_of_the_walk_that_a_scanner_made_alone() -> None:
    reader = trace(200, link=3, ip="93.2.7.9", ua="Firefox")
    other = trace(230, link=5, ip="93.2.7.9", ua="Firefox")
    scanner = [trace(250 + 9 * n, link=n) for n in range(6)]
    assert accused([reader, other, *scanner], EVERY_LINK) == [False] * 2 + [True] * 6
