"""`nurture campaigns`: programs and heat models as files."""

from dataclasses import asdict
from pathlib import Path

import click

from nurture.cli.frame import as_json, json_option, ready
from nurture.errors import FileFault, Invalid
from nurture.files.yaml_lines import Faults
from nurture.flows.bring_in import bring_in_folders
from nurture.flows.check_programs import check_folder
from nurture.flows.enroll import enter_existing
from nurture.flows.models import ModelFile, lay_by, publish_model, read_models
from nurture.flows.programs import Loaded, load_folder, save_folder
from nurture.runtime import Runtime
from nurture.store import models, programs

_BY = "terminal"
_FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)


@click.group()
def campaigns() -> None:
    """Programs and heat models as files: checked, loaded, saved."""


@campaigns.command()
@click.argument("folder", type=_FOLDER)
@json_option
def check(folder: Path, json_: bool) -> None:
    """Name every fault of a program folder, or of all in a folder of them, with file and line."""
    _read_models(folder)
    found = [check_folder(program) for program in _programs(folder)]
    faults = [line for one in found for line in one.faults]
    warnings = [line for one in found for line in one.warnings]
    if json_:
        as_json({"faults": faults, "warnings": warnings})
    else:
        _warn(warnings)
    if faults:
        raise FileFault(faults)
    if not json_:
        click.echo("No faults.")


@campaigns.command()
@click.argument("folder", type=_FOLDER)
@click.option("--publish", is_flag=True, help="Make it live at once.")
@json_option
def load(folder: Path, publish: bool, json_: bool) -> None:
    """Take a program folder, or all in a folder of them, as drafts, or live with --publish."""
    kept = _read_models(folder)
    with ready() as runtime:
        loaded = _load(runtime, kept, _programs(folder), publish)
        entered = enter_existing(runtime.sessions, now=runtime.now()) if publish else 0
        runtime.wake("advance")
    if json_:
        as_json({"programs": [asdict(one) for one in loaded], "entered": entered})
        return
    for one in loaded:
        _warn(one.warnings)
        click.echo(_said(one))
    if publish:
        click.echo(f"{entered} leads entered.")


@campaigns.command(name="import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
def bring(file: Path, folder: Path) -> None:
    """Make program folders of a Mautic 7 export, or of a CSV with day, subject and body."""
    for path, brought in bring_in_folders(file.read_bytes(), file.name, folder):
        click.echo(path)
        for sentence in brought.left_out:
            click.echo(f"not carried over: {sentence}", err=True)


@campaigns.command()
@click.argument("program")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
def save(program: str, folder: Path) -> None:
    """Write the newest version of a program as files; loading them again changes nothing."""
    with ready() as runtime, runtime.sessions() as session:
        written = save_folder(session, program, folder)
    for path in written:
        click.echo(path)


def load_what_is_new(runtime: Runtime, folder: Path) -> list[str]:
    """Take as drafts the programs of a campaigns folder that were never loaded; one line for each.

    A program that is there already is left alone: it may have been changed in the pages since.
    """
    kept = _read_models(folder)
    with runtime.sessions() as session:
        unknown = [path for path in _programs(folder) if programs.by_key(session, _key(path)) is None]
        known = {one.model.key for one in models.known(session)}
    missing = {key: file for key, file in kept.items() if key not in known}
    return [_said(one) for one in _load(runtime, missing, unknown, publish=False)]


def _load(runtime: Runtime, kept: dict[str, ModelFile], folders: list[Path], publish: bool) -> list[Loaded]:
    """Models and programs together, all or none."""
    now = runtime.now()
    with runtime.sessions.begin() as session:
        named = {models.DEFAULT, *(_model(path) for path in folders)}
        for key, file in kept.items():
            (publish_model if publish and key in named else lay_by)(session, file, now=now, by=_BY)
        session.flush()
        return [load_folder(session, path, publish=publish, now=now, by=_BY) for path in folders]


def _model(folder: Path) -> str:
    program = check_folder(folder).folder.program
    return program.model if program is not None else models.DEFAULT


def _programs(folder: Path) -> list[Path]:
    """The folder itself when it is a program, else the programs in it."""
    if (folder / "program.yaml").exists():
        return [folder]
    found = sorted(path.parent for path in folder.glob("*/program.yaml"))
    if not found:
        raise Invalid(f"{folder} holds no program: there is no program.yaml in it or one level below.")
    return found


def _read_models(folder: Path) -> dict[str, ModelFile]:
    """The models that lie beside the programs. Raises FileFault with every fault of theirs."""
    beside = folder.resolve().parent if (folder / "program.yaml").exists() else folder
    faults = Faults(str(beside))
    found = read_models(beside, faults)
    if faults.faults:
        raise FileFault(faults.lines())
    _warn(faults.warning_lines())
    return found


def _key(folder: Path) -> str:
    program = check_folder(folder).folder.program
    return program.key if program is not None else folder.name


def _said(one: Loaded) -> str:
    state = "live" if one.published else "a draft"
    news = (
        f"version {one.version_no}, {state}"
        if one.is_new
        else f"unchanged: version {one.version_no}, {state}"
    )
    moved = f"; {one.moved} leads moved to another step" if one.moved else ""
    return f"{one.key}: {news}{moved}"


def _warn(lines: list[str]) -> None:
    for line in lines:
        click.echo(f"warning: {line}", err=True)
