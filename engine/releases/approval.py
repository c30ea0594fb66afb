"""rules/approval.yaml: who must approve a change, by the kinds it touches and the money it moves.

    approvals = read_approvals(released)
    needed = requirements(approvals, chains=chains_of(approvals, released, files=change.files), impact_fen=…)
    missing = outstanding(needed, given=given, meaning=change.meaning, writers=change.writers)

A requirement is a role for each person who must say yes. A person counts once, whatever roles they approved
in; who wrote the change never counts; an approval of another meaning is none.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any

from engine.releases.loading import Release
from engine.rulebook.documents import load
from engine.rulebook.facts import APPROVAL_PATH


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """Who writes, approves and publishes; `by_impact` holds (least fen, roles), rising."""

    name: str
    write: tuple[str, ...]
    approve: tuple[str, ...]
    publish: tuple[str, ...]
    by_impact: tuple[tuple[int, tuple[str, ...]], ...]
    unmeasured: tuple[str, ...]
    files: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Approvals:
    """The whole of approval.yaml; without `roll_back` in the file nobody goes back alone."""

    chains: Mapping[str, Chain]
    roll_back: tuple[str, ...]
    emergency: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """One approval: who said yes, in which role, to which meaning."""

    person: str
    role: str
    meaning: str


def read_approvals(release: Release) -> Approvals:
    """Return who approves what by the rules of `release`, which have been checked."""
    document, _ = load(path=APPROVAL_PATH, text=release.files[APPROVAL_PATH])
    declared: Mapping[str, Any] = document.value if document is not None else {"chains": {}}
    chains = {name: _chain(name, chain) for name, chain in declared["chains"].items()}
    everyone = tuple(sorted({role for chain in chains.values() for role in chain.approve}))
    back = declared.get("roll_back", {"approve": everyone, "emergency": []})
    return Approvals(chains=chains, roll_back=tuple(back["approve"]), emergency=tuple(back["emergency"]))


def chains_of(approvals: Approvals, release: Release, *, files: Iterable[str]) -> tuple[Chain, ...]:
    """Return the chains that a change of `files` passes, by name.

    A rule has its kind's chain; of a kind that `release` does not know, and of any other file that no chain
    names, every chain.
    """
    names: set[str] = set()
    for file in files:
        folder = file.split("/")
        kind = release.rulebook.kinds.get(folder[1]) if folder[0] == "rules" and len(folder) > 2 else None
        named = {kind.approval} if kind is not None else _naming(approvals, file)
        names |= named or set(approvals.chains)
    return tuple(approvals.chains[name] for name in sorted(names))


def requirements(*, chains: Sequence[Chain], impact_fen: int | None) -> tuple[str, ...]:
    """Return the roles that must approve, one for each person needed; None is an impact nobody measured.

    Where several chains apply, each must be satisfied, and one person's yes serves all that name the role.
    """
    needed: Counter[str] = Counter()
    for chain in chains:
        needed |= Counter(_roles(chain, impact_fen))
    return tuple(sorted(needed.elements()))


def outstanding(
    needed: Sequence[str], *, given: Iterable[Given], meaning: str, writers: Set[str]
) -> tuple[str, ...]:
    """Return the roles of `needed` that no approval fills, as few as can be.

    Each person fills at most one, chosen so that most are filled (augmenting paths); approvals by `writers`
    and of another meaning fill none.
    """
    roles: dict[str, set[str]] = {}
    for one in given:
        if one.meaning == meaning and one.person not in writers:
            roles.setdefault(one.person, set()).add(one.role)
    filled: dict[int, str] = {}

    def find_seat(person: str, asked: set[int]) -> bool:
        for seat, role in enumerate(needed):
            if role in roles[person] and seat not in asked:
                asked.add(seat)
                if seat not in filled or find_seat(filled[seat], asked):
                    filled[seat] = person
                    return True
        return False

    for person in sorted(roles):
        find_seat(person, set())
    return tuple(role for seat, role in enumerate(needed) if seat not in filled)


def _chain(name: str, declared: Mapping[str, Any]) -> Chain:
    steps = sorted((step["from_fen"], tuple(step["approve"])) for step in declared.get("by_impact", ()))
    approve = tuple(declared["approve"])
    gravest = steps[-1][1] if steps else approve
    return Chain(
        name=name,
        write=tuple(declared["write"]),
        approve=approve,
        publish=tuple(declared["publish"]),
        by_impact=tuple(steps),
        unmeasured=tuple(declared.get("unmeasured", gravest)),
        files=tuple(declared.get("files", ())),
    )


def _naming(approvals: Approvals, file: str) -> set[str]:
    """Return the chain whose `files` has the longest beginning of `file`."""
    fitting = [
        (len(start), chain.name)
        for chain in approvals.chains.values()
        for start in chain.files
        if file.startswith(start)
    ]
    return {max(fitting)[1]} if fitting else set()


def _roles(chain: Chain, impact_fen: int | None) -> tuple[str, ...]:
    if impact_fen is None:
        return chain.unmeasured
    reached = [roles for least, roles in chain.by_impact if abs(impact_fen) >= least]
    return reached[-1] if reached else chain.approve
