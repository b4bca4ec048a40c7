"""What the invented people meet: a copy of a program, segments, a newsletter; all marked as invented."""

import tempfile
from datetime import datetime, timedelta
from pathlib import Path

from nurture.files.programs import read_folder, write_folder
from nurture.files.yaml_lines import Faults
from nurture.flows import edit_newsletters, programs, segments
from nurture.flows.models import lay_by, read_models
from nurture.runtime import Runtime
from nurture.store import demo, models

BY = "demo"
CAMPAIGNS = Path(__file__).resolve().parents[2] / "campaigns"
_PROGRAM = "consulting"
# (before, after): some are held out and a goal has its worth, so that its statistics have something to show.
_MEASURED = (
    ("goal: {when: {stage: opportunity}}", "goal: {when: {stage: opportunity}, value: 4000, currency: EUR}"),
    ("holdout: 0", "holdout: 10"),
)
# (mail, before, after): what the second version says otherwise.
_CHANGE = (
    "mails/tools-review.md",
    "subject: ",
    "subject: Tested for you - ",
)
_SEGMENTS = (
    ("demo-deciders", "Warm or hot deciders", {
        "all": [
            {"tag": "demo"},
            {"temperature": ["warm", "hot"]},
            {"field": "buying_role", "eq": "decision_maker"},
        ]
    }),
    ("demo-wholesale", "Wholesale and logistics", {
        "all": [{"tag": "demo"}, {"field": "company.industry", "in": ["wholesale", "logistics"]}]
    }),
    ("demo-silent", "Silent for two weeks", {
        "all": [{"tag": "demo"}, {"not": {"signal": "clicked", "within": "14d"}}, {"temperature": "cold"}]
    }),
)  # fmt: skip
_LETTER = """Hello {{ lead.first_name | default("there", true) }},

three things from our workshop this month, each readable in two minutes.

**A spare-parts wholesaler stopped counting.** Instead of the yearly stocktaking they now count forty
items a day, the ones that moved. Differences fell from 2.1 % to 0.4 %, and nobody works on New Year's Day.

[How the forty items are chosen](https://www.example.com/articles/count-forty)

**Lead times are not what the master record says.** We compared 9,400 receipts of six companies: the
supplier's promise was met in 61 % of them. Plan with the slowest of the last ten instead.

[The comparison, with a template for your own](https://www.example.com/articles/lead-times)

**Two places left at the planning breakfast** in Frankfurt. Croissants, three case studies, no slides of us.

[Take one of them](https://www.example.com/events/planning-breakfast)

Regards,\\
{{ sender.name | default(sender.company, true) }}
"""
_NEXT_LETTER = """Hello {{ lead.first_name | default("there", true) }},

before the quarter ends: which items did you not sell once this year? The list is one query, and it is
longer than most people think.

[The query, for five common ERP systems](https://www.example.com/articles/not-once)

What to do with them fits on one page: give back, sell off, write off, in this order.

[The page](https://www.example.com/articles/not-once#page)

Regards,\\
{{ sender.name | default(sender.company, true) }}
"""


def furnish(runtime: Runtime, now: datetime) -> None:
    """The heat model if there is none, the program's copy live, the segments."""
    with runtime.sessions.begin() as session:
        if not models.live(session):
            for file in read_models(CAMPAIGNS, Faults(str(CAMPAIGNS))).values():
                lay_by(session, file, now=now, by=BY)
    publish_version(runtime, now, changed=False)
    with runtime.sessions.begin() as session:
        for key, name, condition in _SEGMENTS:
            made = segments.create(session, {"key": key, "name": name, "condition": condition}, now=now)
            demo.mark_as_demo(session, "segment", made.id)


def publish_version(runtime: Runtime, now: datetime, *, changed: bool) -> None:
    """The copy of what is in campaigns/, with its success measured, or with one subject changed too, made
    live."""
    sources = dict(read_folder(CAMPAIGNS / _PROGRAM).sources)
    program = sources["program.yaml"].replace(f"program: {_PROGRAM}\n", f"program: demo-{_PROGRAM}\n", 1)
    program = program.replace("long cycle\n", "long cycle (demo)\n", 1)
    for before, after in _MEASURED:
        assert before in program, before
        program = program.replace(before, after, 1)
    sources["program.yaml"] = program
    if changed:
        name, before, after = _CHANGE
        sources[name] = sources[name].replace(before, after, 1)
    with tempfile.TemporaryDirectory(prefix="nurture-demo-") as folder:
        write_folder(sources, Path(folder))
        with runtime.sessions.begin() as session:
            loaded = programs.load_folder(session, Path(folder), publish=False, now=now, by=BY)
            demo.mark_as_demo(session, "program", loaded.program_id)
            programs.publish(session, loaded.program_id, now=now, by=BY)


def send_newsletter(runtime: Runtime, now: datetime) -> None:
    """The letter of the month, to all who want it."""
    _schedule(runtime, "Workshop letter (demo)", "Forty items a day, and a breakfast", _LETTER, now, None)


def plan_newsletter(runtime: Runtime, now: datetime) -> None:
    """The next one, for some days from now."""
    subject = "Which items did you not sell once this year?"
    at = (now + timedelta(days=4)).replace(hour=8, minute=30, second=0, microsecond=0)
    _schedule(runtime, "Quarter letter (demo)", subject, _NEXT_LETTER, now, at)


def _schedule(
    runtime: Runtime, name: str, subject: str, body: str, now: datetime, at: datetime | None
) -> None:
    said = {"name": name, "subject": subject, "body": body, "purpose": "newsletter"}
    with runtime.sessions.begin() as session:
        made = edit_newsletters.create(session, said, by=BY, now=now)
        demo.mark_as_demo(session, "newsletter", made.id)
        session.refresh(made)
        edit_newsletters.schedule(session, made.id, at=at, by=BY, now=now)
