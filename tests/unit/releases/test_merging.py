"""Two editors of one file: what goes together is merged row by row, what does not is shown."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.releases.merging import merge_texts
from engine.rulebook.documents import load

PATH = "rules/merchant_fee/fee.std.yaml"
BASE = """# Fees of the city.
kind: merchant_fee
id: fee.std
version: 3
spec:
  rows:
    - {when: "txn.channel == 'BANKCARD'", rate: "0.0060", cap_fen: 2000}  # cards
    # The scanned ones:
    - {when: "txn.channel == 'WECHAT'", rate: "0.0038", cap_fen: 9000}
    - when: "true"
      rate: "0.0050"
      cap_fen: 8000
"""


def merged(ours: str, theirs: str, base: str = BASE) -> str | None:
    return merge_texts(path=PATH, base=base, ours=ours, theirs=theirs).text


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (('"0.0060"', '"0.0055"'), ('"0.0038"', '"0.0035"')),  # two rows
        (('"0.0060"', '"0.0055"'), ("2000", "2500")),  # two fields of one line
        (('"0.0050"', '"0.0045"'), ("8000", "8500")),  # two fields on lines that touch
        (("# cards", "# bank cards"), ('"0.0060"', '"0.0055"')),  # a comment and a value of one line
        (("# Fees of the city.", "# Fees of Beijing."), ("8000", "8500")),
        (
            ("    - when", '    - {when: "txn.channel == \'ALIPAY\'", rate: "0.0037"}\n    - when'),
            ("2000", "2500"),
        ),
        (
            ('    - {when: "txn.channel == \'WECHAT\'", rate: "0.0038", cap_fen: 9000}\n', ""),
            ("8000", "8500"),
        ),
    ],
)
def test_edits_of_different_places_are_merged_whoever_comes_first(
    ours: tuple[str, str], theirs: tuple[str, str]
) -> None:
    both = BASE.replace(*ours).replace(*theirs)
    assert merged(BASE.replace(*ours), BASE.replace(*theirs)) == both
    assert merged(BASE.replace(*theirs), BASE.replace(*ours)) == both


def test_the_same_edit_on_both_sides_is_one_edit() -> None:
    text = BASE.replace('"0.0060"', '"0.0055"')
    assert merged(text, text.replace("8000", "8500")) == text.replace("8000", "8500")


def test_one_field_with_two_values_is_a_clash_that_names_both() -> None:
    answer = merge_texts(
        path=PATH,
        base=BASE,
        ours=BASE.replace('"0.0038"', '"0.0035"'),
        theirs=BASE.replace('"0.0038"', '"0.0040"'),
    )
    [clash] = answer.clashes
    assert answer.text is None
    assert (clash.where, clash.base, clash.ours, clash.theirs) == (
        "spec.rows.1.rate",
        "0.0038",
        "0.0035",
        "0.0040",
    )


ROW = '    - {{when: "txn.amount_fen > {0}", rate: "0.0010"}}\n'


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        # Which of two new rows in one place comes first is policy, so nobody guesses it.
        (
            BASE.replace("    - when", ROW.format(1) + "    - when"),
            BASE.replace("    - when", ROW.format(2) + "    - when"),
        ),
        # A row that one side took away and the other changed.
        (
            BASE.replace('    - when: "true"\n      rate: "0.0050"\n      cap_fen: 8000\n', ""),
            BASE.replace("8000", "8500"),
        ),
        # The same new field on both sides, in two places of its row: it would stand there twice.
        (
            BASE.replace('      rate: "0.0050"', '      label: L\n      rate: "0.0050"'),
            f"{BASE}      label: L\n",
        ),
        (BASE, None),
        (BASE.replace("8000", "8500"), "kind: [\n"),
        (BASE.replace("# cards", "# bank cards"), BASE.replace("# cards", "# all cards")),
    ],
)
def test_what_cannot_be_decided_is_never_decided(ours: str, theirs: str | None) -> None:
    changed = ours if ours != BASE else BASE.replace("8000", "8600")
    answer = merge_texts(path=PATH, base=BASE, ours=changed, theirs=theirs)
    assert answer.text is None
    assert answer.clashes


def test_the_higher_version_stays() -> None:
    ours, theirs = BASE.replace("version: 3", "version: 5"), BASE.replace("version: 3", "version: 4")
    assert merged(ours, theirs.replace("8000", "8500")) == ours.replace("8000", "8500")


ROWS = 6
EDITS = st.dictionaries(
    st.tuples(st.integers(0, ROWS - 1), st.sampled_from(["rate", "cap_fen", "label"])),
    st.integers(10, 99),
    max_size=5,
)


def table(values: dict[tuple[int, str], int]) -> str:
    lines = ["kind: k", "version: 1", "spec:", "  rows:"]
    for row in range(ROWS):
        fields = (f"{name}: {values.get((row, name), row)}" for name in ("rate", "cap_fen", "label"))
        lines += [f"    # about row {row}", f'    - {{when: "x == {row}", {", ".join(fields)}}}  # {row}']
    return "\n".join(lines) + "\n"


@settings(max_examples=60, deadline=None)
@given(ours=EDITS, theirs=EDITS)
def test_any_edits_of_fields_are_merged_exactly_or_clash_where_both_differ(
    ours: dict[tuple[int, str], int], theirs: dict[tuple[int, str], int]
) -> None:
    answer = merge_texts(path=PATH, base=table({}), ours=table(ours), theirs=table(theirs))
    differing = {place for place in ours.keys() & theirs.keys() if ours[place] != theirs[place]}
    if answer.text is not None:
        assert not differing
        assert answer.text == table({**ours, **theirs})
    else:
        # A row of which most fields changed is another row: then a clash without a common field is right.
        crowded = {row for row, _ in ours} & {row for row, _ in theirs}
        assert differing or crowded
    if not {row for row, _ in ours} & {row for row, _ in theirs}:
        assert answer.text is not None
        assert load(path=PATH, text=answer.text)[0] is not None
