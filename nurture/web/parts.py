"""The front-end parts that the pages use: which files, under which names, and where they lie.

They are fetched once by `python -m nurture.web.assets` and served by the web itself, never from
elsewhere. `manifest.json` beside them says which versions are there, so that a part has one address
per version and may be kept by a browser for ever.
"""

import json
from dataclasses import dataclass
from pathlib import Path

# gettext reads these marks; the words themselves are looked up at each request.
_N = str

ROOT = Path(__file__).resolve().parents[2]
VENDOR = ROOT / ".nurture" / "vendor"
# What a dark mail program does to a mail that says nothing about the dark, near enough to look at.
DARK = (
    "<style>:root{color-scheme:dark}body,body *{background-color:#16191b!important;color:#e4e8e6!important;"
    "border-color:#3a4346!important}a,a *{color:#8fd0bd!important}</style>"
)
HOW_TO_FETCH = _N("The front-end parts are missing: run  python -m nurture.web.assets  once and reload.")


@dataclass(frozen=True)
class Part:
    """One file of one package. `served` is False for parts that only the tests use."""

    name: str
    package: str
    source: str
    file: str
    served: bool = True


PARTS = (
    Part("tabler", "@tabler/core", "dist/css/tabler.min.css", "tabler.min.css"),
    Part("htmx", "htmx.org", "dist/htmx.min.js", "htmx.min.js"),
    Part("echarts", "echarts", "dist/echarts.min.js", "echarts.min.js"),
    Part("designer", "sequential-workflow-designer", "dist/index.umd.js", "designer.umd.js"),
    Part("designer-style", "sequential-workflow-designer", "css/designer.css", "designer.css"),
    Part("axe", "axe-core", "axe.min.js", "axe.min.js", served=False),
)
ICONS_NAME, ICONS_PACKAGE, ICONS_FILE = "tabler-icons", "@tabler/icons", "sprite.svg"
ICONS = (
    "activity", "alert-triangle", "arrow-back-up", "arrow-down", "arrow-forward-up", "arrow-right",
    "arrow-up", "arrows-split-2", "bell", "building", "calendar-event", "check", "chevron-left",
    "chevron-right", "circle-check", "circle-dashed", "circle-x", "click", "clock", "copy", "door-exit",
    "dots-vertical", "download", "eye", "filter", "flame", "forms", "git-branch", "hand-stop",
    "heart-handshake", "home", "hourglass", "inbox", "key", "list", "lock", "logout", "mail", "mail-off",
    "mail-opened", "maximize", "menu-2", "message-circle", "moon", "news", "note", "pencil", "phone",
    "player-pause", "player-play", "plus", "robot", "route", "search", "seedling", "send", "settings",
    "shield-check", "snowflake", "star", "sun", "tag", "target", "test-pipe", "trash", "trophy", "user",
    "user-check", "user-off", "users", "users-minus", "webhook", "world", "x", "zoom-in", "zoom-out",
)  # fmt: skip


@dataclass(frozen=True)
class Vendor:
    """The parts that are there: `urls` by name, `files` by address path; both empty before the fetch."""

    urls: dict[str, str]
    files: dict[str, Path]

    @property
    def complete(self) -> bool:
        return bool(self.urls)


def load_vendor(folder: Path = VENDOR) -> Vendor:
    """What `folder` holds, by its manifest; an unreadable or missing one means nothing is there."""
    try:
        versions: dict[str, str] = json.loads((folder / "manifest.json").read_text())["versions"]
    except (OSError, ValueError, KeyError):
        return Vendor({}, {})
    served = [(part.name, part.file) for part in PARTS if part.served] + [(ICONS_NAME, ICONS_FILE)]
    urls = {name: f"/vendor/{name}/{versions[name]}/{file}" for name, file in served if name in versions}
    files = {url.removeprefix("/vendor/"): folder / url.removeprefix("/vendor/") for url in urls.values()}
    return Vendor(urls, files)
