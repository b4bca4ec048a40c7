"""Messages in the shape of another program: the mapping of a receiver, its texts in the language of mails.

Mails and mappings share one sandbox (mail/sandbox.py): no calls, no attributes but the keys of plain data,
loops bounded. In a mapping they stand one deep, and not inside "$do".
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import accumulate
from typing import Any

from jinja2 import Template, TemplateError, nodes
from jinja2.runtime import Undefined

from nurture.errors import Invalid
from nurture.mail.bounds import begin, bounded
from nurture.mail.sandbox import Ground, MailEnvironment, parsed, template_faults
from nurture.rules.messages import TYPES
from nurture.rules.words import _
from nurture.webhooks import catalogue, mapping

_ROOTS = frozenset({"type", "timestamp", "data", "loop"})
_REPEATED = _ROOTS | {"item"}
_FILTERS = frozenset({"mrkdwn", "json"})
_A_LIST = "data.readiness.reasons"
_ENTITIES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})


def check(text: str, types: Sequence[str]) -> None:
    """Raises Invalid with every fault of a mapping for messages of these types (none: all)."""
    mapping.parse(text, _Texts(types))


def mapped(text: str, body: bytes) -> bytes:
    """The bytes that go out for a message with this body. Raises Invalid."""
    return mapping.shaped(_tree(text), json.loads(body), _ANY)


def preview(text: str, kind: str) -> Any:
    """What the example message of this type becomes. Raises Invalid."""
    tree = mapping.parse(text, _Texts((kind,)))
    return json.loads(mapping.shaped(tree, catalogue.example(kind), _ANY))


class _Texts:
    """The language for messages of these types: what none of them carries is a fault."""

    def __init__(self, types: Sequence[str]) -> None:
        self._once = Ground(
            _ROOTS, _parts([one for one in types if one in TYPES] or TYPES), _A_LIST, 1, _FILTERS
        )
        self._repeated = replace(self._once, roots=_REPEATED, deepest_loop=0)

    def faults(self, text: str, *, repeated: bool) -> list[str]:
        """What the sandbox refuses."""
        ground = self._repeated if repeated else self._once
        return [sentence for _line, sentence in template_faults(text, ground)]

    def value(self, text: str, names: Mapping[str, Any]) -> Any:
        """The value of one expression, or a text."""
        template, whole = _template(text)
        try:
            begin()
            made = "".join(_limited(template, names))
            return json.loads(made) if whole else made
        except (TemplateError, TypeError, ValueError, ArithmeticError, LookupError, AttributeError) as fault:
            sentence = _("The body could not be put together: %(why)s.") % {"why": fault}
            raise Invalid(sentence, {"mapping": [sentence]}) from fault


def _limited(template: Template, names: Mapping[str, Any]) -> Iterator[str]:
    size = 0
    for piece in template.root_render_func(template.new_context(dict(names), shared=True)):
        size += len(piece)
        if size > mapping.MOST_BYTES:
            sentence = _("The body would be larger than 64 kB.")
            raise Invalid(sentence, {"mapping": [sentence]})
        yield piece


def _parts(types: Sequence[str]) -> dict[str, frozenset[str] | None]:
    """What each path of the messages may carry; None where one of them leaves it open."""
    found: dict[str, frozenset[str] | None] = {}
    for kind in types:
        for path, names in catalogue.parts(kind).items():
            known = found.get(path, frozenset())
            found[path] = None if known is None or names is None else known | names
    return found


def _mrkdwn(value: object, most: int | None = None) -> str:
    """A text that Slack shows as it is: its three control characters as entities, and nothing else. Of `most`
    characters at most as it is sent, an entity never cut in two: its texts have a longest length."""
    whole = _as_text(value)
    said = whole.translate(_ENTITIES)
    if most is None or len(said) <= most:
        return said
    lengths = accumulate(len(one.translate(_ENTITIES)) for one in whole)
    fits = sum(1 for length in lengths if length < most)
    return whole[:fits].translate(_ENTITIES) + "…"


def _as_json(value: object) -> str:
    return json.dumps(None if isinstance(value, Undefined) else value, ensure_ascii=False)


def _as_text(value: object) -> str:
    if isinstance(value, str):
        return str(value)
    if value is None or isinstance(value, Undefined):
        return ""
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return ", ".join(value)
    return _as_json(value)


def _environment(shown: Any) -> MailEnvironment:
    made = MailEnvironment(shown)
    made.filters |= {"mrkdwn": bounded(_mrkdwn), "json": bounded(_as_json)}
    return made


_VALUES, _WORDS = _environment(_as_json), _environment(_as_text)


@lru_cache(maxsize=2000)
def _template(text: str) -> tuple[Template, bool]:
    """A text ready to be filled, and whether it is one expression."""
    whole = _is_one_expression(_WORDS.parse(text))
    env = _VALUES if whole else _WORDS
    return Template.from_code(env, env.compile(parsed(text, env)), dict(env.globals)), whole


def _is_one_expression(tree: nodes.Template) -> bool:
    if len(tree.body) != 1 or not isinstance(tree.body[0], nodes.Output):
        return False
    parts = tree.body[0].nodes
    return len(parts) == 1 and not isinstance(parts[0], nodes.TemplateData)


_ANY = _Texts(())


@lru_cache(maxsize=100)
def _tree(text: str) -> Any:
    """A kept mapping, read again: it was checked when it was saved."""
    return mapping.parse(text, _ANY)
