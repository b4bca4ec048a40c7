"""What leads and sales reach without signing in: signed links, and nothing to learn by trying."""

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, text

from nurture.flows import consent
from nurture.rules.colours import DEFAULT, palette
from nurture.rules.tokens import mint
from nurture.runtime import Runtime
from nurture.store import installation
from nurture.store.consents import Consent
from nurture.store.handoffs import Handoff
from nurture.store.leads import Lead
from nurture.store.models import HeatModelRow
from tests.conftest import TUESDAY

ONE_CLICK = {"List-Unsubscribe": "One-Click"}


@pytest.fixture
def katrin(app: object, runtime: Runtime) -> int:
    """A lead who agreed to be written to."""
    with runtime.sessions.begin() as session:
        lead = Lead(
            email="katrin.vogel@brueckner.example",
            email_norm="katrin.vogel@brueckner.example",
            first_name="Katrin",
            last_name="Vogel",
            stage_since=TUESDAY,
            temperature_since=TUESDAY,
            created_at=TUESDAY,
            updated_at=TUESDAY,
        )
        session.add(lead)
        session.flush()
        for purpose in ("marketing", "newsletter"):
            consent.grant(session, lead.id, purpose, wording="yes", channel="form", proof={}, now=TUESDAY)
        return lead.id


def _held(runtime: Runtime, lead_id: int) -> dict[str, bool]:
    rows = text("SELECT purpose, granted FROM lead_consent WHERE lead_id = :lead")
    with runtime.sessions() as session:
        return {row.purpose: row.granted for row in session.execute(rows, {"lead": lead_id})}


def _token(runtime: Runtime, purpose: str, *ids: int) -> str:
    return mint(runtime.ring, purpose, *ids)


def test_looking_at_the_unsubscribe_page_changes_nothing(
    visitor: FlaskClient, runtime: Runtime, katrin: int
) -> None:
    address = f"/u/{_token(runtime, 'unsubscribe', katrin, 9)}"
    for answer in (visitor.get(address), visitor.head(address)):
        assert answer.status_code == 200
    assert "k•••••@brueckner.example" in visitor.get(address).text
    assert "katrin.vogel@" not in visitor.get(address).text
    assert _held(runtime, katrin) == {"marketing": True, "newsletter": True}


@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "multipart/form-data"])
def test_one_click_needs_no_cookie_and_acts_at_once(
    visitor: FlaskClient, runtime: Runtime, katrin: int, kind: str
) -> None:
    address = f"/u/{_token(runtime, 'unsubscribe', katrin, 9)}"
    answers = [visitor.post(address, data=ONE_CLICK, content_type=kind) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert not any(_held(runtime, katrin).values())
    with runtime.sessions() as session:
        withdrawn = session.scalars(select(Consent).where(Consent.state == "withdrawn")).all()
        told = session.scalar(text("SELECT count(*) FROM webhook_message WHERE type = 'lead.unsubscribed'"))
    assert len(withdrawn) == 2 and told == 1
    assert {one.channel for one in withdrawn} == {"one_click"}
    assert withdrawn[0].proof["page"] == "/u/<token>"


@pytest.mark.parametrize("body", [{}, {"List-Unsubscribe": "Two-Click"}, {"leave": "perhaps"}])
def test_a_post_that_does_not_say_unsubscribe_is_refused(
    visitor: FlaskClient, runtime: Runtime, katrin: int, body: dict[str, str]
) -> None:
    answer = visitor.post(f"/u/{_token(runtime, 'unsubscribe', katrin, 9)}", data=body)
    assert answer.status_code == 400
    assert all(_held(runtime, katrin).values())


def test_an_unknown_token_gets_the_same_answer(visitor: FlaskClient, runtime: Runtime, katrin: int) -> None:
    known = _token(runtime, "unsubscribe", katrin, 9)
    forged = known[:-1] + ("A" if known[-1] != "A" else "B")
    gone = _token(runtime, "unsubscribe", 999_999, 9)
    for token in (forged, gone, "x", _token(runtime, "preferences", katrin, 9)):
        answer = visitor.post(f"/u/{token}", data=ONE_CLICK)
        assert answer.status_code == 200
        assert "You are unsubscribed" in answer.text
    assert all(_held(runtime, katrin).values())


def test_preferences_take_and_give_consent_with_the_words_that_stood_there(
    visitor: FlaskClient, runtime: Runtime, katrin: int
) -> None:
    address = f"/p/{_token(runtime, 'preferences', katrin, 9)}"
    assert visitor.get(address).text.count("checked><b>") == 2
    assert visitor.post(address, data={"purpose": ["newsletter"]}).status_code == 200
    assert _held(runtime, katrin) == {"marketing": False, "newsletter": True}
    visitor.post(address, data={"purpose": ["marketing", "newsletter", "made-up"]})
    assert _held(runtime, katrin) == {"marketing": True, "newsletter": True}
    with runtime.sessions() as session:
        newest = session.scalars(select(Consent).order_by(Consent.id.desc())).first()
    assert newest is not None
    assert (newest.wording, newest.channel) == ("Articles, invitations and offers", "preferences")
    for months in ("x", "\u00b2", "9" * 5000):
        assert visitor.post(address, data={"purpose": "newsletter", "months": months}).status_code == 422


def test_a_confirmation_is_a_button_because_scanners_follow_links(
    visitor: FlaskClient, runtime: Runtime, katrin: int
) -> None:
    with runtime.sessions.begin() as session:
        asked = consent.ask(session, katrin, "events", wording="yes", channel="form", proof={}, now=TUESDAY)
    address = f"/confirm/{_token(runtime, 'confirm', katrin, asked)}"
    assert visitor.get(address).status_code == 200
    assert _held(runtime, katrin).get("events") is False
    assert "it is confirmed" in visitor.post(address).text
    assert _held(runtime, katrin)["events"] is True
    assert visitor.get(f"/confirm/{_token(runtime, 'confirm', katrin + 1, asked)}").status_code == 404


@pytest.fixture
def handed_over(runtime: Runtime, katrin: int) -> int:
    with runtime.sessions.begin() as session:
        model = HeatModelRow(key="default", created_at=TUESDAY)
        session.add(model)
        session.flush()
        session.execute(text("UPDATE lead SET stage = 'sales_ready'"))
        handoff = Handoff(
            lead_id=katrin,
            ripening_no=1,
            model_id=model.id,
            cause="threshold",
            state="released",
            score=70,
            rise=60,
            temperature="hot",
            heat=61,
            ready_at=TUESDAY,
            released_at=TUESDAY,
        )
        session.add(handoff)
        session.flush()
        return handoff.id


def test_a_program_answers_for_sales_without_a_key(
    visitor: FlaskClient, runtime: Runtime, handed_over: int
) -> None:
    address = f"/answer/{_token(runtime, 'answer', handed_over)}"
    answer = visitor.post(address, json={"outcome": "meeting", "at": "2026-03-10T09:00:00Z"})
    assert answer.status_code == 200
    assert answer.get_json() == {"handoff_id": handed_over, "state": "meeting", "stage": "opportunity"}


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        ({"outcome": "meeting"}, 422, "at"),
        ({"outcome": "perhaps"}, 422, "outcome"),
        ({"outcome": "won", "amount": "a lot"}, 422, "amount"),
        ({"outcome": "won", "colour": "green"}, 422, "colour"),
        ({"outcome": ["won"]}, 422, "outcome"),
        ([], 422, ""),
    ],
)
def test_a_wrong_answer_names_the_field(
    visitor: FlaskClient, runtime: Runtime, handed_over: int, body: object, status: int, field: str
) -> None:
    answer = visitor.post(f"/answer/{_token(runtime, 'answer', handed_over)}", json=body)
    assert answer.status_code == status
    assert answer.content_type == "application/problem+json"
    if field:
        assert field in answer.get_json()["errors"]


def test_a_person_answers_by_the_form_and_in_the_companys_time(
    visitor: FlaskClient, runtime: Runtime, handed_over: int
) -> None:
    address = f"/answer/{_token(runtime, 'answer', handed_over)}"
    assert "What came of Katrin Vogel?" in visitor.get(address).text
    assert visitor.post(address, data={"outcome": "meeting", "at": "2026-03-10T10:00"}).status_code == 200
    with runtime.sessions() as session:
        at = session.scalar(text("SELECT happens_at FROM handoff_outcome"))
    assert at.isoformat() == "2026-03-10T09:00:00+00:00"


def test_a_guessed_answer_link_opens_nothing(
    visitor: FlaskClient, runtime: Runtime, handed_over: int
) -> None:
    assert visitor.get("/answer/1").status_code == 404
    assert visitor.post("/answer/1", json={"outcome": "won"}).status_code == 404
    assert visitor.get(f"/answer/{_token(runtime, 'view', handed_over)}").status_code == 404


def _russian(runtime: Runtime, lead_id: int) -> None:
    with runtime.sessions.begin() as session:
        session.get_one(Lead, lead_id).language = "ru-RU"


def test_a_lead_reads_in_its_own_language_whatever_the_browser_says(
    visitor: FlaskClient, runtime: Runtime, katrin: int
) -> None:
    german = {"Accept-Language": "de"}
    preferences = f"/p/{_token(runtime, 'preferences', katrin, 9)}"
    leaving = f"/u/{_token(runtime, 'unsubscribe', katrin, 9)}"
    assert "What may we write" in visitor.get(preferences, headers=german).text
    assert "О чём вам" in visitor.get(preferences, headers={"Accept-Language": "ru"}).text
    _russian(runtime, katrin)
    for page in (visitor.get(preferences, headers=german).text, visitor.get(leaving, headers=german).text):
        assert '<html lang="ru">' in page
        assert "Отписаться от всего" in page
    with runtime.sessions.begin() as session:
        asked = consent.ask(session, katrin, "events", wording="yes", channel="form", proof={}, now=TUESDAY)
    confirming = f"/confirm/{_token(runtime, 'confirm', katrin, asked)}"
    assert "Да, это я" in visitor.get(confirming).text
    assert "Спасибо, подтверждено" in visitor.post(confirming).text
    visitor.post(preferences, data={"purpose": ["marketing"]})
    assert "Вы отписаны" in visitor.post(leaving, data=ONE_CLICK).text


def test_the_words_agreed_to_are_kept_in_the_language_they_were_read_in(
    visitor: FlaskClient, runtime: Runtime, katrin: int
) -> None:
    _russian(runtime, katrin)
    address = f"/p/{_token(runtime, 'preferences', katrin, 9)}"
    visitor.post(address, data={})
    visitor.post(address, data={"purpose": ["marketing"]})
    with runtime.sessions() as session:
        newest = session.scalars(select(Consent).order_by(Consent.id.desc())).first()
    assert newest is not None
    assert newest.wording == "Статьи, приглашения и предложения"


@pytest.mark.parametrize("colour", ["#0b6b5b", "#ffd400", "#101010"])
def test_public_pages_are_one_small_file_in_the_company_s_colour(
    visitor: FlaskClient, runtime: Runtime, katrin: int, handed_over: int, colour: str
) -> None:
    with runtime.sessions.begin() as session:
        installation.get(session).color = colour
    _russian(runtime, katrin)
    addresses = [
        f"/p/{_token(runtime, 'preferences', katrin, 9)}",
        f"/u/{_token(runtime, 'unsubscribe', katrin, 9)}",
        f"/answer/{_token(runtime, 'answer', handed_over)}",
        "/sign-in",
        "/p/nobody",
    ]
    for address in addresses:
        answer = visitor.get(address)
        assert len(answer.data) < 6144, (address, len(answer.data))
        for heavy in ("<script", '<link rel="stylesheet', "src=", "@import", "url("):
            assert heavy not in answer.text, (address, heavy)
        shade = palette(colour if address[1] in "pua" and address != "/p/nobody" else DEFAULT)
        assert f"--a:{shade.light.accent};--o:{shade.light.on}" in answer.text


def test_looking_changes_nothing_on_any_public_page(
    visitor: FlaskClient, runtime: Runtime, katrin: int, handed_over: int
) -> None:
    with runtime.sessions.begin() as session:
        asked = consent.ask(session, katrin, "events", wording="yes", channel="form", proof={}, now=TUESDAY)
    tokens = {
        "p": ("preferences", katrin, 9),
        "u": ("unsubscribe", katrin, 9),
        "confirm": ("confirm", katrin, asked),
    }
    addresses = [f"/{name}/{_token(runtime, *of)}" for name, of in tokens.items()]
    before = _everything(runtime)
    for address in (*addresses, f"/answer/{_token(runtime, 'answer', handed_over)}", "/sign-in"):
        assert visitor.get(address).status_code == visitor.head(address).status_code == 200
    assert _everything(runtime) == before


def _everything(runtime: Runtime) -> object:
    """What a public page could have changed."""
    rows = text(
        "SELECT (SELECT max(id) FROM consent), (SELECT count(*) FROM handoff_outcome), "
        "(SELECT count(*) FROM lead_pause), (SELECT count(*) FROM signal), "
        "(SELECT max(xmin::text::bigint) FROM lead), (SELECT max(xmin::text::bigint) FROM lead_consent), "
        "(SELECT max(xmin::text::bigint) FROM delivery), (SELECT max(xmin::text::bigint) FROM handoff)"
    )
    with runtime.sessions() as session:
        return session.execute(rows).one()
