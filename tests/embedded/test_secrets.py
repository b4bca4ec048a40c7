"""The secrets of an installation: made once, private, apart."""

import multiprocessing
from pathlib import Path

import pytest

from nurture.errors import Unavailable
from nurture.files.secrets import add_key, load_pepper, load_ring
from nurture.rules.tokens import mint, read


def test_keys_and_pepper_are_made_once_and_readable_by_their_owner_alone(tmp_path: Path) -> None:
    ring, pepper = load_ring(tmp_path, None), load_pepper(tmp_path)

    assert load_ring(tmp_path, None) == ring
    assert load_pepper(tmp_path) == pepper
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(files) == 2
    assert all(path.stat().st_mode & 0o077 == 0 for path in (*files, *(path.parent for path in files)))


def test_several_processes_that_start_at_once_agree(tmp_path: Path) -> None:
    with multiprocessing.get_context("fork").Pool(8) as pool:
        peppers = pool.map(load_pepper, [tmp_path] * 64)

    assert len(set(peppers)) == 1


def test_a_new_key_signs_and_the_old_ones_still_open_old_links(tmp_path: Path) -> None:
    old = load_ring(tmp_path, None)
    token = mint(old, "unsubscribe", 7, 8)

    add_key(tmp_path)

    ring = load_ring(tmp_path, None)
    assert ring.newest != old.newest
    assert read(ring, "unsubscribe", token, 2) == (7, 8)


def test_given_keys_go_before_those_of_the_home(tmp_path: Path) -> None:
    kept = load_ring(tmp_path, None)

    ring = load_ring(tmp_path, f"{'a' * 32},{'b' * 32}")

    assert ring.keys == (b"a" * 32, b"b" * 32, *kept.keys)


def test_given_keys_alone_leave_no_file(tmp_path: Path) -> None:
    assert load_ring(tmp_path, "a" * 32).keys == (b"a" * 32,)
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_pepper_is_never_made_anew(tmp_path: Path) -> None:
    load_pepper(tmp_path)
    (tmp_path / "pepper" / "suppression").write_text("")

    with pytest.raises(Unavailable, match="backup"):
        load_pepper(tmp_path)
