"""Files of leads through the API."""

import io

from tests.web.api_caller import Caller, api, app, caller, problem

__all__ = ["api", "app", "caller"]


def test_a_file_comes_in_as_body_or_form_and_its_bad_rows_go_back(api: Caller):
    made = api.post(
        "/imports?source=Fair&consent=marketing",
        data="email,name\nanna@weber.example,Anna Weber\nnonsense,Bert\n",
        content_type="text/csv",
    )
    assert made.status_code == 201, made.text
    assert (made.json["state"], made.json["new"], made.json["bad"]) == ("done", 1, {"address": 1})
    assert made.json["mailable"] == 1
    faults = api.get(f"/imports/{made.json['id']}/errors").json
    assert faults["data"][0]["line"] == 3
    assert faults["data"][0]["values"] == {"email": "nonsense", "name": "Bert"}
    assert b"nonsense" in api.get(f"/imports/{made.json['id']}/bad_rows.csv").data
    form = {"file": (io.BytesIO(b"E-Mail;Ort\nbert@weber.example;Bonn\n"), "../../leads.csv")}
    second = api.post("/imports", data=form, content_type="multipart/form-data")
    assert (second.status_code, second.json["new"], second.json["filename"]) == (201, 1, "leads.csv")
    assert [one["id"] for one in api.get("/imports").json["data"]] == [second.json["id"], made.json["id"]]


def test_files_that_cannot_be_taken_are_refused_with_a_sentence(api: Caller):
    body = problem(api.post("/imports", data=b"PK\x03\x04zip", content_type="text/csv"), 422)
    assert "Excel" in body["detail"]
    problem(api.post("/imports", data="a,b\n1,2\n", content_type="text/csv"), 422)
    assert (
        "colour"
        in problem(api.post("/imports?colour=red", data="email\n", content_type="text/csv"), 422)["errors"]
    )
    assert (
        "map" in problem(api.post("/imports?map=x", data="email\n", content_type="text/csv"), 422)["errors"]
    )
    assert (
        "file"
        in problem(api.post("/imports", data={"source": "y"}, content_type="multipart/form-data"), 422)[
            "errors"
        ]
    )


def test_dates_that_mean_two_days_are_asked_about(api: Caller):
    file = "email,birthday\nanna@weber.example,04/03/1975\n"
    asked = problem(api.post("/imports", data=file, content_type="text/csv"), 422)
    assert asked["errors"]["dates"][0].startswith("Line 2 says 04/03/1975")
    made = api.post("/imports?dates=month_first", data=file, content_type="text/csv").json
    assert made["dates"] == [{"line": 2, "written": "04/03/1975", "day": "1975-04-03"}]
