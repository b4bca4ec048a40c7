"""Faults sown into a copy of the program, which the checker has to find: a checker that never fails proves
nothing. Each is a text of the source and what is put in its place."""

import shutil
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_PARTS = ("nurture", "bench", "tests", "templates", "campaigns", "pyproject.toml")

Changes = tuple[tuple[str, str, str], ...]


@dataclass(frozen=True)
class Mutant:
    """`changes` are (file, text, text instead); `breaks` says what is no longer true; `lines`: found by
    killing a worker at every line of recording, not by a round under fire."""

    name: str
    breaks: str
    changes: Changes
    lines: bool = False


# Leases and sweeps in seconds, so that a short round sees them run out.
QUICK: Changes = (
    ("nurture/store/deliveries/leasing.py", "LEASE_SECONDS = 60", "LEASE_SECONDS = 8"),
    ("nurture/jobs/streams.py", "_SWEEP_SECONDS = 15.0", "_SWEEP_SECONDS = 2.0"),
)
QUICK_LEASE = 8.0
# Half of a transaction, kept by itself.
_COMMIT = "session.connection().connection.driver_connection.commit()\n"

MUTANTS = (
    Mutant("no_start_in_the_journal", "what was begun is known after a death", (
        ("nurture/flows/flight.py", "        self._journal.start(envelope.key)\n", ""),
    )),
    Mutant("doubt_is_sent_again", "a mail in doubt is not sent twice", (
        ("nurture/flows/sweep.py",
         'return Outcome(trace.delivery_id, trace.token, "uncertain", "sender_died_after_dot")',
         'return Outcome(trace.delivery_id, trace.token, "ready", "sender_died", due_at=now, tried=False)'),
        ("nurture/flows/flight.py",
         'return Outcome(one.id, one.token, "uncertain", "no_answer_after_dot")',
         "return self._given_back(one)"),
    )),
    Mutant("lost_answer_is_no_answer", "a server that falls silent after the dot may have the mail", (
        ("nurture/flows/flight.py", "if answer.phase == AFTER_DOT:", "if False:"),
    )),
    Mutant("no_sweeper", "what a dead process held is taken up again", (
        ("nurture/flows/sweep.py",
         "return _left_behind(sessions, outbox, now) + _ran_out(sessions, outbox, now, limit)", "return 0"),
    )),
    Mutant("no_fence", "a process that stood still past its lease does not go on", (
        ("nurture/flows/flight.py", "if not self._in_turn(envelope.key) or not self._lease.holds:",
         "if not self._in_turn(envelope.key):"),
        ("nurture/store/deliveries/outcomes.py", "(d.state = 'sending' AND d.lease_token = g.token)", "true"),
    )),
    Mutant("claims_without_lock", "two workers never hold one mail", (
        ("nurture/store/deliveries/claiming.py", "        FOR UPDATE OF d SKIP LOCKED\n    ), looked",
         "    ), looked"),
    )),
    Mutant("sent_before_the_dot", "sent is said when the server has said so", (
        ("nurture/store/deliveries/claiming.py", "CASE WHEN k.refusal = '' THEN 'sending' ELSE 'skipped' END",
         "CASE WHEN k.refusal = '' THEN 'sent' ELSE 'skipped' END"),
    )),
    Mutant("who_left_is_written_to", "leaving acts on mails that wait", (
        ("nurture/flows/unsubscribe.py", "    stop(session, lead_id, meant, REASON, now=now)\n", ""),
        ("nurture/store/deliveries/claiming.py",
         "WHEN d.consent_purpose IS NOT NULL AND c.granted IS NOT TRUE THEN 'no_consent'",
         "WHEN false THEN 'no_consent'"),
        ("nurture/flows/claiming.py", "    reasons = kept_out(session, addresses, outbox.pepper, purposes)\n",
         "    reasons: dict[int, str] = {}\n"),
    )),
    Mutant("put_off_is_for_ever", "a mail that was put off is tried again", (
        ("nurture/flows/flight.py", "    if answer.permanent:\n", "    if True:\n"),
    )),
    Mutant("a_new_id_each_time", "a mail keeps its id however often it is tried", (
        ("nurture/flows/letters.py", "message_id=claimed.message_id", "message_id=uuid4()"),
        ("nurture/flows/letters.py", "from typing import Any\n",
         "from typing import Any\nfrom uuid import uuid4\n"),
    )),
    Mutant("counts_twice", "counters are what the rows say", (
        ("nurture/store/enrollments/settling.py",
         "SET n = step_count.n + excluded.n", "SET n = step_count.n + 2 * excluded.n"),
    )),
    Mutant("faster_than_agreed", "a limit of a receiver holds in every second", (
        ("nurture/flows/flight.py", "self._turnstile = turnstile if paced else None",
         "self._turnstile = None"),
    )),
    Mutant("warm_up_is_forgotten", "a transport that is warmed up takes what its schedule says", (
        ("nurture/flows/pace.py", "schedule = paces.warm_ups.get((kind, name))", "schedule = None"),
    )),
    Mutant("any_hour_will_do", "within hours means within hours", (
        ("nurture/rules/chain/sending.py",
         'return within(window_of(walk.program.window, walk.facts.fields.get("country")), walk.around.hours)',
         "return None"),
    )),
    Mutant("doubt_stays", "what is heard of a mail tells that it came", (
        ("nurture/flows/doubt.py", "    found = doubt.arrived(session, delivery_ids, now=now)\n",
         "    found = doubt.arrived(session, [], now=now)\n"),
    )),
    Mutant("lines_too_long", "every mail keeps the standards", (
        ("nurture/mail/quoted.py", "LONGEST = 75 ", "LONGEST = 175 "),
    )),
    Mutant("one_click_unsigned", "the fields of one-click are signed", (
        ("nurture/mail/dkim/sign.py", '    b"list-unsubscribe-post",\n', ""),
    )),
    Mutant("comes_back_as_another", "a bounce names the mail that it was", (
        ("nurture/flows/flight.py", "outbox.return_path(one.id)", "outbox.return_path(one.id + 1)"),
    )),
    Mutant("what_went_out_is_given_back", "a quota has on its books what went out", (
        ("nurture/flows/settle.py", "[one.delivery_id for one in recorded if one.delivery_id in untried]",
         "[one.delivery_id for one in recorded]"),
    )),
    Mutant("given_back_twice", "what did not go out is free again once", (
        ("nurture/store/pacing.py", "UPDATE quota_minute q SET n = greatest(0, q.n - g.n)",
         "UPDATE quota_minute q SET n = greatest(0, q.n - 2 * g.n)"),
    )),
    Mutant("everybody_is_a_person", "what machines do warms nobody", (
        ("nurture/flows/judge_hits.py", "judge(one.hit, Context(one.since_sent, scene.signs(one.hit)))",
         'Verdict("human", ())'),
    )),
    Mutant("spool_is_not_read", "what the stream has lost, the spool has", (
        ("nurture/flows/record.py", "if (one := _drained(kept, folder, limit))]",
         "if (one := _drained(kept, folder, limit)) and not one.marks]"),
    )),
    Mutant("let_go_before_the_commit", "an entry of the stream stays until its hit is kept", (
        ("nurture/flows/record.py", "            _keep(session, judged, page, now, stall)\n",
         "            _let_go(stream, page.entries)\n            _keep(session, judged, page, now, stall)\n"),
    ), lines=True),
    Mutant("drained_before_the_commit", "a line of the spool stays until its hit is kept", (
        ("nurture/flows/record.py", "            late = _late(",
         "            for one in taken:\n                one.keep()\n            late = _late("),
    ), lines=True),
    Mutant("hit_without_its_signal", "a hit and what follows from it are one transaction", (
        ("nurture/flows/record.py", "    hits.add(session, judged.lines)\n",
         f"    hits.add(session, judged.lines)\n    {_COMMIT}"),
    ), lines=True),
    Mutant("warmed_twice", "a signal leaves the inbox with the heat that it gave", (
        ("nurture/flows/rate.py", "    unrated.done(session, claimed)\n",
         f"    {_COMMIT}    unrated.done(session, claimed)\n"),
    ), lines=True),
)  # fmt: skip


def copy(folder: Path, changes: Changes) -> Path:
    """A copy of the program with these changes. Raises LookupError when a text is not there any more."""
    tree = folder / "tree"
    tree.mkdir(parents=True)
    for part in _PARTS:
        source = ROOT / part
        if source.is_dir():
            shutil.copytree(source, tree / part, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, tree / part)
    vendor = ROOT / ".nurture"
    if vendor.exists():
        (tree / ".nurture").symlink_to(vendor.resolve())
    for file, text, instead in changes:
        path = tree / file
        source_text = path.read_text("utf-8")
        if text not in source_text:
            raise LookupError(f"{file} holds no {text!r} any more: the mutant has to follow the code")
        path.write_text(source_text.replace(text, instead), "utf-8")
    return tree
