"""The language of mails: a small, bounded part of Jinja over plain data.

Jinja's own sandbox stops attribute tricks but neither memory bombs nor endless loops, and lets methods of
whatever is passed be called. So a syntax tree is taken only if every node of it is known to be harmless:
no calls, no macros, no `*`, `**`, `%`, no includes; loops run over data, two deep at most; `set` may name
a value but not grow it. Filters come from an allow-list without any that pads or repeats.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from jinja2 import ChainableUndefined, StrictUndefined, TemplateSyntaxError, nodes
from jinja2.compiler import CodeGenerator, Frame
from jinja2.runtime import LoopContext, Undefined
from jinja2.sandbox import ImmutableSandboxedEnvironment

from nurture.mail import dates
from nurture.mail.bounds import bounded
from nurture.mail.filters import LONGEST_LOOP, each, join, rounded
from nurture.rules.words import _

MOST_NODES = 5000
MOST_CHARACTERS = 400_000
# Parts that may have to be gone through for one reader, where every loop runs as long as it can.
MOST_WORK = 500_000
# So deep a tree still becomes Python code: its compiler takes 100 levels of blocks, 200 of brackets.
DEEPEST = 60
DEEPEST_LOOP = 2
_LARGEST_NUMBER = 10**18

_FILTERS = (
    "abs",
    "capitalize",
    "count",
    "d",
    "default",
    "e",
    "escape",
    "first",
    "float",
    "int",
    "last",
    "length",
    "lower",
    "title",
    "trim",
    "truncate",
    "upper",
    "urlencode",
)
_OURS = ("join", "date", "round")
_TESTS = ("defined", "undefined", "none", "string", "number", "boolean", "in", "even", "odd", "true", "false")
_NAMING = (
    nodes.Name,
    nodes.Const,
    nodes.Getattr,
    nodes.Getitem,
    nodes.Filter,
    nodes.Test,
    nodes.CondExpr,
    nodes.Compare,
    nodes.Operand,
    nodes.And,
    nodes.Or,
    nodes.Not,
    nodes.Neg,
    nodes.Pos,
    nodes.Keyword,
)
_KNOWN = (
    *_NAMING,
    nodes.Template,
    nodes.Output,
    nodes.TemplateData,
    nodes.Slice,
    nodes.If,
    nodes.For,
    nodes.Assign,
    nodes.Add,
    nodes.Sub,
    nodes.Div,
    nodes.FloorDiv,
    nodes.Concat,
    nodes.List,
    nodes.Tuple,
)

_SAID_AS: dict[type[nodes.Node], str] = {
    nodes.Scope: "autoescape",
    nodes.ScopedEvalContextModifier: "autoescape",
}

# What a mail may name, and which parts of it are known. None: any part (custom fields, parameters).
LEAD = frozenset(
    (
        "first_name",
        "last_name",
        "email",
        "phone",
        "role",
        "language",
        "timezone",
        "country",
        "city",
        "company",
        "temperature",
        "stage",
        "fields",
        "dates",
        "tags",
    )
)
KNOWN_PARTS: Mapping[str, frozenset[str] | None] = {
    "lead": LEAD,
    "lead.company": frozenset(("name", "size", "industry", "website", "country", "city")),
    "lead.fields": None,
    "lead.dates": None,
    "sender": frozenset(("name", "company", "email", "postal_address")),
    "params": None,
}
ADDRESSES = frozenset(("unsubscribe_url", "preferences_url", "view_url"))
ROOTS = frozenset(("lead", "sender", "params", "loop")) | ADDRESSES

Fault = tuple[int, str]


@dataclass(frozen=True)
class Ground:
    """What the templates of one kind may name: `roots`, and for each path its parts (None or absent: any);
    the `filters` beside the usual ones; how deep loops may stand, over lists such as `a_list`."""

    roots: frozenset[str]
    parts: Mapping[str, frozenset[str] | None]
    a_list: str
    deepest_loop: int = DEEPEST_LOOP
    filters: frozenset[str] = frozenset()


MAIL = Ground(ROOTS, KNOWN_PARTS, "lead.tags")


def link_number(node: nodes.Expr) -> int | None:
    """Which link of the mail an expression puts in, None if it is anything else."""
    if not (isinstance(node, nodes.Getitem) and isinstance(node.node, nodes.Name)):
        return None
    found = node.arg.value if isinstance(node.arg, nodes.Const) else None
    return found if node.node.name == "links" and type(found) is int else None


class _Generator(CodeGenerator):
    """Puts every value through `environment.shown`, and through nothing else: what becomes of a value
    (escaping, encoding) is decided in one place and costs one call. Links that stand ready are put in as
    they are: a mail holds a dozen of them in each of its parts."""

    def visit_Getitem(self, node: nodes.Getitem, frame: Frame) -> None:
        if not self._is_ready(node):
            super().visit_Getitem(node, frame)
            return
        self.visit(node.node, frame)
        self.write(f"[{node.arg.value}]")  # type: ignore[attr-defined]

    def _is_ready(self, node: nodes.Expr) -> bool:
        return self.environment.ready_links and link_number(node) is not None  # type: ignore[attr-defined]

    def _output_child_to_const(self, node: nodes.Expr, frame: Frame, finalize: Any) -> str:
        if isinstance(node, nodes.TemplateData):
            return str(node.data)
        return str(self.environment.shown(node.as_const(frame.eval_ctx)))  # type: ignore[attr-defined]

    def _output_child_pre(self, node: nodes.Expr, frame: Frame, finalize: Any) -> None:
        self.write("(" if self._is_ready(node) else "environment.shown(")

    def _output_child_post(self, node: nodes.Expr, frame: Frame, finalize: Any) -> None:
        self.write(")")


class MailEnvironment(ImmutableSandboxedEnvironment):
    """Reads only keys of plain dictionaries: there is no way from a value to a method. `shown` makes the
    text that stands for a value, escaped and encoded as the place wants it. `ready_links`: `links` is a list
    that holds every link of the mail, each as the place wants it."""

    code_generator_class: type[CodeGenerator] = _Generator

    def __init__(
        self,
        shown: Callable[[Any], str] = str,
        *,
        strict: bool = False,
        ready_links: bool = False,
        **options: Any,
    ) -> None:
        super().__init__(undefined=StrictUndefined if strict else ChainableUndefined, **options)
        self.shown = shown
        self.ready_links = ready_links
        self.globals.clear()
        self.filters = {name: self.filters[name] for name in _FILTERS}
        self.filters |= {"join": join, "each": each, "date": dates.in_words, "round": rounded}
        self.filters = {name: bounded(one) for name, one in self.filters.items()}
        self.tests = {name: self.tests[name] for name in _TESTS}

    def getattr(self, obj: Any, attribute: str) -> Any:
        if type(obj) is dict:  # nearly always; this is the hottest line of sending
            try:
                return obj[attribute]
            except KeyError:
                return self.undefined(obj=obj, name=attribute)
        return self._part(obj, attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        if isinstance(obj, (list, tuple, str)) and isinstance(argument, (int, slice)):
            try:
                return obj[argument]
            except IndexError:
                return self.undefined(obj=obj, name=str(argument))
        return self._part(obj, argument)

    def _part(self, obj: Any, name: Any) -> Any:
        if isinstance(obj, dict):
            try:
                return obj[name]
            except (KeyError, TypeError):
                return self.undefined(obj=obj, name=str(name))
        if isinstance(obj, LoopContext) and not str(name).startswith("_"):
            return super().getattr(obj, name)
        if isinstance(obj, ChainableUndefined):
            return obj
        if isinstance(obj, Undefined):
            return getattr(obj, "part")  # noqa: B009 - strict: raises UndefinedError with its sentence
        return self.undefined(obj=obj, name=str(name))


_PARSER = MailEnvironment()


def parsed(text: str, env: MailEnvironment, language: str = "en") -> nodes.Template:
    """The syntax tree for an environment, its loops bounded, its dates in the language of the mail. Raises
    TemplateSyntaxError."""
    tree = env.parse(text)
    for date in tree.find_all(nodes.Filter):
        if date.name == "date":
            date.args = [nodes.Const(language, lineno=date.lineno)]
    for loop in tree.find_all(nodes.For):
        loop.iter = nodes.Filter(loop.iter, "each", [], [], None, None, lineno=loop.lineno)
    tree.set_environment(env)
    return tree


def template_faults(text: str, ground: Ground = MAIL) -> list[Fault]:
    """(line, sentence) of everything in a template that may not stand there."""
    if len(text) > MOST_CHARACTERS:
        return [(1, _("The text is longer than {n} characters.").format(n=MOST_CHARACTERS))]
    try:
        tree = _PARSER.parse(text)
    except TemplateSyntaxError as fault:
        return [(fault.lineno, _("The template cannot be read: {why}.").format(why=fault.message))]
    except RecursionError:
        return [(1, _("The template is nested too deeply."))]
    except ValueError:  # thousands of digits: Python does not even read them
        return [(1, _too_long())]
    if _too_deep(tree):
        return [(1, _("The template is nested too deeply."))]
    return sorted(set(_tree_faults(tree, ground)))


def _too_deep(tree: nodes.Node) -> bool:
    """Whether parts stand in parts more than DEEPEST times; asked level by level, so that no depth hurts."""
    level: list[nodes.Node] = [tree]
    for _depth in range(DEEPEST):
        level = [child for node in level for child in node.iter_child_nodes()]
        if not level:
            return False
    return True


def says_something(text: str) -> bool:
    """Whether a template without faults can come out as more than blanks."""
    outputs = _PARSER.parse(text).find_all(nodes.Output)
    return any(not _is_blank(piece) for output in outputs for piece in output.nodes)


def _is_blank(piece: nodes.Expr) -> bool:
    if isinstance(piece, nodes.TemplateData):
        return not piece.data.strip()
    return isinstance(piece, nodes.Const) and not str(piece.value).strip()


def _tree_faults(tree: nodes.Template, ground: Ground) -> Iterator[Fault]:
    if sum(1 for _node in tree.find_all(nodes.Node)) > MOST_NODES:
        yield 1, _("The template has more than {n} parts.").format(n=MOST_NODES)
        return
    own = {name.name for name in tree.find_all(nodes.Name) if name.ctx == "store"}
    for node in tree.find_all(nodes.Node):
        yield from _node_faults(node, own, ground)
    yield from _loop_faults(tree, 0, ground)
    if _work(tree) > MOST_WORK:
        yield 1, _("Its loops hold too much: take parts out of them.")


def _work(node: nodes.Node) -> int:
    inside = sum(_work(child) for child in node.iter_child_nodes())
    return 1 + inside * (LONGEST_LOOP if isinstance(node, nodes.For) else 1)


def _node_faults(node: nodes.Node, own: set[str], ground: Ground) -> Iterator[Fault]:
    if not isinstance(node, _KNOWN):
        # Some parts that Jinja makes up itself stand on no line.
        what = _SAID_AS.get(type(node), type(node).__name__.lower())
        yield node.lineno or 1, _("“{what}” cannot be used here.").format(what=what)
    elif isinstance(node, nodes.Filter) and node.name not in (*_FILTERS, *_OURS, *ground.filters):
        yield node.lineno, _("There is no filter “{name}”.").format(name=node.name)
    elif isinstance(node, nodes.Test) and node.name not in _PARSER.tests:
        yield node.lineno, _("There is no test “{name}”.").format(name=node.name)
    elif isinstance(node, nodes.Const) and type(node.value) is int and node.value > _LARGEST_NUMBER:
        yield node.lineno, _too_long()
    elif isinstance(node, nodes.Assign):
        yield from _assign_faults(node, ground)
    elif isinstance(node, nodes.Name) and node.ctx == "load" and node.name not in ground.roots | own:
        yield node.lineno, _("“{name}” is not known.").format(name=node.name)
    elif isinstance(node, nodes.Getattr):
        yield from _part_faults(node, own, ground)


def _too_long() -> str:
    return _("A number in the template is too long.")


def _assign_faults(node: nodes.Assign, ground: Ground) -> Iterator[Fault]:
    if not isinstance(node.target, nodes.Name) or node.target.name in ground.roots:
        yield node.lineno, _("“set” takes one new name.")
    if any(not isinstance(part, _NAMING) for part in (node.node, *node.node.find_all(nodes.Node))):
        yield node.lineno, _("“set” may name a value, not put one together.")


def _part_faults(node: nodes.Getattr, own: set[str], ground: Ground) -> Iterator[Fault]:
    path = _path(node.node)
    known = ground.parts.get(path) if path.partition(".")[0] not in own else None
    if known is not None and node.attr not in known:
        yield node.lineno, _("“{name}” is not known.").format(name=f"{path}.{node.attr}")


def _path(node: nodes.Expr) -> str:
    if isinstance(node, nodes.Getattr):
        return f"{_path(node.node)}.{node.attr}"
    return node.name if isinstance(node, nodes.Name) else "?"


def _loop_faults(node: nodes.Node, depth: int, ground: Ground) -> Iterator[Fault]:
    for child in node.iter_child_nodes():
        inside = depth + isinstance(child, nodes.For)
        if isinstance(child, nodes.For):
            yield from _one_loop_faults(child, inside, ground)
        yield from _loop_faults(child, inside, ground)


def _one_loop_faults(loop: nodes.For, depth: int, ground: Ground) -> Iterable[Fault]:
    if depth > ground.deepest_loop:
        yield loop.lineno, _("Loops may stand {n} deep at most.").format(n=ground.deepest_loop)
    if loop.recursive or not isinstance(loop.iter, (nodes.Name, nodes.Getattr, nodes.Getitem)):
        yield loop.lineno, _("A loop runs over a list, such as {name}.").format(name=ground.a_list)
