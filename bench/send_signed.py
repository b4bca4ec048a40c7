"""What signing costs: mails a second through the whole program with a DKIM key of each kind (RFC 6376,
RFC 8463). The bound is itself without, in the same run, measured before and after."""

import statistics
from collections.abc import Callable
from typing import Any

from bench._postfix import sink
from bench.send import RECIPIENTS, rate_of
from nurture.runtime import work_in_batches

ALGORITHMS = {"send_ed25519": "ed25519", "send_rsa": "rsa"}
FIGURE = tuple(ALGORITHMS)


def run(scale: str, say: Callable[[str], None]) -> list[dict[str, Any]]:
    """The figures, as the lines that `make bench` prints. `say` takes lines for people."""
    work_in_batches()
    count = RECIPIENTS[scale]
    with sink() as port:
        before = rate_of(count, port, None)
        signed = {figure: rate_of(count, port, algorithm) for figure, algorithm in ALGORITHMS.items()}
        after = rate_of(count, port, None)
    bound = statistics.mean((before, after))
    say(f"  unsigned: {before:.0f} a second before, {after:.0f} after")
    for figure, rate in signed.items():
        say(f"  {ALGORITHMS[figure]}: {rate:.0f} a second, {rate / bound:.2f} of it")
    return [
        {
            "figure": figure,
            "value": round(rate),
            "unit": "msg/s",
            "bound": round(bound),
            "bound_name": "itself without",
            "ratio": round(rate / bound, 2),
        }
        for figure, rate in signed.items()
    ]
