"""Heat models as files."""

from pathlib import Path

import pytest

from nurture.errors import FileFault
from nurture.files.models import parse_model, read_model, write_model
from nurture.files.yaml_lines import Faults
from nurture.rules.sales_signals import KIND_OF
from tests.rules.models import contract_model

CAMPAIGNS = Path(__file__).parents[2] / "campaigns"
KINDS = {
    "opened", "clicked", "replied", "visited", "downloaded", "viewed_product", "form_submitted", "subscribed",
    "unsubscribed", "followed", "business_card", "event_registered", "event_attended", "event_no_show",
    "feedback", "called", "partner_referral", "meeting_requested", "meeting_booked", "partner_meeting",
    "meeting_missed", "offer_viewed", "note", *KIND_OF.values(),
}  # fmt: skip


def test_the_default_model_knows_every_kind_of_signal() -> None:
    faults = Faults("default.yaml")
    found = read_model(CAMPAIGNS / "models" / "default.yaml", faults)
    assert faults.lines() == []
    assert found is not None
    assert {rule.kind for rule in found[0].rules} == KINDS


def test_what_is_written_and_read_again_is_the_same() -> None:
    text = write_model(contract_model())
    assert "  opened: {weight: 1, cap: 2}\n" in text
    assert parse_model(text, Faults("model.yaml")) == contract_model()


def test_the_default_model_written_and_read_again_is_the_same() -> None:
    found = read_model(CAMPAIGNS / "models" / "default.yaml", Faults("default.yaml"))
    assert found is not None
    assert parse_model(write_model(found[0]), Faults("default.yaml")) == found[0]


def test_faults_carry_file_and_line_all_at_once(tmp_path: Path) -> None:
    text = write_model(contract_model()).replace("cap: 2", "cap: two").replace("rise: 50", "rise: 5")
    path = tmp_path / "default.yaml"
    path.write_text(text)
    faults = Faults("models/default.yaml")
    assert read_model(path, faults) is None
    with pytest.raises(FileFault) as refused:
        faults.stop_if_any()
    assert [fault.partition(": ")[0] for fault in refused.value.faults] == [
        "models/default.yaml:4",
        "models/default.yaml:16",
        "models/default.yaml:16",
    ]
    assert "signals.opened.cap: expected a whole number from 1 to 10000" in refused.value.faults[0]


def test_a_file_is_called_like_its_model(tmp_path: Path) -> None:
    path = tmp_path / "other.yaml"
    path.write_text(write_model(contract_model()))
    faults = Faults("models/other.yaml")
    assert read_model(path, faults) is None
    assert "default.yaml" in faults.lines()[0]
