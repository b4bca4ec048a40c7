"""Two ways of using a page: by mouse (or finger), and by keyboard alone."""

from playwright.sync_api import Locator, Page

_MOST_TABS = 250


class Mouse:
    """Points at things."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def press(self, what: Locator) -> None:
        what.click()

    def write(self, what: Locator, words: str) -> None:
        what.fill(words)

    def pick(self, what: Locator) -> None:
        """A choice of several."""
        what.check(force=True)

    def choose(self, what: Locator, label: str) -> None:
        what.select_option(label=label)


class Keys:
    """Walks with Tab, like somebody who cannot use a mouse; what Tab does not reach cannot be used."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def press(self, what: Locator) -> None:
        self._reach(what)
        self.page.keyboard.press("Enter")

    def write(self, what: Locator, words: str) -> None:
        self._reach(what)
        if what.get_attribute("type") in ("datetime-local", "number"):
            what.fill(words)  # its parts are typed in an order of the reader's language
            return
        self.page.keyboard.press("Control+a")
        self.page.keyboard.type(words)

    def pick(self, what: Locator) -> None:
        """Tab comes to the group, arrows go through it."""
        group = self.page.locator(f"input[type=radio][name={what.get_attribute('name')}]")
        self._reach(group)
        self.page.keyboard.press("Space")
        for _ in range(group.count()):
            if what.is_checked():
                return
            self.page.keyboard.press("ArrowDown")
        assert what.is_checked()

    def choose(self, what: Locator, label: str) -> None:
        self._reach(what)
        self.page.keyboard.type(label)
        assert what.evaluate("one => one.selectedOptions[0].label") == label

    def _reach(self, what: Locator) -> None:
        what.first.wait_for(state="attached")
        for _ in range(_MOST_TABS):
            if what.evaluate_all("all => all.includes(document.activeElement)"):
                assert self.page.evaluate(_SEEN), "the focus is seen"
                return
            self.page.keyboard.press("Tab")
        raise AssertionError(f"Tab does not reach {what}")


# WCAG 2.4.7: an outline, a ring of shadow, or another border around what has the focus (or its label).
_SEEN = """() => {
    const one = document.activeElement, around = one.closest('label') ?? one
    return [one, around].some(each => {
        const style = getComputedStyle(each)
        return style.outlineStyle !== 'none' || style.boxShadow !== 'none'
    })
}"""
