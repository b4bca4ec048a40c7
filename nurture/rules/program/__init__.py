"""A nurture program: a chain of steps for each temperature, read from plain values with every fault at
once."""

from nurture.rules.program.checks import mails_asked_about, mails_sent
from nurture.rules.program.reading import ProgramFault, Reading, examine, is_name, read, read_window
from nurture.rules.program.values import (
    TEMPERATURES,
    AddTags,
    Arm,
    Branch,
    Chain,
    Exit,
    Goto,
    HandOver,
    Program,
    Send,
    SetField,
    Step,
    Wait,
    WaitFor,
    WaitUntil,
    blocks,
    walk,
)

__all__ = [
    "TEMPERATURES",
    "AddTags",
    "Arm",
    "Branch",
    "Chain",
    "Exit",
    "Goto",
    "HandOver",
    "Program",
    "ProgramFault",
    "Reading",
    "Send",
    "SetField",
    "Step",
    "Wait",
    "WaitFor",
    "WaitUntil",
    "blocks",
    "examine",
    "is_name",
    "mails_asked_about",
    "mails_sent",
    "read",
    "read_window",
    "walk",
]
