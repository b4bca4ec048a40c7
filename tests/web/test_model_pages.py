"""The pages of models: the editor, the look ahead, versions, and who waits for a yes."""

import re

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from nurture.flows.rate import rate
from nurture.runtime import Runtime
from nurture.store.approvals import ModelApproval
from nurture.store.handoffs import Handoff
from nurture.store.models import HeatModelVersion
from tests.conftest import TUESDAY
from tests.flows.rated_leads import all_of, make_lead, publish, send, strong_lead
from tests.web.conftest import SignIn, token_of


class Editor:
    """The form of the editor, as a browser would send it."""

    def __init__(self, client: FlaskClient, model_id: int) -> None:
        self.client, self.address = client, f"/models/{model_id}/edit"

    def fields(self) -> dict[str, str]:
        page = self.client.get(self.address)
        assert page.status_code == 200
        found: dict[str, str] = {}
        form = page.text[page.text.index('<form class="page-body') :]
        for tag in re.findall(r"<input [^>]*>", form):
            name = re.search(r' name="([^"]+)"', tag)
            value = re.search(r' value="([^"]*)"', tag)
            if name and ('type="checkbox"' not in tag or "checked" in tag):
                found[name[1]] = _plain(value[1] if value else "")
        for name, text in re.findall(r'<textarea[^>]* name="([^"]+)"[^>]*>([^<]*)</textarea>', form):
            found[name] = _plain(text)
        for name, options in re.findall(r'<select[^>]* name="([^"]+)"[^>]*>(.*?)</select>', form, re.S):
            chosen = re.search(r'<option(?: value="([^"]*)")? selected>([^<]*)', options)
            found[name] = (chosen[1] if chosen[1] is not None else chosen[2]) if chosen else ""
        return found

    def row(self, kind: str) -> str:
        """How the fields of a signal begin."""
        fields = self.fields()
        return next(name[:-5] for name, value in fields.items() if name[-5:] == ".kind" and value == kind)

    def send(self, do: str = "", **changes: str) -> TestResponse:
        return self.client.post(self.address, data={**self.fields(), **changes, "do": do})


def _plain(text: str) -> str:
    return text.replace("&#34;", '"').replace("&#39;", "'").replace("&gt;", ">").replace("&amp;", "&")


@pytest.fixture
def editor(runtime: Runtime, sign_in: SignIn) -> Editor:
    return Editor(sign_in("marketer"), publish(runtime.sessions).model_id)


def test_a_model_saved_as_it_is_changes_nothing(editor: Editor, runtime: Runtime) -> None:
    assert editor.send("look_ahead").status_code == 302
    page = editor.client.get(editor.address.replace("edit", "ahead"))
    assert "What the draft changes" not in page.text
    assert "Nobody more would be handed over today." in page.text


def test_a_folded_section_says_what_it_holds_and_what_the_draft_changes_in_it(editor: Editor) -> None:
    editor.send("", **{f"{editor.row('clicked')}.weight": "15", "readiness.rise": "55"})
    page = editor.client.get(editor.address).text
    assert "warm from 20, hot from 50" in page and "handed over from 55 points, hot, grade B" in page
    signals, readiness = (page[page.index(f'id="{key}"') :] for key in ("signals", "readiness"))
    assert "Clicked, points: 10 → 15" in signals.partition("</ul>")[0]
    assert "1 changed" in readiness.partition("</summary>")[0]
    assert "changed" not in page[page.index('id="need"') :].partition("</summary>")[0]
    assert "2 changes so far." in page


def test_every_fault_stands_at_its_field_and_nothing_typed_is_lost(editor: Editor) -> None:
    weight = f"{editor.row('clicked')}.weight"
    editor.send(
        "", **{"half_life": "soon", weight: "many", "r.0.when": "{company.size: big", "r.0.text": "Big"}
    )
    page = editor.client.get(editor.address).text
    assert "3 things are to be mended" in page
    for name, typed in (("half_life", "soon"), (r"s\.\d+\.weight", "many")):
        field = re.search(rf'<input [^>]*name="{name}"[^>]*value="{typed}"[^>]*>', page)
        assert field is not None
        assert 'aria-invalid="true"' in field[0]
    assert "{company.size: big" in page and 'value="Big"' in page
    assert 'data-field="half_life">Heat halves in</a>: expected a length of time' in page
    assert '<details class="card m-sec" id="temperature" open>' in page, "a fault opens its section"
    assert '<details class="card m-sec" id="need" >' in page
    assert editor.send("look_ahead").headers["Location"].endswith("/edit")


def test_warm_above_hot_is_said_where_hot_begins(editor: Editor) -> None:
    editor.send("", **{"temperature.warm.rise": "80"})
    page = editor.client.get(editor.address).text
    assert "Hot must lie above warm (80)" in page.partition('id="fault-temperature-hot-rise"')[2][:300]


def test_what_nobody_can_reach_is_doubted_and_yet_kept(editor: Editor) -> None:
    editor.send("", **{"scorecard.grades.A": "900"})
    page = editor.client.get(editor.address).text
    assert "nobody can be an A." in page and "to be mended" not in page


def test_rows_are_added_and_dropped_without_a_script(editor: Editor) -> None:
    before = editor.fields()
    editor.send("add r")
    added = editor.fields()
    assert "r.3.points" in added and "r.3.points" not in before
    editor.send("drop r.0")
    assert editor.fields()["r.0.text"] == before["r.1.text"]
    editor.send("add s")
    assert len([name for name in editor.fields() if name.endswith(".kind")]) == 1 + len(
        [name for name in before if name.endswith(".kind")]
    )


def test_a_look_ahead_names_who_would_move_and_making_it_live_lists_the_ripe(
    editor: Editor, runtime: Runtime
) -> None:
    anna = strong_lead(runtime.sessions, first_name="Anna", last_name="Lindqvist")
    ben = make_lead(runtime.sessions, first_name="Ben", last_name="Okoro")
    send(runtime.sessions, anna, "replied", TUESDAY)
    send(runtime.sessions, ben, "clicked", TUESDAY)
    rate(runtime.sessions, now=TUESDAY)
    editor.send(
        "look_ahead",
        **{
            f"{editor.row('clicked')}.weight": "60",
            "readiness.rise": "30",
            "readiness.fall": "10",
            "readiness.require.temperature": "warm",
        },
    )
    ahead = editor.client.get(editor.address.replace("edit", "ahead")).text
    assert "Of 2 leads, 1 would have another temperature." in ahead
    assert "1 would be ripe for sales today" in ahead
    assert "Ben Okoro" in ahead and "Anna Lindqvist" in ahead
    assert "Clicked, points: 10 → 60" in ahead
    revision = re.search(r'name="revision" value="(\d+)"', ahead)
    assert revision is not None
    form = {"csrf_token": token_of(ahead), "revision": revision[1]}
    editor.client.post(editor.address.replace("edit", "publish"), data=form)
    assert len(all_of(runtime.sessions, HeatModelVersion)) == 2
    waiting = editor.client.get("/models/approvals").text
    assert "Anna Lindqvist" in waiting and "Ben Okoro" not in waiting
    [approval] = all_of(runtime.sessions, ModelApproval)
    yes = {"csrf_token": token_of(waiting), "do": "ticked yes", "approval": str(approval.id)}
    assert (
        "1 lead is ripe for sales."
        in editor.client.post("/models/approvals", data=yes, follow_redirects=True).text
    )
    assert [one.lead_id for one in all_of(runtime.sessions, Handoff)] == [anna]


def test_a_draft_changed_by_somebody_else_is_not_overwritten(editor: Editor, sign_in: SignIn) -> None:
    mine = editor.fields()
    other = Editor(sign_in("admin"), int(re.findall(r"\d+", editor.address)[0]))
    other.send("", half_life="14d")
    refused = editor.client.post(editor.address, data={**mine, "half_life": "7d", "do": ""})
    assert refused.status_code == 409
    assert "Admin has changed this draft meanwhile" in refused.text and 'value="7d"' in refused.text


def test_an_older_version_is_told_in_words_and_taken_back(editor: Editor, runtime: Runtime) -> None:
    editor.send("look_ahead", half_life="14d")
    ahead = editor.client.get(editor.address.replace("edit", "ahead")).text
    editor.client.post(editor.address.replace("edit", "publish"), data={"csrf_token": token_of(ahead)})
    version = editor.client.get(editor.address.replace("edit", "versions/2")).text
    assert "Half-life: 21 days → 14 days" in version
    old = editor.client.get(editor.address.replace("edit", "versions/1")).text
    assert "Half-life: 14 days → 21 days" in old
    editor.client.post(editor.address.replace("edit", "versions/1/draft"), data={"csrf_token": token_of(old)})
    assert editor.fields()["half_life"] == "21d"


def test_a_new_model_begins_as_a_copy_and_rates_once_it_is_made_live(
    editor: Editor, runtime: Runtime
) -> None:
    page = editor.client.get("/models").text
    form = {"csrf_token": token_of(page), "key": "webinars", "like": re.findall(r"\d+", editor.address)[0]}
    made = editor.client.post("/models", data=form)
    assert made.status_code == 302
    other = Editor(editor.client, int(re.findall(r"\d+", made.headers["Location"])[0]))
    assert other.fields()["half_life"] == "21d"
    again = editor.client.post("/models", data=form, follow_redirects=True).text
    assert "There is a model called webinars already." in again


def test_a_new_model_that_says_nothing_yet_is_taught_and_not_blamed(editor: Editor) -> None:
    form = {"csrf_token": token_of(editor.client.get("/models").text), "key": "fairs", "like": ""}
    made = editor.client.post("/models", data=form)
    other = Editor(editor.client, int(re.findall(r"\d+", made.headers["Location"])[0]))
    new = other.client.get(other.address).text
    assert "A new model says nothing yet." in new
    assert "banner-bad flush" not in new
    assert "aria-invalid" not in new
    other.send()  # whoever keeps it as it is wants to know what is missing
    assert "banner-bad flush" in other.client.get(other.address).text
