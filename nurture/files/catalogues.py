"""The languages of the product: the `.po` files of nurture/translations, read as they are.

Nothing has to be compiled beforehand: a catalogue is read when its first reader comes, once a process,
which takes a few hundredths of a second.
"""

import io
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import Translations

from nurture.files.retelling import Memory

FOLDER = Path(__file__).resolve().parents[1] / "translations"
FILE = Path("LC_MESSAGES", "messages.po")


class KeptCatalogue:
    """One language, read from its file when it is first asked for something."""

    def __init__(self, path: Path, language: str) -> None:
        self._path, self._language = path, language

    def gettext(self, message: str, /) -> str:
        return str(self._words.gettext(message))

    def ngettext(self, one: str, many: str, number: int, /) -> str:
        return str(self._words.ngettext(one, many, number))

    def retold(self, sentence: str, /) -> str:
        return self._memory.retold(sentence)

    def pgettext(self, context: str, message: str, /) -> str:
        return str(self._words.pgettext(context, message))

    @cached_property
    def _memory(self) -> Memory:
        return Memory(self._read())

    def _read(self) -> Catalog:
        with self._path.open("rb") as file:
            return read_po(file, locale=self._language)

    @cached_property
    def _words(self) -> Translations:
        compiled = io.BytesIO()
        write_mo(compiled, self._read())
        compiled.seek(0)
        return Translations(compiled)


def catalogues(folder: Path = FOLDER) -> Mapping[str, KeptCatalogue]:
    """The catalogues by language, of every folder that holds one."""
    found = sorted(folder.glob(f"*/{FILE}"))
    return {path.parents[1].name: KeptCatalogue(path, path.parents[1].name) for path in found}
