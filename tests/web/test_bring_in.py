"""A program of another tool comes in through the page, the API and the terminal."""

import io
import json
from pathlib import Path

from sqlalchemy import text

from nurture.flows.bring_in import bring_in_folders
from nurture.runtime import Runtime
from tests.files.mautic_export import export, send
from tests.web.conftest import SignIn, token_of
from tests.web.open_house import api, open_house

EXPORT = json.dumps(export()).encode()


def bring(client, data: bytes, name: str):
    token = token_of(client.get("/programs/bring-in").text)
    form = {"csrf_token": token, "file": (io.BytesIO(data), name)}
    return client.post("/programs/bring-in", data=form)


def test_a_campaign_of_mautic_becomes_a_draft_and_says_what_is_other(
    sign_in: SignIn, runtime: Runtime
) -> None:
    open_house(runtime)
    marketer = sign_in("marketer")
    page = bring(marketer, EXPORT, "campaign.json").text
    assert "pumps-more" in page and "Ten points" in page and "make a segment with the key newcomers" in page
    listed = marketer.get("/programs").text
    assert "Pumps &amp; more" in listed and "From another tool" in listed
    again = bring(marketer, EXPORT, "campaign.json").text
    assert "pumps-more-2" in again
    with runtime.sessions() as session:
        states = session.execute(text("SELECT key, state FROM program WHERE key LIKE 'pumps%'")).all()
    assert sorted(states) == [("pumps-more", "draft"), ("pumps-more-2", "draft")]


def test_what_cannot_be_taken_in_is_named_and_changes_nothing(sign_in: SignIn, runtime: Runtime) -> None:
    open_house(runtime)
    marketer = sign_in("marketer")
    bad = export()
    bad[0]["email"][0]["custom_html"] = "<p>{% raw %}</p><a href='javascript:x()'>x</a>"
    for data, words in (
        (b"nothing", "The table has no rows"),
        (b"day,subject,body\nx,a,b\n", "line 2"),
        (json.dumps([{"email": []}]).encode(), "no export of a Mautic campaign"),
        (json.dumps(bad).encode(), "mails/welcome.html:"),
    ):
        refused = bring(marketer, data, "x.json")
        assert refused.status_code == 422
        assert words in refused.text
        assert "/tmp/" not in refused.text
    assert (
        "Choose a file first"
        in marketer.post(
            "/programs/bring-in", data={"csrf_token": token_of(marketer.get("/programs/bring-in").text)}
        ).text
    )
    with runtime.sessions() as session:
        assert session.execute(text("SELECT count(*) FROM program WHERE key <> 'consulting'")).scalar() == 0


def test_the_api_takes_the_same_file(sign_in: SignIn, runtime: Runtime) -> None:
    open_house(runtime)
    marketer = sign_in("marketer")
    headers = api(marketer, runtime)
    answer = marketer.post(
        "/api/v1/programs/import", data=EXPORT, content_type="application/json", headers=headers
    )
    assert answer.status_code == 201
    [program] = answer.json["programs"]
    assert program["key"] == "pumps-more" and any("Ten points" in said for said in program["left_out"])
    refused = marketer.post("/api/v1/programs/import", data=b"x", content_type="text/csv", headers=headers)
    assert refused.status_code == 422


def test_a_campaign_without_mails_in_the_export_is_still_a_program(sign_in: SignIn, runtime: Runtime) -> None:
    open_house(runtime)
    raw = [{"campaign": [{"id": 7, "name": "Bare"}], "campaign_event": [send(1, 1)]}]
    page = bring(sign_in("marketer"), json.dumps(raw).encode(), "bare.json").text
    assert "is not in the export; the step was left out" in page


def test_the_terminal_writes_a_folder(tmp_path: Path) -> None:
    [(folder, brought)] = bring_in_folders(EXPORT, "campaign.json", tmp_path)
    assert (folder / "program.yaml").read_text().startswith("program: pumps-more\n")
    assert brought.left_out
