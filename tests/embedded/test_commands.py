"""The terminal door: what a command prints, what it leaves behind, how it refuses."""

import csv
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

from redis import Redis
from sqlalchemy import text
from sqlalchemy.orm import Session

from nurture.cli import main
from nurture.cli.doctor import look_up
from nurture.config import Settings
from nurture.files.secrets import load_ring
from nurture.flows.keys import check_key
from nurture.flows.simulate.asking import ask
from nurture.flows.simulate.running import carry_out
from nurture.flows.users import check_password
from nurture.net.resolver import Dns
from nurture.rules.robots import Verdict
from nurture.rules.tokens import mint, read
from nurture.runtime import Runtime, real_now
from nurture.store import hits, installation, leads, programs
from nurture.store.hits import JudgedHit
from nurture.store.simulations import Simulation
from tests.conftest import TUESDAY
from tests.embedded.terminals import Terminal, terminal
from tests.flows.recording import clicked
from tests.mailed import a_delivery, a_lead, a_mailing
from tests.sinks import SmtpSink, free_port

__all__ = ["terminal"]

CAMPAIGNS = Path(__file__).resolve().parents[2] / "campaigns"


def test_every_command_explains_itself(terminal: Terminal) -> None:
    for name in main.list_commands(None):  # type: ignore[arg-type]
        done = terminal.type(name, "--help")
        assert done.exit_code == 0
        assert "Usage:" in done.output


def test_a_user_made_at_the_terminal_can_sign_in(terminal: Terminal, db: Session) -> None:
    done = terminal.type(
        "user", "create", "Anna@Firm.example", "--role", "admin", "--password-stdin", said="a long password\n"
    )

    assert done.exit_code == 0
    assert check_password(db, "anna@firm.example", "a long password", now=TUESDAY)


def test_a_refusal_is_one_line_and_a_status(terminal: Terminal) -> None:
    done = terminal.type(
        "user", "create", "anna@firm.example", "--role", "admin", "--password-stdin", said="short\n"
    )

    assert done.exit_code == 1
    assert done.stderr == "Error: The password needs at least 10 characters.\n"


def test_a_key_stands_alone_on_the_last_line(terminal: Terminal, db: Session) -> None:
    done = terminal.type("key", "create", "crm", "--role", "sales")

    key = check_key(db, done.stdout.splitlines()[-1], real_now=datetime.now(UTC))
    assert key is not None
    assert (key.name, key.role) == ("crm", "sales")


def test_a_new_key_signs_and_links_sent_long_ago_still_open(terminal: Terminal, settings: Settings) -> None:
    before = load_ring(settings.home, None)
    link = mint(before, "unsubscribe", 7, 8)
    done = terminal.type("secrets", "rotate", "--json")
    assert json.loads(done.stdout) == {"older": len(before.keys)}
    after = load_ring(settings.home, None)
    assert after.newest not in before.keys
    assert read(after, "unsubscribe", link, 2) == (7, 8)
    refused = terminal.type("secrets", "rotate", NURTURE_SECRET_KEY="a" * 32)
    assert refused.exit_code == 1
    assert "before them" in refused.output
    assert load_ring(settings.home, None) == after


def test_sending_is_stopped_and_resumed(terminal: Terminal, db: Session) -> None:
    assert terminal.type("stop-sending").exit_code == 0
    assert installation.get(db).sending_stopped
    db.rollback()

    assert terminal.type("resume-sending").exit_code == 0
    assert not installation.get(db).sending_stopped


def test_programs_are_checked_loaded_published_and_saved(terminal: Terminal, tmp_path: Path) -> None:
    assert terminal.type("campaigns", "check", str(CAMPAIGNS)).output == "No faults.\n"

    done = terminal.type("campaigns", "load", str(CAMPAIGNS / "consulting"), "--publish", "--json")
    assert json.loads(done.stdout)["programs"][0]["published"]
    again = terminal.type("campaigns", "load", str(CAMPAIGNS), "--publish")
    assert "consulting: unchanged: version 1, live" in again.stdout

    assert terminal.type("campaigns", "save", "consulting", str(tmp_path / "saved")).exit_code == 0
    written = {path.name for path in (tmp_path / "saved").rglob("*") if path.is_file()}
    assert written == {path.name for path in (CAMPAIGNS / "consulting").rglob("*") if path.is_file()}


def test_a_simulation_prints_what_the_worker_finds_for_the_page(terminal: Terminal, runtime: Runtime) -> None:
    terminal.type("campaigns", "load", str(CAMPAIGNS / "newsletter"), "--publish")
    asked = ("simulate", "newsletter", "--leads", "30", "--days", "40", "--seed", "7", "--stated")

    typed = json.loads(terminal.type(*asked, "--json").stdout)

    then = datetime.fromisoformat(typed["result"]["a"]["start"])
    with runtime.sessions.begin() as session:
        program_id = programs.by_key(session, "newsletter").id
        number, _found = ask(session, program_id, typed["settings"], by="user:1", now=then)
    carry_out(runtime.sessions, runtime.pepper, now=then, processes=1)
    with runtime.sessions() as session:
        assert session.get_one(Simulation, number).result == typed["result"]
    mails = typed["result"]["a"]["figures"]["mails"]["value"]
    lines = [" ".join(line.split()) for line in terminal.type(*asked).stdout.splitlines()]
    assert mails > 0 and " v1: 30 leads, 40 days, " in lines[0]
    assert any(line.startswith(f"{mails:,.0f} mails") for line in lines)


def test_every_fault_of_a_program_is_named_with_its_line(terminal: Terminal, tmp_path: Path) -> None:
    (tmp_path / "program.yaml").write_text("program: broken\ncolour: red\nchains:\n  lukewarm: {}\n")

    done = terminal.type("campaigns", "check", str(tmp_path))

    assert done.exit_code == 1
    assert "program.yaml:2:" in done.stderr
    assert "program.yaml:4:" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_folder_without_programs_is_said_to_be_one(terminal: Terminal, tmp_path: Path) -> None:
    done = terminal.type("campaigns", "load", str(tmp_path))

    assert done.exit_code == 1
    assert "no program.yaml" in done.stderr


def test_leads_come_in_and_go_out_and_come_in_again(terminal: Terminal, db: Session, tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text(
        "email,first_name,company,plan\nann@lead.example,Ann,=Acme,pro\nnot-an-address,Cy,,\n"
    )

    done = terminal.type(
        "leads", "import", str(tmp_path / "in.csv"), "--consent", "marketing", "--source", "fair",
        "--map", "plan=fields.plan",
    )  # fmt: skip
    assert "2 rows read: 1 new leads" in done.stdout
    assert "1 of them may be mailed" in done.stdout
    assert "-bad-rows.csv" in done.stdout

    assert terminal.type("leads", "export", str(tmp_path / "out.csv")).exit_code == 0
    with (tmp_path / "out.csv").open(encoding="utf-8-sig", newline="") as file:
        [row] = csv.DictReader(file)
    assert row["email"] == "ann@lead.example"
    assert row["company"] == "'=Acme"  # harmless in a spreadsheet
    assert row["fields.plan"] == "pro"
    assert row["source"] == "fair"
    assert row["consents"] == "marketing"

    again = terminal.type("leads", "import", str(tmp_path / "out.csv"), "--json")
    assert json.loads(again.stdout)["new"] == 0
    assert list(leads.by_emails(db, ["ann@lead.example"])) == ["ann@lead.example"]


def test_an_export_that_fails_leaves_no_half_file(terminal: Terminal, tmp_path: Path) -> None:
    done = terminal.type("leads", "export", str(tmp_path / "missing" / "out.csv"))

    assert done.exit_code == 2
    assert "there is no folder" in done.stderr


def test_an_erased_person_stays_out(terminal: Terminal, db: Session, tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("email\nann@lead.example\n")
    terminal.type("leads", "import", str(tmp_path / "in.csv"))

    assert terminal.type("erase", "ann@lead.example", said="n\n").exit_code == 1
    assert leads.by_emails(db, ["ann@lead.example"])
    db.rollback()
    assert terminal.type("erase", "ANN@lead.example", "--yes").exit_code == 0
    assert not leads.by_emails(db, ["ann@lead.example"])

    again = terminal.type("leads", "import", str(tmp_path / "in.csv"), "--consent", "marketing", "--json")
    assert json.loads(again.stdout)["mailable"] == 0


def test_the_doctor_says_one_line_about_each_part(terminal: Terminal) -> None:
    done = terminal.type("doctor")

    assert done.exit_code == 0
    lines = {line.split()[1]: line.split()[0] for line in done.stdout.splitlines()}
    assert lines["database"] == lines["redis"] == lines["smtp"] == lines["clock"] == lines["queue"] == "ok"
    assert lines["workers"] == "warn"
    assert lines["dns"] == "warn"


def test_the_doctor_says_when_a_proxy_hides_from_where_readers_come(terminal: Terminal, db: Session) -> None:
    mailing = a_mailing(db)
    delivery = a_delivery(db, mailing, a_lead(db))
    lately = real_now() - timedelta(hours=1)
    said = []
    for ip in ("10.0.0.9", "203.0.113.7"):
        for n in range(20 if ip == "10.0.0.9" else 1):
            one = clicked(delivery, mailing, ip=ip, at=lately + timedelta(minutes=n + 30 * len(said)))
            hits.add(db, [hits.line(JudgedHit(one, None, None, None, Verdict("human", ("browser",))))])
        db.commit()
        done = terminal.type("doctor", "--json", NURTURE_BASE_URL="https://nurture.example")
        said += [one for one in json.loads(done.stdout) if one["part"] == "visitors"]
    assert [one["state"] for one in said] == ["warn", "ok"]
    assert "X-Forwarded-For" in said[0]["sentence"]


def test_the_doctor_fails_when_mail_cannot_go_out(terminal: Terminal) -> None:
    done = terminal.type("doctor", "--json", NURTURE_SMTP_URL=f"smtp://127.0.0.1:{free_port()}")

    assert done.exit_code == 1
    [smtp] = [one for one in json.loads(done.stdout) if one["part"] == "smtp"]
    assert smtp["state"] == "fail"


def test_the_doctor_tries_the_login_without_sending(terminal: Terminal) -> None:
    with SmtpSink(login=("user", "right")) as server:
        wrong = terminal.type("doctor", NURTURE_SMTP_URL=f"smtp://user:wrong@127.0.0.1:{server.port}")
        right = terminal.type("doctor", NURTURE_SMTP_URL=server.url)

    assert wrong.exit_code == 1
    assert "wrong@" not in wrong.output
    assert right.exit_code == 0
    assert server.mails == []


def test_the_doctor_goes_on_when_redis_is_away(terminal: Terminal, redis_client: Redis) -> None:
    done = terminal.type("doctor", NURTURE_REDIS_URL=f"redis://127.0.0.1:{free_port()}")

    assert done.exit_code == 1
    assert "redis      does not answer" in done.stdout
    assert "database   answers" in done.stdout


def test_the_doctor_goes_on_when_the_database_is_away(terminal: Terminal) -> None:
    done = terminal.type("doctor", NURTURE_DATABASE_URL=f"postgresql://nobody@127.0.0.1:{free_port()}/none")

    assert done.exit_code == 1
    assert "database   does not answer" in done.stdout
    assert "redis      answers" in done.stdout


def test_without_a_name_server_the_doctor_says_so(terminal: Terminal) -> None:
    found = look_up("firm.example", Dns([("127.0.0.1", free_port())], seconds=0.5))

    assert found.state == "warn"
    assert "no name server answered" in found.sentence


def test_a_database_that_is_away_is_one_sentence(terminal: Terminal, settings: Settings) -> None:
    away = f"postgresql://nobody:hidden@127.0.0.1:{free_port()}/none"
    done = terminal.type("key", "create", "crm", "--role", "sales", NURTURE_DATABASE_URL=away)

    assert done.exit_code == 1
    assert done.stderr.startswith("Error: The database does not answer")
    assert "hidden" not in done.output
    assert "hidden" not in (settings.home / "log" / "nurture.log").read_text()


def test_wrong_settings_are_all_named(terminal: Terminal) -> None:
    done = terminal.type("doctor", NURTURE_WORKERS="many", NURTURE_BIND="8000")

    assert done.exit_code == 1
    assert "NURTURE_WORKERS" in done.stderr
    assert "NURTURE_BIND" in done.stderr


def test_the_audit_log_is_read_at_the_terminal(terminal: Terminal) -> None:
    terminal.type("key", "create", "CRM", "--role", "sales")
    shown = terminal.type("audit-log", "--kind", "key")
    assert "key.created" in shown.output and "CRM" in shown.output and "terminal" in shown.output
    [line] = json.loads(terminal.type("audit-log", "--kind", "key", "--json").output)
    assert line["detail"] == {"role": [None, "sales"]}
    assert terminal.type("audit-log", "--kind", "segment").output == ""


def test_a_counter_that_is_not_what_it_counts_is_named(terminal: Terminal, db: Session) -> None:
    said = terminal.type("audit")
    assert said.exit_code == 0 and "ok     waiting at steps" in said.output
    assert terminal.type("campaigns", "load", str(CAMPAIGNS / "win-back"), "--publish").exit_code == 0
    db.execute(
        text(
            "INSERT INTO step_count (chain_id, version_id, step_key, what, n)"
            " SELECT min(c.id), min(v.id), 'hello', 'entered', 3 FROM chain c, program_version v"
        )
    )
    db.commit()
    said = terminal.type("audit")
    assert said.exit_code == 1 and "hello: the counter says 3, counting 0" in said.output
    [one] = json.loads(terminal.type("audit", "--json").output)
    assert (one["check"], one["counted"], one["recounted"]) == ("waiting at steps", 3, 0)
    db.execute(text("TRUNCATE step_count"))
    db.execute(text("INSERT INTO delivery_attempt (delivery_id, attempt_no, at, outcome)"
                    " VALUES (77, 1, now(), 'sent')"))  # fmt: skip
    db.commit()
    said = terminal.type("audit")
    assert said.exit_code == 1
    assert "delivery_attempt.delivery_id: 1 name no delivery that exists, such as 77" in said.output


def test_a_second_host_with_other_keys_does_not_start_silently(
    terminal: Terminal, settings: Settings
) -> None:
    assert terminal.type("doctor").exit_code == 0
    second = settings.home.with_name("second")
    (second / "pepper").mkdir(parents=True)
    (second / "pepper" / "suppression").write_bytes((settings.home / "pepper" / "suppression").read_bytes())

    done = terminal.type("doctor", NURTURE_HOME=str(second))
    assert done.exit_code == 1
    assert "set NURTURE_SECRET_KEY as on the first host" in done.stderr

    first = (settings.home / "secrets" / "keys").read_text().strip()
    assert terminal.type("doctor", NURTURE_HOME=str(second), NURTURE_SECRET_KEY=first).exit_code == 0
    # The second host has signed with a key of its own by now: the first one is told that it lacks it.
    done = terminal.type("doctor")
    assert "warn keys       1 secret keys that others signed with are missing here" in done.stdout
