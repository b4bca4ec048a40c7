"""What the columns of a file of past activities hold, told by their names as those of a file of leads are."""

from collections.abc import Sequence

from nurture.rules import columns

OWN = ("email", "lead_id", "kind", "occurred_at", "key")

# Names without case, spaces and signs, in English, German and Russian.
_NAMES = {
    "kind": "kind activity activitytype event eventname aktivität ereignis активность событие действие",
    "occurred_at": (
        "occurredat date datetime timestamp when datum zeitpunkt datumundzeit дата датаивремя когда"
    ),
}


def named(header: Sequence[str]) -> list[str]:
    """The header with our names for what we know, everything else in small letters. A column that bears our
    name is the one; else the first that is called so in other words, and the rest stay what they are."""
    found = [name.strip().lower() for name in header]
    for own in ("email", "kind", "occurred_at", "lead_id"):
        if own in found or (own == "lead_id" and "email" in found):
            continue  # beside an address, a number is likely another program's
        number = next((at for at, name in enumerate(found) if name not in OWN and _means(name) == own), None)
        if number is not None:
            found[number] = own
    return found


def _means(name: str) -> str | None:
    folded = columns.folded(name)
    if folded == "leadid":
        return "lead_id"
    return _KNOWN.get(folded) or columns.guess(name)


_KNOWN = {columns.folded(name): own for own, names in _NAMES.items() for name in names.split()}
