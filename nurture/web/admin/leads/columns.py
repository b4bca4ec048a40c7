"""What the list of leads can show beside the name."""

from collections.abc import Iterable, Sequence

from nurture.rules.words import _

# gettext reads these marks; the words themselves are looked up at each request.
_N = str

WORDS = {
    "email": _N("E-mail"),
    "phone": _N("Phone"),
    "company": _N("Company"),
    "role": _N("Role"),
    "city": _N("City"),
    "country": _N("Country"),
    "language": _N("Language"),
    "temperature": _N("Temperature"),
    "heat": _N("Heat"),
    "grade": _N("Grade"),
    "readiness": _N("Readiness"),
    "target": _N("Target score"),
    "stage": _N("Stage"),
    "source": _N("Source"),
    "owner": _N("Owner"),
    "tags": _N("Tags"),
    "touches": _N("Touches"),
    "last_signal": _N("Last signal"),
    "created": _N("Known since"),
}
USUAL = ("company", "temperature", "heat", "grade", "readiness", "stage", "source", "last_signal")
NUMBERS = frozenset({"heat", "readiness", "target", "touches", "last_signal", "created"})
OWN = "fields."
_MOST = 20


def chosen(written: Iterable[str]) -> tuple[str, ...]:
    """Those of the names that are columns, each once and in their order here; the usual ones for none."""
    asked = list(dict.fromkeys(written))
    known = [name for name in WORDS if name in asked]
    own = [name for name in asked if name.startswith(OWN) and len(name) > len(OWN) and name.isprintable()]
    return tuple((known + own)[:_MOST]) or USUAL


def headings(names: Sequence[str], labels: dict[str, str]) -> list[tuple[str, str]]:
    """Each column with its words; `labels` are those of the fields of one's own, by key."""
    return [(name, _heading(name, labels)) for name in names]


def offered(labels: dict[str, str]) -> list[tuple[str, str]]:
    """Every column there is, with its words."""
    return [(name, _(words)) for name, words in WORDS.items()] + [
        (OWN + key, label) for key, label in labels.items()
    ]


def _heading(name: str, labels: dict[str, str]) -> str:
    if name.startswith(OWN):
        key = name.removeprefix(OWN)
        return labels.get(key, key.replace("_", " "))
    return _(WORDS[name])
