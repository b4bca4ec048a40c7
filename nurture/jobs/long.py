"""Long jobs: what takes minutes at a million leads, and may be begun again at any time."""

from nurture.demo.make import carry_out
from nurture.flows import bulk_jobs, duplicates
from nurture.flows.domains import check_due
from nurture.flows.enroll import enter_existing
from nurture.flows.enter_on_dates import enter_on_dates as on_dates
from nurture.flows.import_leads import run_waiting
from nurture.flows.inbound import Desk
from nurture.flows.keep_forecast import keep_forecast
from nurture.flows.lead_figures import keep_lead_figures
from nurture.flows.look_up_providers import look_up_providers
from nurture.flows.mailbox import read_mailbox
from nurture.flows.model_work import carry_out_all
from nurture.flows.score_leads import score_leads as ask_score
from nurture.flows.simulate.running import carry_out as carry_out_simulation
from nurture.net.mailbox import parse_imap_url
from nurture.runtime import Runtime, opened


def carry_out_imports() -> int:
    """Carry out the uploaded files that wait on this host; how many."""
    with opened() as runtime:
        done = 0
        while _one_import(runtime):
            runtime.wake("advance")
            done += 1
        return done


def enter_programs(day: int) -> int:
    """Let every lead of the base enter the live programs that it fits by now, and those that it may enter
    again; how many entered. Once for each `day`: what happens to a lead makes it enter at once, this is
    for what merely time has made true."""
    with opened() as runtime:
        return enter_existing(runtime.sessions, now=runtime.now())


def enter_on_dates() -> int:
    """Let leads in whose dates were met since the last look; how many."""
    with opened() as runtime:
        return on_dates(runtime.sessions, now=runtime.now())


def keep_figures() -> None:
    """Count what is shown by source and by tag, for a base so large that pages do not count themselves."""
    with opened() as runtime:
        keep_lead_figures(runtime.sessions, now=runtime.now())


def keep_calendar() -> int:
    """Work the forecast of the calendar out, where so many leads stand in chains that its page does not; how
    many lines."""
    with opened() as runtime:
        return keep_forecast(runtime.sessions, now=runtime.now())


def find_duplicates() -> int:
    """Look for leads that may be one person; how many pairs wait for a word."""
    with opened() as runtime:
        return duplicates.look(runtime.sessions, now=runtime.now())


def providers_of_receivers() -> int:
    """Look up who takes the mail of the domains that are written to soon; how many."""
    with opened() as runtime:
        return look_up_providers(runtime.sessions, runtime.dns.records, now=runtime.now())


def read_bounce_mailbox() -> int:
    """Take in what has come to the mailbox for bounces and replies; how many."""
    with opened() as runtime:
        settings = runtime.settings
        if settings.bounce_imap_url is None:
            return 0
        desk = Desk(runtime.ring, runtime.pepper, settings.soft_bounces)
        url = parse_imap_url(settings.bounce_imap_url)
        done = read_mailbox(runtime.sessions, desk, url, now=runtime.now())
        if done:
            runtime.wake("rate")
        return done


def check_domains(day: int) -> int:
    """Look up every sending domain that was not looked at lately; how many. Once for each `day`."""
    with opened() as runtime:
        return check_due(
            runtime.sessions,
            runtime.dns.records,
            base_url=runtime.settings.base_url,
            bounces=runtime.settings.bounce_domain,
            now=runtime.now(),
        )


def carry_out_model_work() -> int:
    """Carry out what models have asked for: looks ahead, switches to a new version, trainings; how much."""
    with opened() as runtime:
        done = carry_out_all(runtime.sessions, runtime.engine, runtime.now)
        runtime.wake("hand_over")
        return done


def score_leads() -> int:
    """Ask the target score about leads that are new or have changed, and about each once a day; how many."""
    with opened() as runtime:
        return ask_score(runtime.sessions, now=runtime.now())


def carry_out_bulk_jobs() -> int:
    """Change the leads of jobs that wait; how many portions."""
    with opened() as runtime:
        done = bulk_jobs.carry_out(runtime.sessions, runtime.now)
        runtime.wake("advance")
        return done


def carry_out_demo() -> str:
    """Make the demo data that is wanted, or remove what is not wanted any more."""
    with opened() as runtime:
        state = carry_out(runtime)
        runtime.wake("advance")
        return state


def carry_out_simulations() -> int:
    """Carry out the simulations that wait; how many."""
    with opened() as runtime:
        done = 0
        while carry_out_simulation(runtime.sessions, runtime.pepper, now=runtime.now()):
            done += 1
        return done


def _one_import(runtime: Runtime) -> int:
    return run_waiting(
        runtime.sessions,
        home=runtime.settings.home,
        pepper=runtime.pepper,
        base_url=runtime.settings.base_url,
        now=runtime.now(),
    )
