"""Files that people send: too large, not what they say, named to land elsewhere (CVE-2024-47051)."""

import gzip
import io
import zipfile
from pathlib import Path

import pytest
from flask import Flask
from werkzeug.datastructures import FileStorage

from nurture.files import uploads
from nurture.runtime import Runtime
from tests.web.api_caller import Caller, api, caller, problem
from tests.web.conftest import SignIn, token_of

__all__ = ["api", "caller"]
NAMES = (
    "../../../../tmp/owned.csv", "..\\..\\owned.csv", "/etc/cron.d/owned", "C:\\owned.csv",
    "owned.csv\0.png", "%2e%2e%2fowned.csv", "owned\r\nSet-Cookie: x=1.csv", "x" * 4000 + ".csv", ".htaccess",
    "-rf", "con", "\u202evsc.exe",
    "<script>alert(1)</script>.csv",
)  # fmt: skip
SHEET = b"email\nanna@weber.example\n"


def archive(size: int) -> bytes:
    """A workbook whose one sheet unpacks to `size` bytes."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as book:
        book.writestr("[Content_Types].xml", "<Types/>")
        with book.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as sheet:
            for _block in range(size // (1 << 20)):
                sheet.write(b"0" * (1 << 20))
    return made.getvalue()


# What no import takes, whatever it is called.
STRANGE = {
    "a bomb in a workbook": archive(256 << 20),
    "a squeezed bomb": gzip.compress(b"email\n" + b"0" * (64 << 20)),
    "a picture": b"\x89PNG\r\n\x1a\n" + b"\0" * 200,
    "a program": b"\x7fELF" + b"\0" * 200,
    "a document": b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n",
    "nothing": b"",
    "zeros": b"\0" * 5000,
}
# Text, but no table of leads: nothing of it is read as what it claims to be.
PAGES = (
    b"\xff\xfe" + b"e",
    b"<html><script>alert(1)</script></html>",
    b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>',
)


def kept(runtime: Runtime) -> list[Path]:
    """Every file in the house that no part of the program keeps for itself."""
    return [one for one in runtime.settings.home.rglob("*") if one.is_file() and "uploads" in one.parts]


@pytest.mark.parametrize("name", NAMES, ids=lambda one: ascii(one[:20]))
def test_the_name_of_a_file_decides_nothing(app: Flask, api: Caller, runtime: Runtime, name: str) -> None:
    before = set(runtime.settings.home.parent.rglob("*"))
    form = {"file": FileStorage(io.BytesIO(SHEET), filename=name)}
    answer = api.post("/imports", data=form, content_type="multipart/form-data")
    assert answer.status_code in (201, 422), answer.text
    new = {path for path in runtime.settings.home.parent.rglob("*") if path.is_file()} - before
    assert {path.name for path in new if path.suffix} <= {"1-bad-rows.csv"}, "names of our own alone"
    assert not [path for path in new if "owned" in path.name]
    assert not Path("/tmp/owned.csv").exists() and not Path("/etc/cron.d/owned").exists()
    if answer.status_code == 201:
        assert len(answer.json["filename"]) <= 200
        assert "/" not in answer.json["filename"] and "\n" not in answer.json["filename"]


@pytest.mark.parametrize("name", NAMES, ids=lambda one: ascii(one[:20]))
def test_nor_does_it_on_the_page(sign_in: SignIn, runtime: Runtime, name: str) -> None:
    marketer = sign_in("marketer")
    token = token_of(marketer.get("/imports").text)
    form = {"csrf_token": token, "file": FileStorage(io.BytesIO(SHEET), filename=name)}
    answer = marketer.post("/imports", data=form, content_type="multipart/form-data")
    assert answer.status_code in (302, 422), answer.text
    assert "Set-Cookie: x" not in str(answer.headers)
    assert {path.name for path in kept(runtime)} <= {"1.csv"}, "by the number of its import"
    assert "<script>alert" not in marketer.get("/imports").text


@pytest.mark.parametrize("what", STRANGE)
def test_what_is_no_table_is_refused_in_a_sentence_and_leaves_nothing(
    app: Flask, api: Caller, sign_in: SignIn, runtime: Runtime, what: str
) -> None:
    body = problem(api.post("/imports", data=STRANGE[what], content_type="text/csv"), 422)
    assert body["detail"].endswith((".", "!", "?"))
    form = {"file": (io.BytesIO(STRANGE[what]), "leads.csv")}
    problem(api.post("/imports", data=form, content_type="multipart/form-data"), 422)
    marketer = sign_in("marketer")
    token = token_of(marketer.get("/imports").text)
    sent = {"csrf_token": token, "file": (io.BytesIO(STRANGE[what]), "leads.csv")}
    answer = marketer.post("/imports", data=sent, content_type="multipart/form-data")
    assert answer.status_code == 422, answer.text
    assert kept(runtime) == []


@pytest.mark.parametrize("text", PAGES)
def test_a_page_that_is_called_a_table_is_one_odd_column(
    app: Flask, api: Caller, sign_in: SignIn, text: bytes
) -> None:
    problem(api.post("/imports", data=text, content_type="text/csv"), 422)
    marketer = sign_in("marketer")
    token = token_of(marketer.get("/imports").text)
    sent = {"csrf_token": token, "file": (io.BytesIO(text), "leads.csv")}
    answer = marketer.post("/imports", data=sent, follow_redirects=True, content_type="multipart/form-data")
    assert answer.status_code == 200
    assert "<script>alert" not in answer.text and "root:" not in answer.text


def test_a_file_that_says_it_is_too_large_is_not_read(app: Flask, api: Caller, sign_in: SignIn) -> None:
    huge = {"CONTENT_LENGTH": str(uploads.LARGEST + 2 * 1024 * 1024)}
    problem(api.post("/imports", data=SHEET, content_type="text/csv", environ_overrides=huge), 413)
    marketer = sign_in("marketer")
    answer = marketer.post(
        "/imports", data=SHEET, content_type="multipart/form-data; boundary=x", environ_overrides=huge
    )
    assert answer.status_code == 413


def test_only_those_who_may_bring_files_may_bring_large_ones(app: Flask, sign_in: SignIn) -> None:
    large = b"x" * (3 * 1024 * 1024)
    viewer = sign_in("viewer")
    form = {"csrf_token": token_of(viewer.get("/").text), "file": (io.BytesIO(large), "leads.csv")}
    assert viewer.post("/imports", data=form, content_type="multipart/form-data").status_code in (403, 413)
    stranger = app.test_client()
    form = {"file": (io.BytesIO(large), "leads.csv")}
    assert stranger.post("/imports", data=form, content_type="multipart/form-data").status_code in (302, 413)


@pytest.mark.parametrize(
    "path",
    [
        "/static/../../pyproject.toml", "/static/%2e%2e/%2e%2e/pyproject.toml", "/static//etc/passwd",
        "/static/..%2f..%2fpyproject.toml", "/static/....//....//etc/passwd", "/vendor/../../etc/passwd",
        "/vendor/tabler/..%2f..%2f..%2fpackage.json", "/.env", "/.git/config", "/var/secret_key",
        "/static/..\\..\\x",
        "/imports/1/../../../etc/passwd",
    ],
)  # fmt: skip
def test_no_address_leads_to_a_file_of_the_house(sign_in: SignIn, path: str) -> None:
    answer = sign_in("admin").get(path)
    assert answer.status_code in (302, 308, 404)
    assert "passwd" not in answer.headers.get("Location", "") or answer.headers["Location"].startswith(
        "http://localhost/"
    )
    assert "[tool." not in answer.text and "root:" not in answer.text
