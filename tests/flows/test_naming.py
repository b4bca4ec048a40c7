"""Sources, tags and fields change their names for everybody, and stay while a rule asks for them."""

import pytest
from sqlalchemy.orm import Session

from nurture.errors import Conflict, Invalid, NotFound
from nurture.flows import change_leads, custom_fields, segments, sources, tags
from nurture.flows.leads import save_lead
from nurture.rules.naming import names
from nurture.store import lead_figures
from nurture.store.custom_fields import CustomField
from nurture.store.leads import Lead
from nurture.store.sources import named
from tests.conftest import TUESDAY

BY = {"by": "test", "now": TUESDAY}


def _lead(db: Session, name: str, **said: object) -> Lead:
    given = {"email": f"{name}@werk.example", "first_name": name, **said}
    lead_id = save_lead(db, given, now=TUESDAY, by="test", pepper=b"pepper", base_url="http://localhost").id
    return db.get_one(Lead, lead_id)


def _segment(db: Session, condition: object) -> None:
    segments.create(db, {"name": "Those", "condition": condition}, now=TUESDAY)


def test_a_tag_is_renamed_for_everybody_and_merged_into_one_they_have(db: Session) -> None:
    ada, ben = _lead(db, "ada", tags=["Fair", "fair 2026"]), _lead(db, "ben", tags=["Fair"])
    assert tags.rename(db, "Fair", " fair  2026 ", **BY) == 2
    db.expire_all()
    assert (ada.tags, ada.folded_tags) == (["fair 2026"], ["fair 2026"])
    assert (ben.tags, ben.folded_tags) == (["fair 2026"], ["fair 2026"])
    with pytest.raises(NotFound):
        tags.rename(db, "Fair", "x", **BY)
    with pytest.raises(Invalid):
        tags.rename(db, "fair 2026", "a\nb\x00", **BY)


def test_a_tag_that_a_segment_asks_for_stays(db: Session) -> None:
    _lead(db, "ada", tags=["Fair"])
    _segment(db, {"any": [{"tag": "fair"}, {"stage": "lost"}]})
    for change in (lambda: tags.rename(db, "Fair", "other", **BY), lambda: tags.remove(db, "Fair", **BY)):
        with pytest.raises(Conflict, match="asked for by Those"):
            change()


def test_a_tag_taken_off_everybody_comes_back(db: Session) -> None:
    ada = _lead(db, "ada", tags=["Fair", "board"])
    noted = tags.remove(db, "Fair", **BY)
    db.expire_all()
    assert (ada.tags, ada.folded_tags) == (["board"], ["board"])
    assert change_leads.undo(db, noted.id, **BY) == 1
    db.expire_all()
    assert set(ada.tags) == {"board", "Fair"} and set(ada.folded_tags) == {"board", "fair"}


def test_a_source_is_renamed_merged_and_deleted_only_when_empty(db: Session) -> None:
    ada = _lead(db, "ada", source="Fair")
    _lead(db, "ben", source="Trade fair")
    fair, trade = named(db, "Fair"), named(db, "Trade fair")
    assert fair and trade
    with pytest.raises(Conflict, match="already"):
        sources.change(db, fair, name="Trade fair", targeted=None, **BY)
    sources.change(db, fair, name="Fair 2026", kind="fair", targeted=True, **BY)
    with pytest.raises(Conflict, match="merge it"):
        sources.remove(db, fair, **BY)
    assert sources.merge(db, fair, trade, **BY) == 1
    db.expire_all()
    assert (ada.source_id, ada.last_source_id, named(db, "Fair 2026")) == (trade, trade, None)
    empty = sources.create(db, "Web", **BY)
    sources.remove(db, empty.id, **BY)
    with pytest.raises(Invalid):
        sources.merge(db, trade, trade, **BY)


def test_a_source_that_a_segment_asks_for_keeps_its_name(db: Session) -> None:
    _lead(db, "ada", source="Fair")
    _segment(db, {"source": ["Fair"]})
    source_id = named(db, "Fair")
    assert source_id
    with pytest.raises(Conflict, match="Those"):
        sources.change(db, source_id, name="Other", targeted=None, **BY)


def test_the_figures_of_sources_and_tags_are_those_of_their_leads(db: Session) -> None:
    _lead(db, "ada", source="Fair", tags=["x"], consent={"marketing": True})
    _lead(db, "ben", source="Fair", tags=["x", "y"]).temperature = "hot"
    db.flush()
    live = lead_figures.read(db, "source")
    lead_figures.keep(db, now=TUESDAY)
    figures = live.of[str(named(db, "Fair"))]
    assert figures == {"leads": 2, "agreed": 1, "warm": 0, "hot": 1, "handed_over": 0, "won": 0}
    assert lead_figures.read(db, "tag").of == {"x": {"leads": 2}, "y": {"leads": 1}}
    kept = {row.key: row.figures for row in db.query(lead_figures.LeadFigure).filter_by(kind="source")}
    assert kept == dict(live.of)


def test_a_field_is_made_described_and_taken_away_with_its_values(db: Session) -> None:
    made = custom_fields.create(db, "Present System", kind="choice", choices=["SAP", " SAP ", "none"], **BY)
    assert (made.key, made.choices) == ("present_system", ["SAP", "none"])
    ada = _lead(db, "ada", fields={"present_system": "SAP", "other": 1})
    assert db.get_one(CustomField, "other").kind == "text"
    with pytest.raises(Conflict):
        custom_fields.create(db, "present system", kind="text", **BY)
    with pytest.raises(Invalid):
        custom_fields.change(db, "other", kind="choice", choices=[], **BY)
    assert custom_fields.remove(db, "present_system", **BY) == 1
    db.expire_all()
    assert ada.fields == {"other": 1}
    assert not any("present_system" in name for name in ada.folded_fields)


@pytest.mark.parametrize("field", ["fields.plan", "plan", "Plan"])
def test_a_field_that_a_segment_asks_for_stays(db: Session, field: str) -> None:
    custom_fields.create(db, "Plan", kind="text", **BY)
    _segment(db, {"field": field, "eq": "x"})
    with pytest.raises(Conflict, match="Those"):
        custom_fields.remove(db, "plan", **BY)


def test_names_are_found_wherever_in_a_definition() -> None:
    spec = {"chains": {"cold": {"steps": [{"tag": ["Engaged"]}, {"branch": [{"when": {"tag": "vip"}}]}]}}}
    assert names(spec, "tag", "engaged") and names(spec, "tag", "VIP")
    assert not names(spec, "tag", "cold") and not names(spec, "source", "vip")
    assert names({"set": {"field": "interest", "to": "x"}}, "field", "interest")
