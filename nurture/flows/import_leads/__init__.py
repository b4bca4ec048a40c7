"""A file of leads comes in: rows put aside in chunks, then all taken in one transaction, or none.

The rows survive an interrupted import, so that the same file with the same options goes on where it
stopped. After the leads are in, they are graded and enter programs in batches; a crash there loses
nothing either, since every row stays put aside until its lead has been led on.
"""

from nurture.flows.import_leads.dating import ShownDay, shown_of
from nurture.flows.import_leads.drafts import (
    begin_import,
    discard,
    keep_upload,
    lay_aside,
    look_into,
    settle_options,
    size_of,
)
from nurture.flows.import_leads.reading import CHUNK
from nurture.flows.import_leads.running import import_leads, run_import, run_kept, run_waiting
from nurture.flows.import_leads.values import ImportOptions, ImportResult, Progress, result_of

__all__ = [
    "CHUNK",
    "ImportOptions",
    "ImportResult",
    "Progress",
    "ShownDay",
    "begin_import",
    "discard",
    "import_leads",
    "keep_upload",
    "lay_aside",
    "look_into",
    "result_of",
    "run_import",
    "run_kept",
    "run_waiting",
    "settle_options",
    "shown_of",
    "size_of",
]
