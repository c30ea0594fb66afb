"""Many questions about one set of formulas: the solver is given them once, then asked again and again."""

from __future__ import annotations

import z3

from engine.expressions.smt import Formula, Reading
from engine.expressions.smt_logic import both
from engine.expressions.smt_search import STEPS_LIMIT, Confirms, Facts, Undecided, WitnessDenied


class Repeated:
    """Formulas over one reading, each given once under a name, and questions about them.

    `is_exact` says that the formulas say all; otherwise a model that is not confirmed decides nothing.
    """

    def __init__(self, reading: Reading, *, is_exact: bool = True, steps: int = STEPS_LIMIT) -> None:
        """Take the reading that all formulas are made with."""
        self.reading = reading
        self._is_exact = is_exact
        self._solver = z3.SimpleSolver(ctx=reading.context)
        self._solver.set("rlimit", steps)

    def named(self, formula: Formula) -> Formula:
        """Return a name for a formula, which costs nothing to repeat; what is known already needs none."""
        if isinstance(formula, bool):
            return formula
        name = z3.FreshBool("named", self.reading.context)
        self._solver.add(name == formula)
        return name

    def find(self, *claims: Formula, confirms: Confirms) -> Facts | None:
        """Return facts for which all claims are true, None if there are none; they are not made plain.

        Raises Undecided, WitnessDenied: see `smt_search.find`.
        """
        claim = both(*claims)
        if claim is False:
            return None
        self._solver.push()
        try:
            self._solver.add(self.reading.domain(), claim)
            answer = self._solver.check()
            if answer == z3.unsat:
                return None
            if answer != z3.sat:
                raise Undecided(self._solver.reason_unknown())
            facts = self.reading.values(self._solver.model())
        finally:
            self._solver.pop()
        if confirms(facts):
            return facts
        if self._is_exact:
            raise WitnessDenied(f"{facts} do not do what the solver says")
        raise Undecided("rows meet whose outcome the solver cannot tell apart")
