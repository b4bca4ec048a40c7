"""From a company's one colour to the colours its pages use, each of them readable by day and by night.

Contrast is that of WCAG 2.2 (success criterion 1.4.3, relative luminance): 4.5 to 1 for text, 3 to 1 for
what only has to be seen. A colour that is too pale or too dark keeps its hue and moves in lightness until
it can be read.
"""

import colorsys
import re
from dataclasses import dataclass
from functools import lru_cache

DEFAULT = "#0b6b5b"
TEXT, SEEN, CLEAR = 4.5, 3.0, 7.0
# The grounds that pages lie on, the lightest and the darkest of each mode first.
LIGHT_GROUNDS, DARK_GROUNDS = ("#f6f7f6", "#ffffff"), ("#151a18", "#0e1211")
_WRITTEN = re.compile(r"#?([0-9a-f]{6}|[0-9a-f]{3})")
_STEP = 0.01


@dataclass(frozen=True, slots=True)
class Shades:
    """Colours of one mode as #rrggbb: `accent` is what buttons are filled with, `on` the text upon it,
    `ink` the colour as text on the ground, `soft` a faint ground of the same hue."""

    accent: str
    on: str
    ink: str
    soft: str


@dataclass(frozen=True, slots=True)
class Palette:
    light: Shades
    dark: Shades


def read(written: str) -> str | None:
    """A colour as #rrggbb; None for what is none. #abc is taken as #aabbcc."""
    match = _WRITTEN.fullmatch(written.strip().lower())
    if match is None:
        return None
    digits = match[1]
    return "#" + (digits if len(digits) == 6 else "".join(digit * 2 for digit in digits))


@lru_cache(maxsize=64)
def palette(colour: str) -> Palette:
    """What a page with this colour (#rrggbb) is painted with."""
    chosen = read(colour) or DEFAULT
    light = _moved(chosen, LIGHT_GROUNDS, SEEN, darker=True)
    dark = _moved(chosen, DARK_GROUNDS, CLEAR, darker=False)
    return Palette(_shades(light, LIGHT_GROUNDS, darker=True), _shades(dark, DARK_GROUNDS, darker=False))


def contrast(one: str, other: str) -> float:
    """Between 1 (equal) and 21 (black on white)."""
    high, low = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def _shades(accent: str, grounds: tuple[str, str], *, darker: bool) -> Shades:
    soft = _mixed(accent, grounds[1] if darker else grounds[0])
    return Shades(accent, _on(accent), _moved(accent, (*grounds, soft), TEXT, darker=darker), soft)


def _on(ground: str) -> str:
    """White where it can be read, else black, which then can: one of them always reaches 4.5."""
    return "#ffffff" if contrast("#ffffff", ground) >= TEXT else "#000000"


def _moved(colour: str, grounds: tuple[str, ...], least: float, *, darker: bool) -> str:
    """The nearest lightness of the same hue that stands out from every ground."""
    hue, lightness, saturation = colorsys.rgb_to_hls(*(part / 255 for part in _parts(colour)))
    found = colour
    while any(contrast(found, ground) < least for ground in grounds):
        lightness += -_STEP if darker else _STEP
        if not 0 < lightness < 1:
            return "#000000" if darker else "#ffffff"
        found = _hex(tuple(part * 255 for part in colorsys.hls_to_rgb(hue, lightness, saturation)))
    return found


def _mixed(colour: str, ground: str, share: float = 0.12) -> str:
    pairs = zip(_parts(colour), _parts(ground), strict=True)
    return _hex(tuple(share * one + (1 - share) * other for one, other in pairs))


def _luminance(colour: str) -> float:
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in (value / 255 for value in _parts(colour))
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _parts(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def _hex(parts: tuple[float, ...]) -> str:
    return "#" + "".join(f"{min(255, max(0, round(part))):02x}" for part in parts)
