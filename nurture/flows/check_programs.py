"""Program folders are checked: everything wrong and doubtful in them, with its place."""

from dataclasses import dataclass
from pathlib import Path

from nurture.files import programs as files
from nurture.files.models import read_model
from nurture.files.programs import Folder, MailFile
from nurture.files.yaml_lines import Faults
from nurture.flows import step_templates
from nurture.mail.compile import check
from nurture.mail.source import MailSource
from nurture.rules.consent import WITHOUT_CONSENT
from nurture.rules.model import HeatModel
from nurture.rules.program.paths import unreachable
from nurture.rules.words import _

# Mails without a fault, the ones looked at last; a fault is told anew, in the language of who asks.
_MOST_RIGHT = 1_000
_right: dict[MailSource, None] = {}


@dataclass(frozen=True)
class Checked:
    """What is wrong (`faults`) and what is doubtful (`warnings`), as `path:line: sentence`."""

    folder: Folder
    faults: list[str]
    warnings: list[str]


def check_folder(path: Path) -> Checked:
    """Everything wrong and doubtful in a folder, without a database. The heat model is that of the file
    ../models/<model>.yaml, if there is one."""
    folder = files.read_folder(path)
    key = folder.program.model if folder.program is not None else ""
    return checked(folder, _model_beside(path, key))


def checked(folder: Folder, model: HeatModel | None) -> Checked:
    """A folder that was read, with what is wrong in its mails and doubtful under its heat model."""
    check_mails(folder)
    program = folder.program
    if program is not None and program.purpose in WITHOUT_CONSENT:
        sentence = _("expected a consent such as marketing: {name} is for what a lead itself asked for")
        folder.faults.add(folder.line_of("purpose"), sentence.format(name=program.purpose))
    if program is not None and model is not None and not folder.faults.faults:
        for temperature, sentence in unreachable(program, model):
            first = program.chains[temperature].first or ""
            folder.faults.warn(folder.lines.get((temperature, first), 0), sentence)
    return Checked(folder, folder.fault_lines(), folder.warning_lines())


def check_mails(folder: Folder) -> None:
    """Add what is wrong in the words of the mails to the faults of the folder."""
    every = [one for mail in folder.mails.values() for one in (mail, *mail.others)]
    for mail in every:
        if not mail.subject:
            continue  # named already, with its line
        beside = folder.faults.beside(str(Path(folder.path) / mail.path))
        for line, sentence in _faults_of(mail_source(mail)):
            beside.add(line if line >= mail.body_line else mail.lines.get("subject", 1), sentence)
    program = folder.program
    for at, sentence in step_templates.faults(program, folder.keys) if program is not None else ():
        folder.faults.add(folder.line_at(at), sentence)


def _faults_of(source: MailSource) -> list[tuple[int, str]]:
    """What is wrong in the words of a mail; those found right are not read again while a draft is edited."""
    if source in _right:
        return []
    found = check(source)
    if not found:
        while len(_right) >= _MOST_RIGHT:
            _right.pop(next(iter(_right)))
        _right[source] = None
    return found


def _model_beside(path: Path, key: str) -> HeatModel | None:
    file = path.resolve().parent / "models" / f"{key}.yaml"
    found = read_model(file, Faults(str(file))) if file.is_file() else None
    return found[0] if found else None


def mail_source(mail: MailFile) -> MailSource:
    """The mail as composing takes it."""
    return MailSource(
        key=mail.key,
        subject=mail.subject,
        body=mail.body,
        format=mail.format,
        preheader=mail.preheader,
        layout=mail.layout,
        language=mail.language,
        body_line=mail.body_line,
        others=tuple(mail_source(other) for other in mail.others),
        sender=mail.sender,
    )
