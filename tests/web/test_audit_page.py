"""The audit log as a page and as a file."""

import csv
import io

from nurture.runtime import Runtime
from nurture.store import audit
from tests.clock import StandingClock
from tests.web.conftest import SignIn
from tests.web.people import post


def test_a_line_says_who_did_what_in_words(sign_in: SignIn) -> None:
    admin = sign_in("admin")
    post(admin, "/settings/keys", name="CRM", role="sales")
    page = admin.get("/settings/audit").text
    assert "made a key" in page and "Admin" in page and "CRM" in page and "role: Sales" in page
    assert "key.created" not in page


def test_lines_are_filtered_and_an_empty_answer_says_so(sign_in: SignIn) -> None:
    admin = sign_in("admin")
    post(admin, "/settings/keys", name="CRM", role="sales")
    only = admin.get("/settings/audit?kind=sign_in").text
    assert "signed in" in only and "made a key" not in only
    assert "No line fits." in admin.get("/settings/audit?actor=key:99").text
    assert "No line fits." in admin.get("/settings/audit?to=2020-01-01").text
    assert admin.get("/settings/audit?from=yesterday&after=x").status_code == 200


def test_older_lines_stand_on_the_next_page(sign_in: SignIn, runtime: Runtime, clock: StandingClock) -> None:
    admin = sign_in("admin")
    with runtime.sessions.begin() as session:
        for number in range(60):
            audit.audit(session, "terminal", "lead.erased", f"lead:{number}", now=clock.moment)
    first = admin.get("/settings/audit?kind=lead").text
    assert "lead 59" in first and ">lead 9<" not in first and 'rel="next"' in first
    second = admin.get("/settings/audit?kind=lead&after=12").text
    assert "lead 9" in second and 'rel="next"' not in second


def test_the_log_goes_out_as_a_file_that_no_spreadsheet_runs_and_that_is_written_down(
    sign_in: SignIn, runtime: Runtime
) -> None:
    admin = sign_in("admin")
    post(admin, "/settings/keys", name="=cmd()", role="sales")
    answer = admin.get("/settings/audit/export?kind=key")
    rows = list(csv.DictReader(io.StringIO(answer.text.lstrip("\ufeff"))))
    assert [(row["action"], row["subject_name"], row["changes"]) for row in rows] == [
        ("key.created", "'=cmd()", "role: Sales")
    ]
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert "took the audit log out as a file" in admin.get("/settings/audit").text


def test_names_in_the_log_cannot_run(sign_in: SignIn) -> None:
    admin = sign_in("admin")
    post(admin, "/settings/keys", name="<script>alert(1)</script>", role="sales")
    page = admin.get("/settings/audit").text
    assert "<script>alert" not in page and "&lt;script&gt;" in page
