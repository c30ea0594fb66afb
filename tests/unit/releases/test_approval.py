"""Who must approve: a person counts once, a writer never, an approval of another meaning not at all."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.releases import (
    Approvals,
    Author,
    Given,
    Release,
    chains_of,
    create_repository,
    load,
    outstanding,
    read_approvals,
    requirements,
)
from haodian.checking import read_folder
from tests.unit.releases.world import FILES, T0

ROOT = Path(__file__).parent.parent.parent.parent


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory) -> Release:
    path = tmp_path_factory.mktemp("rules") / "rulebook.git"
    author = Author(name="好店", email="rules@haodian")
    return load(path=path, commit=create_repository(path=path, files=read_folder(ROOT), author=author, at=T0))


@pytest.mark.parametrize(
    ("files", "impact_fen", "roles"),
    [
        (["rules/merchant_fee/fee.community.std.yaml"], 0, ("finance",)),
        (["rules/merchant_fee/fee.community.std.yaml"], None, ("finance", "risk")),
        (["rules/merchant_fee/fee.community.std.yaml"], 4_999_999, ("finance",)),
        (["rules/merchant_fee/fee.community.std.yaml"], 5_000_000, ("finance", "risk")),
        (["rules/merchant_fee/fee.community.std.yaml"], -5_000_000, ("finance", "risk")),
        (["rules/risk/new.yaml"], None, ("risk",)),
        (["rules/risk/new.yaml", "rules/merchant_fee/gone.yaml"], 0, ("finance", "risk")),
        (["rules/facts.yaml"], 0, ("finance",)),
        (["rules/approval.yaml"], 0, ("finance", "risk")),
        (["rules/kinds/risk.yaml"], 0, ("finance", "risk")),
        (["forms/onboarding.yaml"], None, ("hq_ops",)),
    ],
)
def test_the_kinds_and_the_money_say_who_approves(
    released: Release, files: list[str], impact_fen: int | None, roles: tuple[str, ...]
) -> None:
    chains = chains_of(read_approvals(released), released, files=files)
    assert requirements(chains=chains, impact_fen=impact_fen) == roles


def test_what_no_chain_names_passes_every_chain(tmp_path: Path) -> None:
    path = tmp_path / "rulebook.git"
    commit = create_repository(path=path, files=FILES, author=Author(name="a", email="a@b"), at=T0)
    small = load(path=path, commit=commit)
    approvals = read_approvals(small)
    assert [chain.name for chain in chains_of(approvals, small, files=["forms/hello.yaml"])] == ["money"]
    assert approvals == Approvals(chains=approvals.chains, roll_back=("finance",), emergency=())


def yes(person: str, role: str, meaning: str = "m") -> Given:
    return Given(person=person, role=role, meaning=meaning)


@pytest.mark.parametrize(
    ("given", "missing"),
    [
        ([], ("finance", "risk")),
        ([yes("a", "finance")], ("risk",)),
        ([yes("a", "finance"), yes("a", "risk")], ("risk",)),  # one person is one approval
        ([yes("a", "finance"), yes("a", "risk"), yes("b", "finance")], ()),  # a for risk, b for finance
        ([yes("a", "finance"), yes("b", "risk", "other")], ("risk",)),
        ([yes("writer", "finance"), yes("b", "risk")], ("finance",)),
        ([yes("a", "auditor"), yes("b", "risk")], ("finance",)),
    ],
)
def test_an_approval_counts_once_and_for_one_meaning(given: list[Given], missing: tuple[str, ...]) -> None:
    found = outstanding(("finance", "risk"), given=given, meaning="m", writers=frozenset({"writer"}))
    assert found == missing


@settings(max_examples=80)
@given(
    st.lists(st.sampled_from("xyz"), max_size=4),
    st.lists(st.tuples(st.sampled_from("abcd"), st.sampled_from("xyz")), max_size=8),
)
def test_as_few_as_can_be_are_missing(needed: list[str], said: list[tuple[str, str]]) -> None:
    """Held to trying every way of seating each person in one role."""

    def best(people: list[str], open_roles: tuple[str, ...]) -> int:
        if not people:
            return len(open_roles)
        first, *others = people
        ways = [best(others, open_roles)]
        for n, role in enumerate(open_roles):
            if (first, role) in said:
                ways.append(best(others, open_roles[:n] + open_roles[n + 1 :]))
        return min(ways)

    found = outstanding(needed, given=[yes(*one) for one in said], meaning="m", writers=frozenset())
    assert len(found) == best(sorted({person for person, _ in said}), tuple(needed))
