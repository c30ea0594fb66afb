"""Which CEL 好店 accepts, judged on the parsed tree, before types: every refusal says what to write instead.

A condition is refused rather than misread: what is not named here is not supported. Cost is bounded here too.
"""

from __future__ import annotations

from engine.expressions.decoded import Decoded, Loop, find_quantifier
from engine.expressions.report import Report, nearest
from engine.expressions.vocabulary import LIST_LIMIT, Fact, Vocabulary

LENGTH_LIMIT = 8_000
DEPTH_LIMIT = 24
COST_LIMIT = 5_000

FUNCTIONS = frozenset(
    {"_==_", "_!=_", "_<_", "_<=_", "_>_", "_>=_", "_&&_", "_||_", "!_", "_?_:_", "@in", "_+_", "_-_", "_*_"}
    | {"_/_", "_%_", "-_", "size", "startsWith", "endsWith", "contains", "timestamp"}
)
_TYPED = ("事实都有类型，不需要转换，直接比较", "facts are typed; compare them without converting")
_TIME = (
    "用现成的事实，例如 now.hour_cst、*_s 结尾的秒数",
    "use a ready fact, such as now.hour_cst or one counting seconds (*_s)",
)
_QUANTIFY = ("用 exists(x, …) 或 all(x, …)", "use exists(x, …) or all(x, …)")
_AVAILABLE = (
    "可用的函数：size、startsWith、endsWith、contains、exists、all、timestamp",
    "the functions are size, startsWith, endsWith, contains, exists, all, timestamp",
)
_ADVICE = {
    "matches": (
        "用 startsWith、endsWith、contains，或 in [..] 列举",
        "use startsWith, endsWith, contains, or list the values with in [..]",
    ),
    "has": ("每个事实都有默认值，直接比较", "every fact has a default; compare it directly"),
    "map": _QUANTIFY,
    "filter": _QUANTIFY,
    "exists_one": _QUANTIFY,
    "exists": ("写法是 列表.exists(x, 条件)", "write list.exists(x, condition)"),
    "all": ("写法是 列表.all(x, 条件)", "write list.all(x, condition)"),
    "_[_]": ("用 'x' in 列表", "use 'x' in list"),
    "duration": _TIME,
    **dict.fromkeys(("int", "uint", "double", "string", "bool", "bytes", "type"), _TYPED),
    **dict.fromkeys(
        (
            *("getFullYear", "getMonth", "getDate", "getDayOfMonth", "getDayOfWeek", "getDayOfYear"),
            *("getHours", "getMinutes", "getSeconds", "getMilliseconds"),
        ),
        _TIME,
    ),
}
_KINDS = {
    "uint": ("无符号整数", "unsigned integers are", "去掉 u", "drop the u"),
    "bytes": ("字节串", "bytes are", "用文本 '…'", "use a text '…'"),
    "null": (
        " null",
        "null is",
        "每个事实都有默认值，与默认值比较",
        "every fact has a default; compare with it",
    ),
    "struct": ("映射和消息", "maps and messages are", "用 in [..] 或 || 列举", "use in [..] or ||"),
}


def check_subset(*, tree: Decoded, vocabulary: Vocabulary, report: Report) -> None:
    """Report everything outside the subset, unknown enum values and excessive cost."""
    whole = (0, len(report.source))
    if _depth(tree) > DEPTH_LIMIT:
        report_cost(report, whole, f"嵌套超过 {DEPTH_LIMIT} 层", f"nested deeper than {DEPTH_LIMIT} levels")
        return
    _Checker(vocabulary=vocabulary, report=report).visit(tree, scope={})
    cost = _cost(tree)
    if cost > COST_LIMIT:
        report_cost(
            report,
            whole,
            f"最坏要 {cost} 步，上限 {COST_LIMIT}",
            f"up to {cost} steps; the limit is {COST_LIMIT}",
        )


def report_cost(report: Report, span: tuple[int, int], zh: str, en: str) -> None:
    """Report a condition as too expensive, for the reason given."""
    report.add(
        "COST_REFUSED",
        span,
        f"条件太复杂：{zh}",
        f"the condition is too expensive: {en}",
        hint_zh="拆成几条规则，或声明一个聚合事实",
        hint_en="split it into several rules, or declare an aggregate",
    )


def dotted(node: Decoded) -> str:
    """Return the qualified name a tree of selections spells, "" if it is something else."""
    if node.kind == "ident":
        return node.name
    if node.kind != "select":
        return ""
    before = dotted(node.children[0])
    return f"{before}.{node.name}" if before else ""


class _Checker:
    """`scope` maps each variable of an enclosing quantifier to the fact it runs over, None for a literal."""

    def __init__(self, *, vocabulary: Vocabulary, report: Report) -> None:
        self._vocabulary = vocabulary
        self._report = report
        self._taken = {name.partition(".")[0] for name in {*vocabulary.facts, *vocabulary.withheld}}

    def visit(self, node: Decoded, *, scope: dict[str, Fact | None]) -> None:
        match node.kind:
            case "double":
                self._float(node)
            case "has":
                self._unsupported(node, "has")
            case "call":
                self._call(node, scope)
            case "loop":
                self._loop(node, scope)
            case kind if kind in _KINDS:
                zh, en, hint_zh, hint_en = _KINDS[kind]
                span = self._report.span(node)
                self._report.add(
                    "UNSUPPORTED",
                    span,
                    f"不支持{zh}",
                    f"{en} not supported",
                    hint_zh=hint_zh,
                    hint_en=hint_en,
                )
            case _:
                for child in node.children:
                    self.visit(child, scope=scope)

    def _float(self, node: Decoded) -> None:
        self._report.add(
            "FLOAT_REFUSED",
            self._report.span(node),
            "不能用小数",
            "decimals are refused",
            hint_zh="金额写整数分，费率写百万分数（0.38% = 3800）",
            hint_en="write amounts in integer fen, rates in millionths (0.38% = 3800)",
        )

    def _unsupported(self, node: Decoded, name: str) -> None:
        hint_zh, hint_en = _ADVICE.get(name, _AVAILABLE)
        shown = "[ ]" if name == "_[_]" else f"{name}()"
        span = self._report.span(node)
        self._report.add(
            "UNSUPPORTED",
            span,
            f"不支持 {shown}",
            f"{shown} is not supported",
            hint_zh=hint_zh,
            hint_en=hint_en,
        )

    def _call(self, node: Decoded, scope: dict[str, Fact | None]) -> None:
        if node.name == "dyn":
            self._report.add(
                "DYN_REFUSED",
                self._report.span(node),
                "不能用 dyn()：类型必须在检查时确定",
                "dyn() is refused: types are known when checking",
                hint_zh="直接写里面的值",
                hint_en="write the value inside",
            )
        elif node.name not in FUNCTIONS:
            self._unsupported(node, node.name)
        elif node.name == "timestamp" and [child.kind for child in node.children] != ["string"]:
            self._report.add(
                "UNSUPPORTED",
                self._report.span(node),
                "timestamp() 只接受文本字面量",
                "timestamp() takes a literal only",
                hint_zh="例如 timestamp('2025-04-01T00:00:00+08:00')",
                hint_en="for example timestamp('2025-04-01T00:00:00+08:00')",
            )
        if node.name in ("_==_", "_!=_", "@in"):
            self._enum(node, scope)
        for child in node.children:
            self.visit(child, scope=scope)

    def _loop(self, node: Decoded, scope: dict[str, Fact | None]) -> None:
        loop = find_quantifier(node)
        if loop is None:
            offset, length = self._report.span(node)
            self._unsupported(node, self._report.source[offset : offset + length])
            return
        self.visit(loop.collection, scope=scope)
        if loop.variable in self._taken or loop.variable in scope:
            self._taken_name(node, loop)
        self.visit(loop.predicate, scope={**scope, loop.variable: self._fact(loop.collection, scope)})

    def _taken_name(self, node: Decoded, loop: Loop) -> None:
        self._report.add(
            "UNSUPPORTED",
            self._report.span(node),
            f"变量名 {loop.variable} 已有别的含义",
            f"the variable {loop.variable} already means something else",
            hint_zh="换一个名字，例如 x",
            hint_en="choose another name, such as x",
        )

    def _fact(self, node: Decoded, scope: dict[str, Fact | None]) -> Fact | None:
        name = dotted(node)
        return scope[name] if name in scope else self._vocabulary.facts.get(name)

    def _enum(self, node: Decoded, scope: dict[str, Fact | None]) -> None:
        """Compare each literal with the registry of the fact on the other side."""
        left, right = node.children
        for one, other in ((left, right), (right, left)):
            fact = self._fact(one, scope)
            if fact is not None and fact.values:
                for literal in other.children if other.kind == "list" else (other,):
                    self._registered(literal, fact)

    def _registered(self, literal: Decoded, fact: Fact) -> None:
        if literal.kind != "string" or literal.value in fact.values or literal.value == fact.default:
            return
        close = nearest(str(literal.value), fact.values)
        listed = "、".join(fact.values)
        self._report.add(
            "ENUM_UNKNOWN",
            self._report.span(literal),
            f"{fact.title}（{fact.name}）没有取值 '{literal.value}'",
            f"{fact.title_en} ({fact.name}) has no value '{literal.value}'",
            hint_zh=f"是不是 '{close}'？" if close else f"可取：{listed}",
            hint_en=f"did you mean '{close}'?" if close else f"one of: {', '.join(fact.values)}",
        )


def _depth(node: Decoded, above: str = "") -> int:
    """How deep operations nest; a chain of && or of || counts once, as CEL balances it."""
    below = max((_depth(child, node.name) for child in node.children), default=0)
    return below if node.name == above and node.name in ("_&&_", "_||_") else below + 1


def _cost(node: Decoded) -> int:
    """The most nodes an evaluation may visit; a list fact counts as LIST_LIMIT elements."""
    loop = find_quantifier(node) if node.kind == "loop" else None
    if loop is None:
        return 1 + sum(_cost(child) for child in node.children)
    times = len(loop.collection.children) if loop.collection.kind == "list" else LIST_LIMIT
    return 1 + _cost(loop.collection) + times * _cost(loop.predicate)
