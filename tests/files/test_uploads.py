"""Files that people send."""

import io
from pathlib import Path

import pytest

from nurture.errors import Unavailable
from nurture.files.uploads import TooLarge, receive, shown_name


def test_an_upload_lies_under_a_name_of_our_own(tmp_path: Path):
    path = receive(io.BytesIO(b"email\n"), tmp_path)
    assert path.parent == tmp_path / "uploads"
    assert path.read_bytes() == b"email\n"


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ("leads.csv", "leads.csv"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\mira\\leads.csv", "leads.csv"),
        ("leads.csv\0.png", "leads.csv.png"),
        ("\u202evsc.exe", "vsc.exe"),
        ("..", "upload.csv"),
        ("", "upload.csv"),
        (None, "upload.csv"),
        ("x" * 4000, "x" * 200),
    ],
)
def test_a_name_is_shown_without_folders_and_tricks(sent: str | None, shown: str):
    assert shown_name(sent) == shown


def test_too_large_a_file_leaves_nothing_behind(tmp_path: Path):
    with pytest.raises(TooLarge):
        receive(io.BytesIO(b"x" * 2_000_000), tmp_path, largest=1_500_000)
    assert list((tmp_path / "uploads").iterdir()) == []


def test_a_full_disk_is_one_sentence_and_leaves_nothing_behind(tmp_path: Path):
    class Full(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            raise OSError(28, "No space left on device")

    with pytest.raises(Unavailable, match="No space left"):
        receive(Full(), tmp_path)
    assert list((tmp_path / "uploads").iterdir()) == []
