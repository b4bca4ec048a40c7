"""What a careful colleague would say of a finished mail before it goes out. Pure."""

from html.parser import HTMLParser

from nurture.rules.words import _

# Gmail shows no more than this much of a mail's HTML.
CLIPPED_AT = 102_400
_LONGEST_SUBJECT = 90


def review(subject: str, html: str, text: str) -> list[str]:
    """Sentences about a mail that is filled for one reader; none when there is nothing to say."""
    seen = _Seen()
    seen.feed(html)
    said = []
    if not subject.strip():
        said.append(_("The mail has no subject."))
    if len(subject) > _LONGEST_SUBJECT:
        sentence = _("The subject is longer than mail programs show: at most {n} letters.")
        said.append(sentence.format(n=_LONGEST_SUBJECT))
    if len(html.encode()) > CLIPPED_AT:
        said.append(_("The mail is larger than 102 kB: Gmail cuts it off there."))
    if not text.strip():
        said.append(_("The mail has no words for those who read without pictures and styles."))
    if seen.mute:
        said.append(_("{n} pictures have no text that stands for them.").format(n=seen.mute))
    said += [_("This link is not encrypted: {url}").format(url=url) for url in seen.plain]
    said += [_("A link leads nowhere: “{label}”.").format(label=label) for label in seen.empty]
    return said


class _Seen(HTMLParser):
    """Pictures without words, links without a place or without encryption."""

    def __init__(self) -> None:
        super().__init__()
        self.mute = 0
        self.plain: list[str] = []
        self.empty: list[str] = []
        self._open: list[str] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = dict(attrs)
        if tag == "img" and said.get("alt") is None:
            self.mute += 1
        if tag == "a":
            url = said.get("href") or ""
            self._open = [] if url.strip() in ("", "#") else None
            if url.startswith("http://"):
                self.plain.append(url)

    def handle_data(self, data: str) -> None:
        if self._open is not None:
            self._open.append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag == "a" and self._open is not None:
            self.empty.append(" ".join("".join(self._open).split())[:100])
            self._open = None
