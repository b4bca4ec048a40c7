"""The editor of a draft through its pages: what is typed is kept, what is wrong stands at its step."""

import json
import re
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from nurture.files.yaml_lines import Faults
from nurture.flows import drafts
from nurture.flows.models import lay_by, read_models
from nurture.flows.programs import load_folder
from nurture.runtime import Runtime
from tests.conftest import TUESDAY
from tests.web.conftest import SignIn, token_of

CAMPAIGNS = Path(__file__).parents[2] / "campaigns"


@pytest.fixture
def mia(runtime: Runtime, sign_in: SignIn) -> FlaskClient:
    with runtime.sessions.begin() as session:
        for file in read_models(CAMPAIGNS, Faults("campaigns")).values():
            lay_by(session, file, now=TUESDAY)
        load_folder(session, CAMPAIGNS / "consulting", publish=True, now=TUESDAY, by="test")
    return sign_in("marketer")


def yaml(runtime: Runtime) -> str:
    with runtime.sessions() as session:
        return drafts.draft_of(session, 1).source["program.yaml"]


def revision(runtime: Runtime) -> int:
    with runtime.sessions() as session:
        return drafts.draft_of(session, 1).revision


def post(client: FlaskClient, runtime: Runtime, path: str, **said: object):
    token = token_of(client.get("/programs/1/edit").text)
    data = {"csrf_token": token, "revision": str(revision(runtime)), **said}
    return client.post(f"/programs/1{path}", data=data)


PAGES = (
    "/edit", "/edit/canvas", "/edit/canvas?chain=hot&add=|two-dates",
    "/edit?chain=warm&step=ask-feedback", "/edit?chain=hot&add=|two-dates",
    "/edit/mails", "/edit/mails/welcome", "/edit/mails/welcome?language=ru", "/edit/mails/welcome/look",
    "/edit/settings", "/edit/yaml", "/plan", "/versions", "/versions?from=1", "/duplicate",
)  # fmt: skip


@pytest.mark.parametrize("path", PAGES)
def test_every_page_of_the_editor_opens(mia: FlaskClient, path: str) -> None:
    assert mia.get(f"/programs/1{path}").status_code == 200


def test_the_form_of_every_step_opens(mia: FlaskClient, runtime: Runtime) -> None:
    for chain in ("cold", "warm", "hot"):
        page = mia.get(f"/programs/1/edit?chain={chain}").text
        keys = re.findall(r'data-row="([a-z0-9-]+)"', page)
        assert len(keys) > 5
        for key in keys:
            assert mia.get(f"/programs/1/edit?chain={chain}&step={key}").status_code == 200, key


def test_a_form_sent_as_it_stands_changes_nothing_but_what_was_typed(
    mia: FlaskClient, runtime: Runtime
) -> None:
    before = yaml(runtime)
    said = {"shape": "weekday", "f.wait_until.weekday": ["tue", "wed", "thu"], "f.wait_until.at": "09:45"}
    assert post(mia, runtime, "/edit/warm/steps/workshop-morning", **said).status_code == 303
    changed = [
        pair for pair in zip(before.split("\n"), yaml(runtime).split("\n"), strict=True) if pair[0] != pair[1]
    ]
    assert changed == [
        (
            '      - wait_until: {weekday: [tue, wed, thu], at: "09:30"}',
            '      - wait_until: {weekday: [tue, wed, thu], at: "09:45"}',
        )
    ]


def test_a_step_of_every_kind_is_added_and_opened(mia: FlaskClient, runtime: Runtime) -> None:
    kinds = re.findall(r'name="kind" value="(\w+)"', mia.get("/programs/1/edit?chain=cold&add=|").text)
    assert len(kinds) == 15
    for kind in kinds:
        answer = post(mia, runtime, "/edit/cold/add", kind=kind, place="", after="read-welcome")
        assert answer.status_code == 303, kind
        assert mia.get(answer.location).status_code == 200, kind
    assert "# Someone who has just filled in a form" in yaml(runtime)


def drawing(page: str) -> dict:
    found = re.search(r'id="cv-data"[^>]*>(.*?)</script>', page, re.S)
    assert found is not None
    return json.loads(found[1])


def every(steps: list[dict]) -> list[str]:
    inside = [[one["key"], *(key for way in one["ways"] for key in every(way["steps"]))] for one in steps]
    return [key for keys in inside for key in keys]


def test_the_canvas_draws_every_step_of_the_outline_and_changes_nothing(
    mia: FlaskClient, runtime: Runtime
) -> None:
    before = yaml(runtime)
    for chain in ("cold", "warm", "hot"):
        listed = re.findall(r'data-row="([a-z0-9-]+)"', mia.get(f"/programs/1/edit?chain={chain}").text)
        drawn = drawing(mia.get(f"/programs/1/edit/canvas?chain={chain}").text)
        assert every(drawn["steps"]) == listed
        assert mia.get(f"/programs/1/edit/canvas/{chain}/counts").json == drawn["counts"]
    assert (yaml(runtime), revision(runtime)) == (before, 0)


def test_what_the_canvas_does_keeps_steps_that_it_does_not_know_word_for_word(
    mia: FlaskClient, runtime: Runtime
) -> None:
    odd = "      - {teleport: mars, key: far-away}   # one day\n"
    text = yaml(runtime).replace("    steps:\n", f"    steps:\n{odd}", 1)
    post(mia, runtime, "/edit/yaml", text=text)
    page = mia.get("/programs/1/edit/canvas?chain=cold").text
    first = drawing(page)["steps"][0]
    assert (first["key"], first["title"]) == ("far-away", "No such step") and first["problems"]
    moved = post(mia, runtime, "/edit/cold/act", act="place:greet", place="|read-welcome", view="canvas")
    assert "/edit/canvas?chain=cold" in moved.location
    assert odd in yaml(runtime)
    post(mia, runtime, "/edit/undo", act="undo")
    assert yaml(runtime) == text


def test_a_step_that_cannot_be_read_is_called_by_its_kind_not_by_a_guess(
    mia: FlaskClient, runtime: Runtime
) -> None:
    post(mia, runtime, "/edit/warm/steps/before-case", **{"f.wait": "three days"})
    page = mia.get("/programs/1/edit/canvas?chain=warm&step=before-case").text
    step = next(one for one in drawing(page)["steps"] if one["key"] == "before-case")
    assert step["title"] == "Wait" and "expected a length of time" in step["problems"][0]


def test_a_doubt_is_told_beside_its_step_but_not_as_a_fault(mia: FlaskClient, runtime: Runtime) -> None:
    post(mia, runtime, "/edit/mails", key="left-over")
    page = mia.get("/programs/1/edit").text
    said = re.findall(r'<p class="(\w+)[^"]*">(?:(?!</p>).)*left-over: No step sends this mail', page, re.S)
    assert said == ["doubt"]
    faults = re.findall(r"banner-bad flush(?:(?!</p>).)*<span>([^<]*)", page, re.S)
    assert len(faults) == 1 and "expected a text" in faults[0]


def test_while_the_yaml_is_none_every_editor_leads_back_to_it(mia: FlaskClient, runtime: Runtime) -> None:
    post(mia, runtime, "/edit/yaml", text=yaml(runtime) + "bad: [oops\n")
    for path in ("/edit", "/edit/canvas", "/edit/settings"):
        page = mia.get(f"/programs/1{path}").text
        assert re.search(r"Line \d+ of the YAML cannot be read", page) and "Open the YAML" in page, path
        assert "Cold chain" not in page and "<form class" not in page.partition("ed-tabs")[2], path
    plan = mia.get("/programs/1/plan").text
    assert "1 fault keeps this draft" in plan and "<del>" not in plan


def test_steps_move_and_go_by_their_buttons_and_all_of_it_is_undone(
    mia: FlaskClient, runtime: Runtime
) -> None:
    before = yaml(runtime)
    for act in (
        "up:review-morning",
        "down:greet",
        "remove:before-roundtable",
        "way:greet",
        "drop:greet:branch.0",
    ):
        assert post(mia, runtime, "/edit/cold/act", act=act).status_code == 303, act
    assert yaml(runtime) != before
    for _step in range(5):
        assert post(mia, runtime, "/edit/undo", act="undo").status_code == 303
    assert yaml(runtime) == before
    assert post(mia, runtime, "/edit/undo", act="undo").status_code == 409


def test_whoever_saves_on_an_old_page_is_told_so_and_loses_nothing(
    mia: FlaskClient, runtime: Runtime
) -> None:
    post(mia, runtime, "/edit/cold/act", act="remove:before-roundtable")
    late = post(mia, runtime, "/edit/yaml", revision="0", text="program: mine\n# hours of work\n")
    assert late.status_code == 409
    assert "hours of work" in late.text and "has changed this draft since you opened it" in late.text
    assert "hours of work" not in yaml(runtime)


def test_faults_in_the_yaml_are_named_by_line_and_the_text_is_kept(
    mia: FlaskClient, runtime: Runtime
) -> None:
    wrong = yaml(runtime).replace("- wait: 2d", "- wait: soon")
    assert post(mia, runtime, "/edit/yaml", text=wrong.replace("\n", "\r\n")).status_code == 303
    page = mia.get("/programs/1/edit/yaml").text
    line = wrong[: wrong.index("wait: soon")].count("\n") + 1
    assert f"line {line}" in page and "wait: soon" in page
    outline = mia.get("/programs/1/edit?chain=cold").text
    assert re.search(r'ol-bad.*?data-row="read-welcome"', outline, re.S)
    assert "keeps this draft from being published" in mia.get("/programs/1/plan").text


def test_a_mail_that_a_step_sends_stays_and_says_who_sends_it(mia: FlaskClient, runtime: Runtime) -> None:
    refused = post(mia, runtime, "/edit/mails/welcome/remove")
    assert refused.status_code == 409 and "cold/welcome-asked, cold/welcome" in refused.text
    post(mia, runtime, "/edit/mails", key="spare")
    assert post(mia, runtime, "/edit/mails/spare/remove").status_code == 303
    assert mia.get("/programs/1/edit/mails/spare").status_code == 404


def test_words_are_written_tried_and_go_live(mia: FlaskClient, runtime: Runtime) -> None:
    words = {
        "name": "Welcome",
        "subject": "Hello at last",
        "preheader": "",
        "format": "md",
        "body": "Short.\n",
    }
    assert post(mia, runtime, "/edit/mails/welcome", **words).status_code == 303
    assert "Short." in mia.get("/programs/1/edit/mails/welcome/look").text
    assert post(mia, runtime, "/edit/mails/welcome/test").status_code == 303
    plan = mia.get("/programs/1/plan").text
    assert "1 mail changed" in plan and "<ins>Hello at last</ins>" in plan
    assert post(mia, runtime, "/publish", inside="finish").status_code == 303
    assert "v2" in mia.get("/programs/1/versions").text
    assert post(mia, runtime, "/versions/1/roll-back").status_code == 303
    assert "v3" in mia.get("/programs/1/versions").text
    assert "Nothing differs" in mia.get("/programs/1/versions?from=1&to=3").text


def test_settings_are_a_form(mia: FlaskClient, runtime: Runtime) -> None:
    page = mia.get("/programs/1/edit/settings").text
    assert 'name="f.window.from"' in page
    said = {
        "f.name": "Consulting", "f.timezone": "Europe/Vienna", "f.window.days": ["mon", "tue"],
        "f.window.from": "09:00", "f.window.to": "17:00", "f.frequency.max": "1", "f.frequency.per": "7d",
        "f.goal.when": "{stage: opportunity}", "f.exit_on": ["reply"], "f.model": "default",
    }  # fmt: skip
    assert post(mia, runtime, "/edit/settings", **said).status_code == 303
    text = yaml(runtime)
    assert 'window: {days: [mon, tue], from: "09:00", to: "17:00"}' in text
    assert "timezone: Europe/Vienna\n" in text and "frequency: {max: 1, per: 7d}" in text


def test_a_program_begins_from_nothing_and_from_another(mia: FlaskClient) -> None:
    token = token_of(mia.get("/programs/new").text)
    made = mia.post("/programs/new", data={"csrf_token": token, "name": "Fair", "key": "fair"})
    assert made.status_code == 303 and mia.get(made.location).status_code == 200
    again = mia.post("/programs/new", data={"csrf_token": token, "name": "Fair", "key": "fair"})
    assert again.status_code == 422 and "There is a program" in again.text
    like = {"name": "Fair, long", "key": "fair-long", "like": "1"}
    begun = mia.post("/programs/new", data={"csrf_token": token, **like})
    assert "Article, reorder points" in mia.get(begun.location).text
    copy = mia.post("/programs/1/duplicate", data={"csrf_token": token, "name": "Copy", "key": "copy"})
    assert copy.status_code == 303 and "Welcome" in mia.get(copy.location).text
    assert mia.post("/programs/new", data={"csrf_token": token, "name": "", "key": "No!"}).status_code == 422


def test_a_viewer_sees_no_editor(runtime: Runtime, mia: FlaskClient, sign_in: SignIn) -> None:
    viewer = sign_in("viewer")
    assert viewer.get("/programs/1/edit").status_code == 403
    assert "/programs/1/edit" not in viewer.get("/programs/1").text
