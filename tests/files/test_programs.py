"""Program folders: every fault at its file and line, and what is read and written again is the same."""

from pathlib import Path

import pytest

from nurture.errors import Invalid
from nurture.files.programs import read_folder, read_sources, write_folder

CONSULTING = Path(__file__).parents[2] / "campaigns" / "consulting"
PROGRAM = """program: garden   # a comment
chains:
  cold:
    steps:
      - send: welcome     # the first impression
      - {wait: 3d}
      - wait_for:
          signal: clicked
          within: 2d
        then:
          - send: thanks
      - branch:
          - when: {tag: vip}
            steps: [{send: vip, immediate: false}]
      - wait_until: {weekday: [tue, thu],
                     at: "10:00"}
      - exit: done"""
MAIL = "---\nsubject: Hello\n---\nHello.\n"


def sources(program: str = PROGRAM, **mails: str) -> dict[str, str]:
    names = {"welcome": MAIL, "thanks": MAIL, "vip": MAIL} | mails
    return {"program.yaml": program, **{f"mails/{key}.md": text for key, text in names.items()}}


def folder(tmp_path: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def test_the_house_program_reads_without_a_fault_and_survives_being_saved(tmp_path):
    read = read_folder(CONSULTING)
    assert (read.fault_lines(), read.warning_lines()) == ([], [])
    write_folder(read.sources, tmp_path)
    again = read_folder(tmp_path)
    assert (again.program, again.sources, again.spec) == (read.program, read.sources, read.spec)


def test_saving_writes_the_key_of_every_step_and_touches_nothing_else():
    written = read_sources(sources()).sources["program.yaml"]
    assert (
        written
        == """program: garden   # a comment
chains:
  cold:
    steps:
      - send: welcome     # the first impression
        key: welcome
      - {key: wait-1, wait: 3d}
      - key: wait-for-1
        wait_for:
          signal: clicked
          within: 2d
        then:
          - send: thanks
            key: thanks
      - key: branch-1
        branch:
          - when: {tag: vip}
            steps: [{key: vip, send: vip, immediate: false}]
      - key: wait-until-1
        wait_until: {weekday: [tue, thu],
                     at: "10:00"}
      - exit: done
        key: exit-1"""
    )
    assert read_sources(sources(written)).sources["program.yaml"] == written


def test_a_step_repeated_by_an_alias_stays_as_its_author_wrote_it():
    text = "program: garden\nchains:\n  cold:\n    steps: [&w {wait: 1d}, {send: welcome}, *w]\n"
    read = read_sources(sources(text))
    assert read.sources["program.yaml"] == text
    assert [step.key for step in read.program.chains["cold"].steps] == ["wait-1", "welcome", "wait-2"]


def test_the_front_matter_and_the_body_of_a_mail(tmp_path):
    head = "subject: 'Three: numbers'\npreheader: Short\nlayout: plain\nname: First\n"
    text = f"---\n{head}---\n\nBody\n---\nmore\n"
    mail = read_sources(sources(welcome=text)).mails["welcome"]
    assert (mail.subject, mail.preheader, mail.layout, mail.name) == (
        "Three: numbers",
        "Short",
        "plain",
        "First",
    )
    assert (mail.body, mail.body_line, mail.format) == ("\nBody\n---\nmore\n", 7, "md")
    assert mail.lines["subject"] == 2


def test_every_fault_of_a_folder_is_named_with_its_file_and_line(tmp_path):
    text = PROGRAM.replace("{wait: 3d}", "{wait: 3x}").replace("send: thanks", "send: thank")
    files = sources(text, welcome="Hello without a head\n", vip="---\nsubjct: Hi\n---\nHello\n")
    path = folder(tmp_path, {**files, "mails/Not A Mail.txt": "x", "mails/welcome.html": MAIL})
    lines = [line.removeprefix(f"{path}/") for line in read_folder(path).fault_lines()]
    assert lines == [
        "mails/Not A Mail.txt: A mail is named key.md, key.mjml or key.html, in small letters, digits, "
        "- and _.",
        'mails/vip.md:2: "subjct" is not known here; known: name, subject, preheader, layout, language, '
        'sender. Did you mean "subject"?',
        'mails/vip.md:2: "subject" is missing; expected the subject line.',
        "mails/welcome.md: There is another mail of this key: mails/welcome.html.",
        'mails/welcome.md:1: "subject" is missing; expected the subject line.',
        "mails/welcome.md:1: A mail begins with its front matter between two lines of ---: subject and more.",
        'program.yaml:6: "wait": expected a length of time such as 30s, 15m, 3h, 5d or 2w.',
        'program.yaml:11: There is no mail "thank": mails/thank.md is missing. Did you mean "thanks"?',
    ]


def test_mails_that_no_step_sends_are_warned_of(tmp_path):
    path = folder(tmp_path, sources(spare=MAIL))
    read = read_folder(path)
    assert read.fault_lines() == []
    assert read.warning_lines() == [f"{path}/mails/spare.md: No step sends this mail."]


def test_asking_about_a_mail_that_is_not_there_is_a_fault():
    text = PROGRAM.replace("signal: clicked\n", "signal: clicked\n          mail: welcom\n")
    assert 'No mail "welcom" stands in this program' in read_sources(sources(text)).fault_lines()[0]


@pytest.mark.parametrize("text", ["", "- a\n- b\n", "just words", "program: [", "\x00", "a: &a [*a]"])
def test_no_file_is_too_broken_to_be_told_about(text):
    assert read_sources({"program.yaml": text}).fault_lines()


def test_a_folder_without_a_program_says_so(tmp_path):
    assert "program.yaml: cannot be read: No such file" in read_folder(tmp_path).fault_lines()[0]
    assert "is missing" in read_sources({}).fault_lines()[0]


def test_files_of_another_program_are_not_written_over(tmp_path):
    folder(tmp_path, {"program.yaml": "program: other\n"})
    with pytest.raises(Invalid):
        write_folder(sources(), tmp_path)
    assert (tmp_path / "program.yaml").read_text() == "program: other\n"
