"""What people write about a person."""

import pytest

from nurture.errors import Invalid
from nurture.rules import answers, columns, lead_answers


@pytest.mark.parametrize(
    ("header", "answer"),
    [
        ("E-Mail", "email"), ("Email Address", "email"), ("E-Mail-Adresse", "email"),
        ("Электронная почта", "email"),
        ("Vorname", "first_name"), ("Last Name", "last_name"), ("Фамилия", "last_name"), ("ФИО", "name"),
        ("Firma", "company"), ("Company name", "company"), ("Number of Employees", "company.size"),
        ("Mobile phone number", "phone"), ("Job Title", "role"), ("preferred_locale", "language"),
        ("Country/Region", "country"), ("fields.interest", "fields.interest"), ("Budget", "bant.budget"),
        ("bant.need", "bant.need"), ("Lieblingsfarbe", None), ("fields.", None), ("bant.luck", None),
    ],
)  # fmt: skip
def test_columns_are_told_by_their_names(header: str, answer: str | None):
    assert columns.guess(header) == answer


def test_the_first_filled_of_several_phone_columns_counts():
    assert columns.plan(["Phone", "Mobile", "email"], {}).targets[0] == ("phone", (0, 1))


def test_two_columns_of_one_name_are_a_fault():
    with pytest.raises(Invalid, match="Two columns"):
        columns.plan(["email", "Email"], {})


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("51-200", 51),
        ("1,200", 1200),
        ("1.200+", 1200),
        ("500+", 500),
        ("about 40", 40),
        ("many", None),
        ("", None),
    ],
)
def test_sizes_are_read_at_their_lower_end(written: str, kept: int | None):
    assert answers.size(written) == kept


@pytest.mark.parametrize(
    ("written", "kept"),
    [("1980-05-17", "1980-05-17"), ("17.5.1980", "1980-05-17"), ("1980-05-17T10:00:00Z", "1980-05-17"),
     ("05/06/1980", None), ("31.2.2026", None), ("soon", None)],
)  # fmt: skip
def test_days_that_mean_two_things_are_not_guessed(written: str, kept: str | None):
    assert answers.day(written) == kept


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("Germany", "DE"),
        ("deutschland", "DE"),
        ("Россия", "RU"),
        ("de", "DE"),
        ("NO", "NO"),
        ("Freedonia", "Freedonia"),
    ],
)
def test_countries_become_codes_where_known(written: str, kept: str):
    assert answers.country(written) == kept


def test_names_in_one_piece_are_split():
    assert answers.split_name("Weber, Anna Maria") == ("Anna Maria", "Weber")
    assert answers.split_name("Anna Maria Weber") == ("Anna Maria", "Weber")
    assert answers.split_name("Cher") == ("Cher", None)


def test_text_is_one_line_without_control_signs():
    assert answers.text("  a\u202e\0b\n c\u00a0d ") == "a b c d"
    assert answers.text("\u200b") is None


def test_all_faults_of_answers_come_at_once():
    with pytest.raises(Invalid) as refusal:
        lead_answers.read(
            {"email": 3, "tags": "a", "fields": [], "dates": {"x": "soon"}, "consent": {"m": "yes"},
             "bant": {"luck": "yes"}, "company": 4, "id": "x", "stage": "friend", "score": 1, "grade": "A"}
        )  # fmt: skip
    assert set(refusal.value.errors) == {
        "email", "tags", "fields", "dates", "consent", "bant", "company", "id", "stage", "score", "grade",
    }  # fmt: skip
