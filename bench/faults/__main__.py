"""`python -m bench.faults`: rounds under fire for as long as asked, and the mutants that the checker must
catch. Exit status 1 when an invariant is broken, or a mutant is not caught."""

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench.faults import _lines
from bench.faults._mutants import MUTANTS, QUICK, QUICK_LEASE, Changes, Mutant, copy
from bench.faults._round import run

_LEASE = 82.0  # the lease, a sweep after it, and time for another process to take up what was held
_SWEPT = 7.0
_ROUND_SECONDS, _ROUND_LEADS = 150.0, 400
_QUICK_SECONDS, _QUICK_LEADS = 30.0, 180


def main(arguments: list[str] | None = None) -> int:
    asked = _arguments(arguments)
    if asked.one_round:
        return _one_round(asked)
    if asked.all_lines:
        return _all_lines(asked.seed or 0, asked.share)
    seed = asked.seed if asked.seed is not None else random.SystemRandom().randrange(10**6)
    _say(f"seed {seed}")
    broken = _lines.run(seed, _say) if asked.lines else []
    broken += _rounds(seed, asked.minutes * 60) if asked.minutes else []
    missed = _mutants(seed, asked.mutants) if asked.mutants is not None else []
    for sentence in broken:
        _say(f"BROKEN {sentence}")
    for name in missed:
        _say(f"NOT CAUGHT {name}")
    print(json.dumps({"seed": seed, "broken": broken, "mutants_missed": missed}))
    return 1 if broken or missed else 0


def _arguments(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.faults", description=__doc__)
    parser.add_argument("--seed", type=int, help="the same seed strikes in the same order")
    parser.add_argument("--minutes", type=float, default=0.0, help="rounds under fire, for so long")
    parser.add_argument(
        "--mutants", nargs="*", metavar="NAME", help="sow faults (all unless named) and see each caught"
    )
    parser.add_argument("--lines", action="store_true", help="kill a worker at every line of recording")
    parser.add_argument("--all-lines", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--share", default="1/1", help=argparse.SUPPRESS)
    parser.add_argument("--one-round", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--seconds", type=float, default=_QUICK_SECONDS, help=argparse.SUPPRESS)
    parser.add_argument("--leads", type=int, default=_QUICK_LEADS, help=argparse.SUPPRESS)
    parser.add_argument("--lease", type=float, default=QUICK_LEASE, help=argparse.SUPPRESS)
    return parser.parse_args(arguments)


def _one_round(asked: argparse.Namespace) -> int:
    with tempfile.TemporaryDirectory(prefix="nurture-fire-") as folder:
        found = run(Path(folder), asked.seed or 0, asked.seconds, asked.leads, asked.lease + _SWEPT, _say)
    print(json.dumps(found))
    return 1 if found else 0


def _all_lines(seed: int, share: str) -> int:
    part, _of, parts = share.partition("/")
    found = _lines.run(seed, _say, (int(part), int(parts)))
    print(json.dumps(found))
    return 1 if found else 0


def _rounds(seed: int, seconds: float) -> list[str]:
    """Rounds in the program as it is, each with a seed of its own."""
    until = time.monotonic() + seconds
    broken: list[str] = []
    number = 0
    while time.monotonic() < until and not broken:
        _say(f"round {number}, seed {seed + number}")
        length = min(_ROUND_SECONDS, max(30.0, until - time.monotonic()))
        with tempfile.TemporaryDirectory(prefix="nurture-fire-") as folder:
            found = run(Path(folder), seed + number, length, _ROUND_LEADS, _LEASE, _say)
        broken += [f"seed {seed + number}: {sentence}" for sentence in found]
        number += 1
    return broken


def _mutants(seed: int, names: list[str]) -> list[str]:
    """Those that were not caught. The program without a mutant goes first: it must pass."""
    missed = []
    if found := struck("", (), seed):
        missed.append(f"the program without a mutant does not pass: {' '.join(found)}")
    for one in MUTANTS:
        if names and one.name not in names:
            continue
        # Faults strike by chance: a mutant gets a second round before it counts as missed.
        found = _caught(one, seed) or _caught(one, seed + 1)
        _say(f"{'caught' if found else 'MISSED'}: {one.name} ({one.breaks})")
        for sentence in found:
            _say(f"    {sentence}")
        if not found:
            missed.append(one.name)
    return missed


def _caught(mutant: Mutant, seed: int) -> list[str]:
    return struck(mutant.name, mutant.changes, seed, "--all-lines" if mutant.lines else "--one-round")


def struck(name: str, changes: Changes, seed: int, how: str = "--one-round") -> list[str]:
    """What the checker says about a round in a copy with these changes, in a process of its own."""
    with tempfile.TemporaryDirectory(prefix="nurture-mutant-") as folder:
        tree = copy(Path(folder), (*QUICK, *changes))
        command = [sys.executable, "-m", "bench.faults", how, "--seed", str(seed)]
        env = {**os.environ, "PYTHONPATH": str(tree)}
        done = subprocess.run(
            command, cwd=tree, env=env, capture_output=True, text=True, timeout=600, check=False
        )
    lines = done.stdout.strip().splitlines()
    if not lines:
        return [f"the round itself ended: {done.stderr.strip().splitlines()[-1:]}"]
    _say(f"  {name or 'no mutant'}: {done.stderr.strip().splitlines()[-1]}")
    found: list[str] = json.loads(lines[-1])
    return found


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
