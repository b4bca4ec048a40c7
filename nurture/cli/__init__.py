"""The terminal door: `nurture …`. Each command lies in a module that is loaded when it is asked for."""

from nurture.cli.frame import Door

COMMANDS = {
    "up": "nurture.cli.up:up",
    "web": "nurture.cli.web:web",
    "worker": "nurture.cli.work:worker",
    "scheduler": "nurture.cli.work:scheduler",
    "catcher": "nurture.cli.catcher:catcher",
    "migrate": "nurture.cli.database:migrate",
    "user": "nurture.cli.people:user",
    "key": "nurture.cli.people:key",
    "secrets": "nurture.cli.secrets:secrets",
    "campaigns": "nurture.cli.campaigns:campaigns",
    "leads": "nurture.cli.leads:leads",
    "segments": "nurture.cli.segments:segments",
    "signals": "nurture.cli.signals:signals",
    "audit": "nurture.cli.audit:counters",
    "audit-log": "nurture.cli.audit:log",
    "simulate": "nurture.cli.simulate:simulate",
    "erase": "nurture.cli.erase:erase",
    "backup": "nurture.cli.backup:backup",
    "restore": "nurture.cli.backup:restore",
    "stop-sending": "nurture.cli.sending:stop",
    "resume-sending": "nurture.cli.sending:resume",
    "doctor": "nurture.cli.doctor:doctor",
    "domains": "nurture.cli.domains:domains",
    "mail": "nurture.cli.mail:mail",
    "inbound": "nurture.cli.inbound:inbound",
}

main = Door(
    name="nurture",
    places=COMMANDS,
    help="Keeps a dialogue with every lead until it is ripe, and hands over only the ripe.",
    context_settings={"help_option_names": ["-h", "--help"]},
)
