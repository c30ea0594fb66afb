"""The official CEL implementation (`cel-expr-python`), met nowhere else.

It parses and type-checks every condition, and it is the oracle of the tests and the peer of the bench. It
fails open when asked carelessly: an error comes back as a value of type ERROR holding a truthy string. Here
anything but a BOOL is an EvaluationError.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from cel_expr_python import cel
from google.protobuf.timestamp_pb2 import Timestamp

from engine.expressions.decoded import Decoded, decode
from engine.expressions.errors import EvaluationError
from engine.expressions.vocabulary import FactType, Value, Vocabulary

_TYPES = {
    FactType.INT: cel.Type.INT,
    FactType.BOOL: cel.Type.BOOL,
    FactType.STRING: cel.Type.STRING,
    FactType.TIMESTAMP: cel.Type.TIMESTAMP,
    FactType.LIST_STRING: cel.Type.List(cel.Type.STRING),
}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_POSITIONED = re.compile(r"ERROR: <input>:(\d+):(\d+): (.*?)(?=\n \| )", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Complaint:
    """One error of the official parser or checker; `offset` is 0 where it names no place."""

    message: str
    offset: int


class Refused(Exception):
    """The official compiler refused the text."""

    def __init__(self, complaints: tuple[Complaint, ...]) -> None:
        super().__init__("; ".join(complaint.message for complaint in complaints))
        self.complaints = complaints


def parse(*, source: str, vocabulary: Vocabulary) -> Decoded:
    """Return the tree without types. Raises Refused, TooDeep."""
    return _compile(source=source, vocabulary=vocabulary, types=False)


def check(*, source: str, vocabulary: Vocabulary) -> Decoded:
    """Return the tree with types and overloads. Raises Refused, TooDeep."""
    return _compile(source=source, vocabulary=vocabulary, types=True)


def evaluate_officially(*, source: str, vocabulary: Vocabulary, facts: Mapping[str, Value]) -> bool:
    """Return what the official evaluator says. Raises EvaluationError CEL_ERROR for anything but a BOOL."""
    conditions = OfficialSet(sources=(source,), vocabulary=vocabulary)
    return conditions.evaluate(conditions.bind(facts))[0]


class OfficialSet:
    """Conditions compiled by the official implementation, evaluated together over facts bound once."""

    def __init__(self, *, sources: tuple[str, ...], vocabulary: Vocabulary) -> None:
        self._environment = _environment(vocabulary)
        self._expressions = tuple(self._environment.compile(source) for source in sources)

    def bind(self, facts: Mapping[str, Value]) -> cel.Activation:
        """Return the facts as the evaluator takes them; sets of one vocabulary may share them."""
        return self._environment.Activation({name: _bound(value) for name, value in facts.items()})

    def evaluate(self, bound: cel.Activation) -> tuple[bool, ...]:
        """Return the answer of every condition. Raises EvaluationError CEL_ERROR for anything but a BOOL."""
        return tuple(_answer(expression.eval(bound)) for expression in self._expressions)

    def first(self, bound: cel.Activation) -> int | None:
        """Return the index of the first true condition, None if none is. Raises as `evaluate` does."""
        for index, expression in enumerate(self._expressions):
            if _answer(expression.eval(bound)):
                return index
        return None


def _bound(value: Value) -> object:
    """Return a value as it takes it: tuples it refuses, the first and last datetime become infinite."""
    if isinstance(value, tuple):
        return list(value)
    if isinstance(value, datetime):
        since = value - _EPOCH
        return Timestamp(seconds=since // timedelta(seconds=1), nanos=since.microseconds * 1_000)
    return value


def _answer(value: cel.Value) -> bool:
    answer = value.value()
    if value.type() != cel.Type.BOOL or not isinstance(answer, bool):
        raise EvaluationError("CEL_ERROR", detail=str(answer))
    return answer


@lru_cache(maxsize=64)
def _environment(vocabulary: Vocabulary) -> cel.Env:
    environment = cel.NewEnv(variables={name: _TYPES[fact.type] for name, fact in vocabulary.facts.items()})
    # It learns the types of its variables at the first compilation. Facts bound in an environment that has
    # compiled nothing are guessed from their Python types instead, and a datetime is then an error.
    environment.compile("true")
    return environment


def _compile(*, source: str, vocabulary: Vocabulary, types: bool) -> Decoded:
    try:
        expression = _environment(vocabulary).compile(source, disable_check=not types)
    except RuntimeError as error:
        raise Refused(_complaints(str(error), source)) from error
    return decode(expression.serialize())


def _complaints(text: str, source: str) -> tuple[Complaint, ...]:
    line_starts = [0, *(match.end() for match in re.finditer("\n", source))]
    found = tuple(
        Complaint(message=message, offset=line_starts[int(line) - 1] + int(column) - 1)
        for line, column, message in _POSITIONED.findall(text)
    )
    return found or (Complaint(message=text, offset=0),)
