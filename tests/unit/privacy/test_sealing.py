"""Sealed values open only unchanged, for their own field, with a key we hold."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payments_core.privacy import (
    KeyFileInvalid,
    SealBroken,
    Sealer,
    SealKeyUnknown,
    create_key_file,
    read_sealer,
)

OLD = {"k1": b"1" * 32}
BOTH = {"k1": b"1" * 32, "k2": b"2" * 32}
SEALER = Sealer(keys=OLD, active="k1", hash_key=b"h" * 32)


@given(st.text(), st.text())
def test_what_was_sealed_for_a_field_opens_for_that_field(value: str, field: str) -> None:
    assert SEALER.open(SEALER.seal(value, field=field), field=field) == value


def test_two_seals_of_one_value_differ() -> None:
    assert SEALER.seal("13800001234", field="phone") != SEALER.seal("13800001234", field="phone")


def test_a_value_sealed_for_another_field_does_not_open() -> None:
    sealed = SEALER.seal("13800001234", field="phone")
    with pytest.raises(SealBroken) as refusal:
        SEALER.open(sealed, field="legal_id_no")
    assert refusal.value.code == "SEAL_BROKEN"


@pytest.mark.parametrize("position", [0, 1, 8, 14, 30, -1])
def test_a_changed_byte_is_noticed(position: int) -> None:
    sealed = SEALER.seal("13800001234", field="phone")
    head, body = sealed.rsplit(".", 1)
    letters = list(body)
    letters[position] = "A" if letters[position] != "A" else "B"
    with pytest.raises(SealBroken):
        SEALER.open(f"{head}.{''.join(letters)}", field="phone")


@pytest.mark.parametrize(
    "garbage", ["", "13800001234", "s1.k1", "s1.k1.", "s1.k1.中文", "s2.k1.AAAA", "s1.k1.!!!!"]
)
def test_anything_that_is_no_seal_is_refused(garbage: str) -> None:
    with pytest.raises(SealBroken):
        SEALER.open(garbage, field="phone")


def test_after_a_rotation_old_values_open_and_new_ones_carry_the_new_key() -> None:
    rotated = Sealer(keys=BOTH, active="k2", hash_key=b"h" * 32)
    assert rotated.open(SEALER.seal("x", field="f"), field="f") == "x"
    assert rotated.seal("x", field="f").startswith("s1.k2.")


def test_a_value_of_an_unknown_key_names_the_key() -> None:
    sealed = Sealer(keys=BOTH, active="k2", hash_key=b"h" * 32).seal("x", field="f")
    with pytest.raises(SealKeyUnknown) as refusal:
        SEALER.open(sealed, field="f")
    assert (refusal.value.code, refusal.value.fields["key_id"]) == ("SEAL_KEY_UNKNOWN", "k2")


def test_hashes_depend_on_the_key_and_the_purpose() -> None:
    other = Sealer(keys=OLD, active="k1", hash_key=b"i" * 32)
    assert SEALER.hash_payer("openid-1") == SEALER.hash_payer("openid-1")
    assert SEALER.hash_payer("openid-1") != other.hash_payer("openid-1")
    assert SEALER.hash_payer("X") != SEALER.hash_subject("X")
    assert len(SEALER.hash_subject("X")) == 32


def test_a_subject_is_the_same_in_any_case_and_with_spaces_around() -> None:
    assert SEALER.hash_subject(" 91110108ma01x1234k ") == SEALER.hash_subject("91110108MA01X1234K")


def test_a_key_file_is_made_once_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    path = tmp_path / "keys"
    create_key_file(path)
    sealed = read_sealer(path).seal("x", field="f")
    create_key_file(path)
    assert read_sealer(path).open(sealed, field="f") == "x"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [p.name for p in tmp_path.iterdir()] == ["keys"]


def test_the_last_seal_line_is_the_active_key(tmp_path: Path) -> None:
    path = tmp_path / "keys"
    create_key_file(path)
    before = read_sealer(path).seal("x", field="f")
    path.write_text(path.read_text() + f"seal k2 {'A' * 43}=\n")
    rotated = read_sealer(path)
    assert rotated.seal("x", field="f").startswith("s1.k2.")
    assert rotated.open(before, field="f") == "x"


@pytest.mark.parametrize(
    "content",
    [
        "",
        "seal k1 " + "A" * 43 + "=",  # no hash key
        "hash " + "A" * 43 + "=",  # nothing to seal with
        "hash AAAA\nseal k1 " + "A" * 43 + "=",  # 3 bytes are no key
        "hash !!!!\nseal k1 " + "A" * 43 + "=",
        "hash 键",
        "hash " + "A" * 43 + "=\nseal k1 " + "A" * 43 + "=\nseal k1 " + "A" * 43 + "=",  # one id twice
        "password hunter2",
    ],
)
def test_a_key_file_that_is_not_one_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "keys"
    path.write_text(content)
    with pytest.raises(KeyFileInvalid) as refusal:
        read_sealer(path)
    assert refusal.value.code == "KEY_FILE_INVALID"
    assert "AAAA" not in refusal.value.message


def test_a_missing_key_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(KeyFileInvalid):
        read_sealer(tmp_path / "none")
