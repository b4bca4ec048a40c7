"""Whole mails filled in one go, where nothing in them branches or repeats.

What stands in such a mail, and in which order, is the same for all its readers. So each value is worked out
once for a reader and made ready for all parts at once, however often it stands in subject, text and HTML, and
the parts are put together from what is there by one join each.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any

from jinja2 import Template, nodes
from jinja2.compiler import CodeGenerator, Frame

from nurture.mail.sandbox import MailEnvironment, link_number

_GROWING = frozenset(("join", "urlencode", "e", "escape"))
_MOST_GROWING = 4  # what each of them makes is bounded (mail/bounds)
# What stands for a value in each of the parts.
Shown = Callable[[Any], tuple[str, ...]]
_Pick = Callable[[Sequence[str]], tuple[str, ...]]


@dataclass(frozen=True)
class Filling:
    """Call it with the values of a reader, `links` among them, for the text of each part. Raises what the
    evaluation of an expression may raise."""

    values: Template
    texts: tuple[str, ...]
    shown: Shown
    picks: tuple[_Pick, ...]

    def __call__(self, values: dict[str, Any]) -> list[str]:
        pool = [*self.texts]
        for value in self.values.root_render_func(self.values.new_context(values, shared=True)):
            pool += self.shown(value)
        pool += values.get("links", ())
        return ["".join(pick(pool)) for pick in self.picks]


def filling(parts: Sequence[nodes.Template], shown: Shown) -> Filling | None:
    """How these parts, their own texts made ready, are filled together; None where one of them branches,
    repeats or names something."""
    if not all(isinstance(node, nodes.Output) for part in parts for node in part.body):
        return None
    if any(grows(part) for part in parts):
        return None
    laid = _Layout(len(parts))
    orders = [[laid.place(piece, number) for piece in _pieces(part)] for number, part in enumerate(parts)]
    return Filling(
        values=_evaluated(laid.expressions),
        texts=tuple(laid.texts),
        shown=shown,
        picks=tuple(_pick(laid.final(order)) for order in orders),
    )


def grows(part: nodes.Template) -> bool:
    """Whether it can come out much larger than it is and its values are: by a loop, by a name for a long
    value, by much of what makes much of little."""
    if part.find(nodes.For) or part.find(nodes.Assign):
        return True
    return sum(one.name in _GROWING for one in part.find_all(nodes.Filter)) > _MOST_GROWING


def _pieces(part: nodes.Template) -> list[nodes.Expr]:
    return [piece for output in part.find_all(nodes.Output) for piece in output.nodes]


# Where a piece is taken from: the texts of the mail, the values of the reader, or the links, each by number.
_TEXT, _VALUE, _LINK = "text", "value", "link"


@dataclass
class _Layout:
    parts: int
    texts: list[str] = field(default_factory=list)
    expressions: list[nodes.Expr] = field(default_factory=list)
    _places: dict[str, int] = field(default_factory=dict)

    def place(self, piece: nodes.Expr, part: int) -> tuple[str, int]:
        if isinstance(piece, nodes.TemplateData):
            self.texts.append(piece.data)
            return _TEXT, len(self.texts) - 1
        if (number := link_number(piece)) is not None:
            return _LINK, number
        return _VALUE, self._place_of(piece) * self.parts + part

    def _place_of(self, expression: nodes.Expr) -> int:
        spelt = repr(expression)  # the whole of it, so two that look alike are the same
        if spelt not in self._places:
            self._places[spelt] = len(self.expressions)
            self.expressions.append(expression)
        return self._places[spelt]

    def final(self, order: Sequence[tuple[str, int]]) -> list[int]:
        """Places in the pool: texts, then what stands for each value in each part, then links."""
        values = len(self.texts)
        starts = {_TEXT: 0, _VALUE: values, _LINK: values + len(self.expressions) * self.parts}
        return [starts[kind] + number for kind, number in order]


def _pick(order: list[int]) -> _Pick:
    if len(order) > 1:
        return itemgetter(*order)
    # With one place itemgetter gives the thing itself instead of a tuple of one.
    return lambda pool: tuple([pool[place] for place in order])


class _Values(CodeGenerator):
    """Gives values as they are, one for each expression."""

    def _output_child_to_const(self, node: nodes.Expr, frame: Frame, finalize: Any) -> str:
        raise nodes.Impossible

    def _output_child_pre(self, node: nodes.Expr, frame: Frame, finalize: Any) -> None:
        self.write("(")

    def _output_child_post(self, node: nodes.Expr, frame: Frame, finalize: Any) -> None:
        self.write(")")


class _ValuesEnvironment(MailEnvironment):
    code_generator_class = _Values


_VALUES = _ValuesEnvironment()


def _evaluated(expressions: Sequence[nodes.Expr]) -> Template:
    body: list[nodes.Node] = [nodes.Output([one], lineno=one.lineno) for one in expressions]
    tree = nodes.Template(body, lineno=1)
    tree.set_environment(_VALUES)
    return Template.from_code(_VALUES, _VALUES.compile(tree, "values", "<mail>"), dict(_VALUES.globals))
