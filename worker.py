"""The RQ workers for process managers: `python worker.py pump|long`, `--schedule` for the scheduler too."""

import argparse
import subprocess
import sys

from nurture.cli import main
from nurture.embedded.privileges import die_with_parent
from nurture.jobs.queues import NAMES, PUMP

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("queue", nargs="?", choices=NAMES, default=PUMP)
    parser.add_argument("--schedule", action="store_true", help="run the scheduler beside the worker")
    asked = parser.parse_args()
    if asked.schedule:
        # A process of its own: RQ forks, and a fork should find no other threads.
        subprocess.Popen([sys.executable, "-m", "nurture", "scheduler"], preexec_fn=die_with_parent)
    main(["worker", asked.queue], prog_name="worker.py")
