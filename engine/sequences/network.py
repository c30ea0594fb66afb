"""One durable-rules ruleset: holds the beginnings of sequences and says which of them an event completes.

Every rule and every pattern uses the same ruleset, written below: *the first and the last carry the same link
number, and the last lies in the window that the first opened*. So no rule file can take durable-rules outside
the envelope in which it was measured (docs/sequences.md): two conditions, one join, whole numbers only, the
default sid, facts and never events, no actions, and identities of our own.

It goes through `durable_rules_engine`, the compiled part of durable-rules: the Python part around it starts
threads, reads the clock and swallows exceptions.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import durable_rules_engine as durable  # type: ignore[import-not-found]  # a C extension

from engine.sequences.errors import SequenceError

GENERATION = 100_000
"""How many facts one ruleset is given before a new one takes over what is held.

durable-rules tells facts apart by a 32-bit hash of their ids. The hashes of 1 … 100 000 all differ (a test
goes through them); the first two that do not are 40189 and 797186.
"""
OPEN_LIMIT = 20_000
"""The most beginnings one rule may hold at a time: durable-rules takes 8 KB for each."""
_RESULTS = 1_000
"""How many results are read at once."""

RULESET = {
    "match": {
        "all": [
            {"first": {"$and": [{"step": 1}]}},
            {
                "last": {
                    "$and": [
                        {"step": 2},
                        {"link": {"first": "link"}},
                        {"$gte": {"at": {"first": "at"}}},
                        {"$lt": {"at": {"first": "until"}}},
                        # Always true, and must stay last: where the last part of a join is false,
                        # durable-rules reads on past the end of its list and crashes.
                        {"$gt": {"step": {"first": "step"}}},
                    ]
                }
            },
        ],
        "cap": _RESULTS,
    }
}
_DEFINITION = json.dumps(RULESET)


@dataclass(slots=True, kw_only=True, eq=False)
class Held:
    """A beginning that waits for its end: an event, and until when. `number` changes with the generation."""

    number: int
    link: int
    at_us: int
    until_us: int
    event_id: str


class Network:
    """The beginnings one rule holds, in one durable-rules ruleset. One thread at a time."""

    __slots__ = ("_generation", "_handle", "_held", "_last_number", "_name")

    def __init__(self, *, name: str, generation: int = GENERATION) -> None:
        """Begin with nothing held; `generation` is shorter in tests."""
        self._name = name
        self._generation = generation
        self._handle = durable.create_ruleset(name, _DEFINITION)
        self._held: dict[int, Held] = {}
        self._last_number = 0

    @property
    def is_full(self) -> bool:
        """Tell whether no more may be held."""
        return len(self._held) >= min(OPEN_LIMIT, self._generation // 2)

    def hold(self, *, link: int, at_us: int, until_us: int, event_id: str) -> Held:
        """Hold a beginning, to be completed by an event of the same link in `[at_us, until_us)`."""
        held = Held(number=self._number(), link=link, at_us=at_us, until_us=until_us, event_id=event_id)
        self._assert(held)
        return held

    def drop(self, held: Held) -> None:
        """Forget a beginning."""
        del self._held[held.number]
        self._retract(held.number)

    def completed_by(self, *, link: int, at_us: int) -> list[Held]:
        """Return the beginnings that an event of this link at this time completes; they stay held."""
        number = self._number()
        fact = f'{{"id":{number},"step":2,"link":{link},"at":{at_us}}}'
        code, state = durable.assert_fact(self._handle, fact)
        self._ensure(code)
        found: list[Held] = []
        started = durable.start_action_for_state(self._handle, state)
        # `complete_and_start_action` crashes when nothing was started.
        results = started[1] if started else None
        while results:
            found += [self._held[result["first"]["id"]] for result in json.loads(results)["match"]]
            results = durable.complete_and_start_action(self._handle, state)
        self._retract(number)
        return found

    def close(self) -> None:
        """Give the memory back. The network is of no use afterwards."""
        durable.delete_ruleset(self._handle)

    def _number(self) -> int:
        if self._last_number >= self._generation:
            self._renew()
        self._last_number += 1
        return self._last_number

    def _renew(self) -> None:
        """Move what is held into a new ruleset, under new numbers, and delete the old one."""
        former, self._handle = self._handle, durable.create_ruleset(self._name, _DEFINITION)
        moved, self._held, self._last_number = self._held, {}, 0
        for held in moved.values():
            self._last_number += 1
            held.number = self._last_number
            self._assert(held)
        durable.delete_ruleset(former)

    def _assert(self, held: Held) -> None:
        self._held[held.number] = held
        fact = f'{{"id":{held.number},"step":1,"link":{held.link},"at":{held.at_us},"until":{held.until_us}}}'
        self._ensure(durable.assert_fact(self._handle, fact)[0])

    def _retract(self, number: int) -> None:
        self._ensure(durable.retract_fact(self._handle, f'{{"id":{number}}}')[0])

    def _ensure(self, code: Any) -> None:
        if code != 0:
            raise SequenceError(f"durable-rules answered {code} in ruleset {self._name}")
