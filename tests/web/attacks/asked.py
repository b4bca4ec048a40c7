"""What a page asks its address for, written down while it answers."""

from collections.abc import Iterator
from typing import Any

from flask import Request
from werkzeug.datastructures import ImmutableMultiDict

EVERYTHING = "*"


class Asked(ImmutableMultiDict[str, str]):
    """The names and values of an address. `names` are those that were asked for since it was cleared,
    EVERYTHING when somebody looked through all of them."""

    names: set[str] = set()

    def __getitem__(self, key: str) -> str:
        self.names.add(key)
        return super().__getitem__(key)

    def __contains__(self, key: object) -> bool:
        self.names.add(str(key))
        return super().__contains__(key)

    def __iter__(self) -> Iterator[str]:
        self.names.add(EVERYTHING)
        return super().__iter__()

    def get(self, key: str, *arguments: Any, **options: Any) -> Any:
        self.names.add(key)
        return super().get(key, *arguments, **options)

    def getlist(self, key: str, *arguments: Any, **options: Any) -> Any:
        self.names.add(key)
        return super().getlist(key, *arguments, **options)

    def keys(self) -> Any:
        self.names.add(EVERYTHING)
        return super().keys()

    def items(self, multi: bool = False) -> Any:
        if not multi:  # the door looks through all of them, in this way, for bytes that no text has
            self.names.add(EVERYTHING)
        return super().items(multi)

    def lists(self) -> Any:
        self.names.add(EVERYTHING)
        return super().lists()

    def to_dict(self, *arguments: Any, **options: Any) -> Any:
        self.names.add(EVERYTHING)
        return super().to_dict(*arguments, **options)


class Noted(Request):
    """A request that notes what it is asked for."""

    parameter_storage_class = Asked
