"""Programs of other tools come in with their words, and with a sentence for all that could not."""

import io
import json
import zipfile
from pathlib import Path

import pytest

from nurture.errors import Invalid
from nurture.files.bring_in import read_foreign, sources_of
from nurture.files.programs import write_folder
from nurture.flows.check_programs import check_folder
from nurture.rules.bring_in import Brought
from nurture.rules.program import examine
from tests.files.mautic_export import email, event, export, send

DAYS = b"""Day;Subject;Body;Time
0;Welcome;"Hello {{ lead.first_name }},

good that you are here.";
3;The second;More of it.;09:30
10;The last;Goodbye.;
"""


def brought(raw: object) -> Brought:
    [one] = read_foreign(json.dumps(raw).encode(), "campaign.json")
    return one


def steps(one: Brought) -> list[dict]:
    return one.program["chains"]["cold"]["steps"]


def test_a_campaign_keeps_its_mails_waits_and_ways() -> None:
    one = brought(export())
    assert (one.program["program"], one.program["name"]) == ("pumps-more", "Pumps & more")
    first, question = steps(one)
    assert first == {"send": "welcome", "key": "send-1"}
    assert question["wait_for"] == {"signal": "clicked", "mail": "welcome", "within": "3d"}
    assert question["then"][:4] == [
        {"tag": ["keen"], "key": "tag-it"},
        {"wait": "2d"},
        {"wait_until": {"weekday": ["mon", "tue"], "at": "09:30"}},
        {"send": "the-pump", "key": "send-2"},
    ]
    assert question["then"][4]["branch"][0]["when"] == {"field": "country", "eq": "Germany"}
    assert question["else"][0] == {"send": "reminder", "key": "send-3"}


def test_what_has_no_like_here_is_said_and_its_ways_are_kept() -> None:
    one = brought(export())
    said = "\n".join(one.left_out)
    for words in ('"Ten points"', '"Has a phone" (lead.device)', 'segment "Newcomers"', 'content "Season"'):
        assert words in said
    branch = steps(one)[1]["else"][1]["branch"]
    assert branch[0]["when"] == {"tag": "to-decide-has-a-phone"}
    assert branch[0]["steps"] == [{"send": "the-pump", "key": "send-2-2"}]
    assert branch[1]["steps"] == [
        {"wait": "1d", "key": "again"},
        {"goto": {"step": "send-1"}, "key": "again-2"},
    ]
    enter = one.program["chains"]["cold"]["enter"]["when"]
    assert enter == {"all": [{"consent": "marketing"}, {"segment": "newcomers"}]}


def test_the_words_of_mails_speak_our_language_and_run_no_code_of_theirs() -> None:
    mails = {(mail.of or mail.key, mail.language): mail for mail in brought(export()).mails}
    welcome = mails["welcome", "en"]
    assert welcome.subject == 'Welcome, {{ lead.first_name | default("friend", true) }}'
    assert '{{ lead.first_name | default("there", true) }} of {{ lead.company.name }}' in welcome.body
    assert "In winter too." in welcome.body
    assert '<a href="{{ view_url }}">' in welcome.body
    assert "{ { 7 * 7 }}" in welcome.body
    assert "fonts.example" not in welcome.body and "unsubscribe_text" not in welcome.body
    assert mails["welcome", "de"].body == "<p>Hallo {{ lead.first_name }}</p>\n"
    assert mails["reminder", "en"].format == "md"


def test_what_was_brought_is_a_program_without_faults(tmp_path: Path) -> None:
    for at, one in enumerate([brought(export()), *read_foreign(DAYS, "Nine days.csv")]):
        folder = tmp_path / str(at)
        write_folder(sources_of(one), folder)
        assert check_folder(folder).faults == []
    assert (tmp_path / "0" / "mails" / "welcome.de.html").exists()


def test_side_by_side_comes_one_after_the_other_by_its_delay() -> None:
    events = [
        send(1, 1),
        send(2, 2, trigger_mode="interval", trigger_interval=5, trigger_interval_unit="d"),
        send(3, 3, trigger_mode="interval", trigger_interval=2, trigger_interval_unit="d"),
    ]
    raw = [{"campaign": [{"id": 7, "name": "Drip"}], "campaign_event": events, "email": export()[0]["email"]}]
    assert [step for step in steps(brought(raw)) if "key" not in step or "send" in step] == [
        {"send": "welcome", "key": "send-1"},
        {"wait": "2d"},
        {"send": "reminder", "key": "send-3"},
        {"wait": "3d"},
        {"send": "the-pump", "key": "send-2"},
    ]


def test_an_export_that_lies_about_itself_does_no_harm() -> None:
    circle = [event(1, "action", "email.send", "A", parent_id=2), event(2, "action", "x", "B", parent_id=1)]
    one = brought({"campaign": [{"id": 7, "name": ""}], "campaign_event": [*circle, "no event", {"id": "x"}]})
    assert steps(one) == [{"exit": "done"}]
    assert sum("hangs on nothing" in sentence for sentence in one.left_out) == 2
    deep = [
        event(n, "condition", "lead.device", f"Q{n}", parent_id=n - 1 or None, decisionPath="yes")
        for n in range(1, 40)
    ]
    found = brought({"campaign": [{"id": 7, "name": "Deep"}], "campaign_event": deep})
    assert examine(found.program).faults == ()


def test_a_zip_is_opened_and_anything_else_refused_in_one_sentence() -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("entity_data.json", json.dumps(export()))
    [one] = read_foreign(packed.getvalue(), "campaign.zip")
    assert one.program["program"] == "pumps-more"
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("entity_data.json", b" " * (21 * 1024 * 1024))
    for data, words in (
        (b"", "empty"),
        (b"[1, 2", "no JSON"),
        (b'{"emails": []}', 'no "campaign"'),
        (packed.getvalue()[:200], "archive cannot be read"),
        (bomb.getvalue(), "larger than 20 MB"),
        (b"a,b\n1,2\n", "no column day, subject, body"),
        (b"day,subject,body\n", "no rows"),
    ):
        with pytest.raises(Invalid) as refused:
            read_foreign(data, "file")
        assert words in str(refused.value)


def test_a_table_of_days_names_every_bad_line() -> None:
    with pytest.raises(Invalid) as refused:
        read_foreign(b"day,subject,body,time\nsoon,A,x,\n2,,y,25:00\n", "x.csv")
    assert refused.value.errors == {
        "line 2": ["day is a whole number from 0 to 3650."],
        "line 3": ['time is a time of day such as "09:30".', "subject is empty."],
    }


def test_a_table_of_days_becomes_waits_and_mails() -> None:
    [one] = read_foreign(DAYS, "Nine days.csv")
    assert one.program["name"] == "Nine days"
    assert steps(one) == [
        {"send": "welcome", "immediate": True},
        {"wait": "3d"},
        {"wait_until": {"at": "09:30"}},
        {"send": "the-second"},
        {"wait": "7d"},
        {"send": "the-last"},
        {"exit": "done"},
    ]


def test_a_page_without_words_asks_to_be_written() -> None:
    mail = email(1, "Empty", "")
    raw = [{"campaign": [{"id": 7, "name": "E"}], "campaign_event": [send(1, 1)], "email": [mail]}]
    assert any("has no words in the export" in sentence for sentence in brought(raw).left_out)
