"""`nurture leads`."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

import click

from nurture.cli.frame import as_json, json_option, ready
from nurture.cli.sheets import as_csv
from nurture.flows.export_leads import export_leads
from nurture.flows.import_leads import ImportOptions, ImportResult, Progress, import_leads

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group()
def leads() -> None:
    """Leads in and out by files."""


@leads.command("import")
@click.argument("file", type=_FILE)
@click.option("--map", "mapping", multiple=True, metavar="COLUMN=FIELD", help="May be given several times.")
@click.option("--source", default="import", show_default=True, help="Where these leads come from.")
@click.option("--consent", metavar="PURPOSE", help="What they agreed to, such as marketing.")
@click.option(
    "--others",
    type=click.Choice(["ignore", "keep"]),
    default="ignore",
    show_default=True,
    help="Columns whose name is not known: left out, or kept as fields of your own.",
)
@click.option(
    "--dates",
    type=click.Choice(["day-first", "month-first"]),
    help="What comes first in dates like 03/04/2026, where the file itself does not tell.",
)
@click.option("--on-error", type=click.Choice(["skip", "stop"]), default="skip", show_default=True)
@json_option
def import_command(
    file: Path,
    mapping: tuple[str, ...],
    source: str,
    consent: str | None,
    others: str,
    dates: str | None,
    on_error: str,
    json_: bool,
) -> None:
    """Take a CSV or Excel file of leads; bad rows come back as a file with a reason each."""
    options = ImportOptions(_pairs(mapping), source, consent, on_error, others=others, dates=dates or "")
    with ready() as runtime, _progress(quiet=json_) as progress, as_csv(file) as table:
        result = import_leads(
            runtime.sessions,
            table,
            options,
            home=runtime.settings.home,
            pepper=runtime.pepper,
            base_url=runtime.settings.base_url,
            now=runtime.now(),
            progress=progress,
        )
        runtime.wake("advance")
    if json_:
        as_json(asdict(result))
    else:
        _report(result)


@leads.command("export")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def export_command(file: Path) -> None:
    """Write all leads to a CSV file, in columns that an import takes back."""
    if not file.resolve().parent.is_dir():
        raise click.BadParameter(f"there is no folder {file.resolve().parent}", param_hint="FILE")
    with ready() as runtime, _progress(quiet=False) as progress:
        count = export_leads(
            runtime.sessions,
            file,
            now=runtime.now(),
            progress=lambda done, total: progress(Progress("writing", done, total)),
        )
    click.echo(f"{count} leads written to {file}.")


def _pairs(mapping: tuple[str, ...]) -> dict[str, str]:
    pairs = [text.partition("=") for text in mapping]
    for column, _, field in pairs:
        if not column or not field:
            raise click.BadParameter("expected COLUMN=FIELD", param_hint="--map")
    return {column: field for column, _, field in pairs}


@contextmanager
def _progress(*, quiet: bool) -> Iterator[Callable[[Progress], None]]:
    """A bar for each phase, on standard error, so that standard output stays clean."""
    if quiet:
        yield lambda progress: None
        return
    bars = _Bars()
    try:
        yield bars.show
    finally:
        bars.end()


class _Bars:
    def __init__(self) -> None:
        self._phase = ""
        self._shown = 0
        self._bar: click._termui_impl.ProgressBar[int] | None = None

    def show(self, progress: Progress) -> None:
        if progress.phase != self._phase:
            self.end()
            self._phase, self._shown = progress.phase, 0
            self._bar = click.progressbar(
                length=progress.total, label=f"{progress.phase:18}", file=click.get_text_stream("stderr")
            )
            self._bar.render_progress()
        assert self._bar is not None
        self._bar.length = max(progress.total, progress.done)
        self._bar.update(progress.done - self._shown)
        self._shown = progress.done

    def end(self) -> None:
        if self._bar is not None:
            self._bar.render_finish()
        self._bar = None


def _report(result: ImportResult) -> None:
    click.echo(
        f"{result.read} rows read: {result.new} new leads, {result.updated} updated, "
        f"{result.unchanged} unchanged, {result.duplicates} doubles in the file."
    )
    click.echo(f"{result.mailable} of them may be mailed.")
    if result.outcomes:
        won, lost = (result.outcomes.get(how, 0) for how in ("won", "lost"))
        click.echo(f"Past deals: {won} won, {lost} lost.")
    _list("may not be mailed", result.not_mailable)
    _list("refused", result.bad)
    _list("taken with a doubt", result.warnings)
    if result.ignored_columns:
        click.echo(f"Columns not known and left out: {', '.join(result.ignored_columns)} (--map, --others).")
    if result.bad_rows:
        click.echo(f"The refused rows, each with its reason: {result.bad_rows}")


def _list(what: str, counts: Mapping[str, int]) -> None:
    for reason, number in sorted(counts.items(), key=lambda pair: -pair[1]):
        click.echo(f"  {number} {what}: {reason}")
