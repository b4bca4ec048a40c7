"""Words of a mail stand out from what is behind them, by day and by night (WCAG 2.2, 1.4.3: 4.5 to 1)."""

import re

import pytest

from nurture.mail.layouts import footer, layout

# What is written -> what it stands on.
GROUND = {
    "body": "body",
    ".sheet": ".sheet",
    ".sheet a": ".sheet",
    ".sheet a.button": ".sheet a.button",
    ".sheet blockquote": ".sheet",
    ".foot": "body",
    ".foot a": "body",
}
_RULE = re.compile(r"([^{}]+)\{([^{}]*)\}")
_SAID = re.compile(r"(?:^|[;\s])(color|background):\s*(#[0-9a-f]{6})")


def colours(css: str) -> dict[tuple[str, str], str]:
    found = {}
    for names, said in _RULE.findall(css):
        for name in names.split(","):
            found |= {(name.strip(), what): colour for what, colour in _SAID.findall(said)}
    return found


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("night", [False, True])
def test_every_word_of_a_mail_can_be_read(night: bool) -> None:
    css = layout("letter", "en").split("<style>")[1].split("</style>")[0]
    by_day, by_night = css.split("@media (prefers-color-scheme: dark) {")
    seen = colours(by_day) | (colours(by_night) if night else {})
    seen |= {(".sheet", "color"): seen.get((".sheet", "color"), seen["body", "color"])}
    faint = {
        name: round(contrast(seen[name, "color"], seen[ground, "background"]), 2)
        for name, ground in GROUND.items()
        if (name, "color") in seen and contrast(seen[name, "color"], seen[ground, "background"]) < 4.5
    }
    assert faint == {}
    if night:
        assert {".foot", ".foot a"} <= {name for name, what in colours(by_night) if what == "color"}


@pytest.mark.parametrize("kind", ["marketing", "service"])
def test_a_footer_can_be_read_where_its_style_alone_is_left(kind: str) -> None:
    [(_what, colour)] = _SAID.findall(footer(kind, "en"))
    assert contrast(colour, "#f3f5f4") >= 4.5
