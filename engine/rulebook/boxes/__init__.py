"""Conditions as boxes: what intervals and enumerations can tell about a table, fast enough while typing.

    sweep = Sweep(Boxes([row.condition.tree for row in table.rows]))
    sweep.first(3)  # facts that row 3 decides, None if the rows before it leave it nothing

It answers only what is a box and raises NotABox for the rest, which is the solver's (engine.rulebook.prove).
It needs neither the solver nor any library.
"""

from engine.rulebook.boxes.reading import Boxes, NotABox
from engine.rulebook.boxes.sweep import STEPS_LIMIT, Sweep

__all__ = ["STEPS_LIMIT", "Boxes", "NotABox", "Sweep"]
