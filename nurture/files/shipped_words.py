"""The words that shipped models speak, as gettext finds them: `make translations` reads campaigns by this.

A company's own models are in its own language; those that come with the program are read in the reader's.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any, BinaryIO

_TEXT = re.compile(r'\btext: "([^"]+)"')


def texts(
    file: BinaryIO,
    keywords: Collection[str] | Mapping[str, Any],
    comment_tags: Collection[str],
    options: Mapping[str, Any],
) -> Iterator[tuple[int, str, str, list[str]]]:
    """(line, function, message, comments) of each text of a model file, as Babel asks of an extractor."""
    for number, line in enumerate(file.read().decode("utf-8").splitlines(), start=1):
        yield from ((number, "", found, []) for found in _TEXT.findall(line))
