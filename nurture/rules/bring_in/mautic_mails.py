"""The e-mails of a Mautic export: their HTML as it is, tokens in our words."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from nurture.rules.bring_in.mautic_fields import field_of
from nurture.rules.bring_in.values import MailWords, key_of
from nurture.rules.words import _

_TOKEN = re.compile(r"\{([a-z_]{3,40})(?:=([^{}]{0,300}))?\}")
_FIELD = re.compile(r"([A-Za-z0-9_]+)(?:\|(.*))?", re.DOTALL)
# Template code of ours that a foreign text happens to hold: it must stay text.
_CODE = re.compile(r"\{(?=[{%#])")
_OUTSIDE = re.compile(r"<link\b[^>]*>|<script\b.*?</script\s*>|@import\s+[^;]+;", re.IGNORECASE | re.DOTALL)
_VIEW = '<a href="{{ view_url }}">'
Said = list[tuple[str, str]]


def mails_of(rows: Iterable[Mapping[str, Any]]) -> tuple[dict[int, MailWords], Said]:
    """Each e-mail by its number in the export, and what could not be carried over as (key, sentence).
    A translation bears the key of the e-mail that it translates in `of`."""
    rows = [row for row in rows if isinstance(row.get("id"), int)]
    mails: dict[int, MailWords] = {}
    said: Said = []
    for row in sorted(rows, key=lambda row: row.get("translation_parent_id") is not None):
        parent = mails.get(row.get("translation_parent_id") or -1)
        taken = {one.key for one in mails.values()}
        key = key_of(str(row.get("name") or ""), taken, "mail")
        about = parent.key if parent is not None else key
        mails[row["id"]] = _mail(row, key, parent.key if parent else "", _Tokens(row, about, said))
        said += [(about, sentence) for sentence in _beside(row)]
    return mails, said


def _mail(row: Mapping[str, Any], key: str, of: str, tokens: "_Tokens") -> MailWords:
    name = str(row.get("name") or key)
    html, plain = str(row.get("custom_html") or ""), str(row.get("plain_text") or "")
    if not html.strip() and not plain.strip():
        tokens.say(_('The mail "{name}" has no words in the export: write them.').format(name=name))
        plain = _("The words of this mail were not in the export.")
    return MailWords(
        key=key,
        format="html" if html.strip() else "md",
        name=name,
        subject=tokens.ours(str(row.get("subject") or name)),
        preheader=tokens.ours(str(row.get("preheader_text") or "")),
        language=str(row.get("lang") or "en").replace("_", "-").lower(),
        body=tokens.ours(_OUTSIDE.sub("", html) if html.strip() else plain).replace("\r\n", "\n").strip()
        + "\n",
        of=of,
    )


def _beside(row: Mapping[str, Any]) -> list[str]:
    name = row.get("name")
    found = []
    if row.get("variant_parent_id") is not None:
        found.append(
            _('"{name}" is a variant of another mail: compare them with a split step.').format(name=name)
        )
    if row.get("from_name"):
        found.append(_('The sender of "{name}" was left out: it is set under Settings.').format(name=name))
    if any(value for value in _values(row.get("utm_tags"))):
        found.append(
            _('The UTM tags of "{name}" were left out: write them into its links.').format(name=name)
        )
    return found


def _values(raw: object) -> list[Any]:
    return list(raw.values()) if isinstance(raw, Mapping) else []


class _Tokens:
    """The tokens of one e-mail in our words; what has none is named once."""

    def __init__(self, row: Mapping[str, Any], key: str, said: Said) -> None:
        self._row, self._key, self._said = row, key, said

    def say(self, sentence: str) -> None:
        if (self._key, sentence) not in self._said:
            self._said.append((self._key, sentence))

    def ours(self, text: str) -> str:
        return _TOKEN.sub(self._one, _CODE.sub("{ ", text))

    def _one(self, match: re.Match[str]) -> str:
        name, value = match[1], (match[2] or "").strip()
        if name in ("contactfield", "leadfield"):
            return self._field(value) or match[0]
        if name == "dynamiccontent":
            return self._dynamic(value.strip("\"'"))
        if name in _WORDS and match[2] is None:
            return _WORDS[name]
        if name in _UNKNOWN:
            self.say(
                _('{token} in "{name}" has no like here: write the address or the words yourself.').format(
                    token=match[0], name=self._row.get("name")
                )
            )
            return "#" if name in ("pagelink", "assetlink") else ""
        return match[0]

    def _field(self, value: str) -> str:
        match = _FIELD.fullmatch(value)
        if match is None:
            return ""
        path = f"lead.{field_of(match[1])}"
        if match[2] is None:
            return f"{{{{ {path} }}}}"
        words = match[2].replace("\\", "").replace('"', "'")
        return f'{{{{ {path} | default("{words}", true) }}}}'

    def _dynamic(self, wanted: str) -> str:
        self.say(
            _(
                'Dynamic content "{token}" in "{name}" became its default words: ask with if what differs.'
            ).format(token=wanted, name=self._row.get("name"))
        )
        blocks = self._row.get("dynamic_content")
        for block in blocks if isinstance(blocks, list) else []:
            if isinstance(block, Mapping) and block.get("tokenName") == wanted:
                return self.ours(str(block.get("content") or ""))
        return ""


_WORDS = {
    "unsubscribe_url": "{{ unsubscribe_url }}",
    "unsubscribe_text": "",  # the footer says it
    "webview_url": "{{ view_url }}",
    "webview_text": f"{_VIEW}View this mail in the browser</a>",
    "preferences_url": "{{ preferences_url }}",
    "signature": "{{ sender.name | default(sender.company, true) }}",
    "tracking_pixel": "",
}
_UNKNOWN = ("pagelink", "assetlink", "ownerfield", "focus", "form", "trackable", "resubscribe_url")
