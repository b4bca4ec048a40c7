"""`make bench`: runs the figures, tells people on standard error and programs on standard output.

A figure is a module of this folder with `FIGURE`, the name or the names of what it measures, and
`run(scale, say)`, which returns the line of a figure, or a list of them.
"""

import argparse
import importlib
import json
import pkgutil
import sys
import time
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import bench
from nurture.errors import Refusal

SCALES = ("small", "full")


def main(arguments: list[str] | None = None) -> int:
    chosen = _arguments(arguments)
    figures = list(_figures())
    wanted = [name for name in (chosen.only or "").split(",") if name]
    known = {name for module in figures for name in _names(module)}
    if unknown := sorted(set(wanted) - known):
        say(f"There is no figure {', '.join(unknown)}; there are {', '.join(sorted(known))}.")
        return 2
    selected = [module for module in figures if not wanted or set(wanted) & set(_names(module))]
    missed = [module for module in selected if not _measured(module, chosen.scale)]
    return 1 if missed else 0


def say(line: str) -> None:
    """A line for people."""
    print(line, file=sys.stderr, flush=True)


def _arguments(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m bench", description="The benchmarks, against real servers."
    )
    parser.add_argument("--only", help="figures to measure, separated by commas")
    parser.add_argument("--scale", choices=SCALES, default="small")
    return parser.parse_args(arguments)


def _figures() -> Iterator[ModuleType]:
    for found in sorted(pkgutil.iter_modules(bench.__path__), key=lambda module: module.name):
        if not found.name.startswith("_"):
            module = importlib.import_module(f"bench.{found.name}")
            if hasattr(module, "FIGURE"):
                yield module


def _names(module: ModuleType) -> tuple[str, ...]:
    return (module.FIGURE,) if isinstance(module.FIGURE, str) else tuple(module.FIGURE)


def _measured(module: ModuleType, scale: str) -> bool:
    """Run one module; a refusal is a sentence, and the others still run."""
    say(f"— {', '.join(_names(module))} ({scale})")
    began = time.monotonic()
    try:
        found = module.run(scale, say)
    except Refusal as refusal:
        say(f"  not measured: {refusal}")
        return False
    lines: list[dict[str, Any]] = [found] if isinstance(found, dict) else found
    for line in lines:
        print(json.dumps(line), flush=True)
    say(f"  took {time.monotonic() - began:.0f} s")
    return True


if __name__ == "__main__":
    sys.exit(main())
