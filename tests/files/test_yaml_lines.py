import pytest

from nurture.errors import FileFault
from nurture.files.yaml_lines import Faults, Node, read_text, read_yaml


def reading(text: str) -> tuple[Node | None, Faults]:
    faults = Faults("program.yaml")
    return read_yaml(text, faults), faults


def plain(text: str) -> object:
    node, faults = reading(text)
    assert not faults.faults
    assert node is not None
    return node.plain()


def test_norway_is_a_country_and_nine_o_clock_a_text():
    assert plain("holidays: NO\nfrom: 09:00\nyes: yes\nday: 2026-01-05") == {
        "holidays": "NO", "from": "09:00", "yes": "yes", "day": "2026-01-05",
    }  # fmt: skip


def test_numbers_follow_the_core_schema():
    assert plain("[1, 010, 0o10, 0x1f, 1.5, 1e3, -2, 1_000, '7', true, ~]") == [
        1, 10, 8, 31, 1.5, 1000.0, -2, "1_000", "7", True, None,
    ]  # fmt: skip


def test_every_value_knows_its_line():
    node, _ = reading("program: x\nchains:\n  cold:\n    steps:\n      - send: a\n      - {wait: 3d}\n")
    assert node.line_at(("chains", "cold", "steps", 1, "wait")) == 6
    assert node.line_at(("chains", "cold", "steps", 7)) == 4
    assert node.at(("chains", "cold", "steps", 1)).flow
    assert node.at(("chains", "warm")) is None


def test_doubled_keys_are_refused_all_at_once_and_the_first_counts():
    node, faults = reading("a: 1\nb: 2\na: 3\nb: 4\n")
    assert node.plain() == {"a": 1, "b": 2}
    assert faults.lines() == [
        'program.yaml:3: "a" stands twice; first in line 1.',
        'program.yaml:4: "b" stands twice; first in line 2.',
    ]


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("a: [1\nb: 2\n", 2, "not valid YAML"),
        ("a:\n\t- 1\n", 2, "not valid YAML"),
        ("a: 1\n---\nb: 2\n", 2, "not valid YAML"),
        ("a: \x07\n", 1, "not valid YAML"),
        ("a: *nobody\n", 1, "not valid YAML"),
        ("a: !!python/object:os.system {}\n", 1, "Tags such as"),
        ("%YAML 1.1\n---\na: NO\n", 2, "Only YAML 1.2"),
        ("a: " + "[" * 5000, 1, "nested too deeply"),
        ("? [a, b]\n: 1\n", 1, "plain word"),
    ],
)
def test_broken_files_are_told_in_one_sentence_with_a_line(text, line, words):
    _, faults = reading(text)
    assert len(faults.faults) == 1
    assert faults.faults[0].line == line
    assert words in faults.faults[0].sentence


def test_a_billion_laughs_are_cut_short():
    rows = ["a0: &a0 [ha, ha, ha, ha, ha, ha, ha, ha, ha]"]
    rows += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 9)]
    _, faults = reading("\n".join(rows))
    assert "more than 20000 values" in faults.lines()[0]


def test_a_value_that_holds_itself_is_refused():
    node, faults = reading("a: &a [1, *a]\n")
    assert node.plain() == {"a": [1, None]}
    assert faults.lines() == ["program.yaml:1: This repeats itself too deeply to be read."]


def test_aliases_inside_aliases_are_refused_before_they_grow_deep():
    _, faults = reading("\n".join(["a0: &a0 [1]", *(f"a{n}: &a{n} [[[*a{n - 1}]]]" for n in range(1, 90))]))
    assert {fault.sentence for fault in faults.faults} == {"This repeats itself too deeply to be read."}


def test_an_empty_file_is_an_empty_mapping():
    assert plain("# nothing yet\n") == {}


def test_all_faults_stop_together_in_the_order_of_files_and_lines():
    faults = Faults("program.yaml")
    faults.add(9, "late.")
    faults.beside("mails/a.md").add(1, "first of the mail.")
    faults.add(2, "early.")
    with pytest.raises(FileFault) as caught:
        faults.stop_if_any()
    assert caught.value.faults == [
        "mails/a.md:1: first of the mail.",
        "program.yaml:2: early.",
        "program.yaml:9: late.",
    ]


def test_files_opened_beside_share_the_faults(tmp_path):
    faults = Faults("program.yaml")
    (tmp_path / "latin.md").write_bytes("ok\nGrüße".encode("latin-1"))
    (tmp_path / "long.md").write_bytes(b"x" * 2000)
    assert read_text(tmp_path / "latin.md", faults.beside("latin.md")) is None
    assert read_text(tmp_path / "long.md", faults.beside("long.md"), max_bytes=1024) is None
    assert read_text(tmp_path / "none.md", faults.beside("none.md")) is None
    assert faults.lines() == [
        "latin.md:2: is not UTF-8 text; save it as UTF-8.",
        "long.md: is larger than 1 KB.",
        "none.md: cannot be read: No such file or directory.",
    ]


def test_a_byte_order_mark_and_windows_lines_are_taken_as_they_come(tmp_path):
    (tmp_path / "a.yaml").write_bytes(b"\xef\xbb\xbfa: 1\r\nb: 2\r\n")
    assert read_text(tmp_path / "a.yaml", Faults("a.yaml")) == "a: 1\nb: 2\n"
