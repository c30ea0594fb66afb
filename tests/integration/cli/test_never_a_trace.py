"""Whatever the command line is given: words, an exit code, and never a stack trace."""

from __future__ import annotations

import gzip
import json
import shutil
from pathlib import Path

import pytest

from haodian.settings import CHECKOUT
from tests import command_line
from tests.command_line import Done

FIXTURES = CHECKOUT / "tests/fixtures"
AWAY = "postgresql://nobody@127.0.0.1:1/none"
DONE, REFUSED, NOT_BEGUN = 0, 1, 2


def haodian(home: Path, *arguments: str, **environment: str) -> Done:
    done = command_line.haodian(*arguments, HAODIAN_HOME=str(home), **environment)
    said = done.out + done.err
    assert "Traceback" not in said
    assert said.strip()
    assert not list((home / "logs").glob("error-*.txt")), "it was taken for our own bug"
    return done


@pytest.fixture
def book(tmp_path: Path) -> Path:
    """A folder with the product's rules and forms, and one rule for a fixture to replace."""
    for name in ("rules", "forms"):
        shutil.copytree(CHECKOUT / name, tmp_path / "book" / name)
    return tmp_path / "book"


# One file for every way YAML, CEL and the rules of the kinds are broken; none is a reason to stop early.
BROKEN = {path.parts[-4]: path for path in sorted(FIXTURES.glob("wrong_rules/*/rules/*/fee.test.yaml"))}


def test_every_broken_rule_at_once_is_told_by_file_and_line(tmp_path: Path, book: Path) -> None:
    assert len(BROKEN) > 50
    for name, path in BROKEN.items():
        shutil.copy(path, book / "rules/merchant_fee" / f"fee.{name}.yaml")
    machine = haodian(tmp_path, "check", str(book), "--format", "json")
    human = haodian(tmp_path, "check", str(book))
    assert (machine.code, human.code) == (REFUSED, REFUSED)
    found = [one for one in json.loads(machine.out)["findings"] if one["severity"] == "error"]
    assert {one["file"] for one in found} >= {f"rules/merchant_fee/fee.{name}.yaml" for name in BROKEN}
    for one in found:
        assert one["line"] >= 1
        assert one["column"] >= 1
        assert f"{one['file']}:{one['line']}:{one['column']}: error {one['code']}" in human.out


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("rules/merchant_fee/fee.default.yaml", b"\xff\xfe\x00"),
        ("rules/merchant_fee/fee.default.yaml", b""),
        ("rules/merchant_fee/fee.default.yaml", b"a: &a [*a]\n"),
        ("rules/merchant_fee/fee.default.yaml", b"[" * 10_000),
        ("rules/facts.yaml", b"- 1\n"),
        ("rules/aggregates.yaml", b"7\n"),
        ("rules/approval.yaml", b"{}\n"),
        ("rules/kinds/merchant_fee.yaml", b"kind: 3\n"),
        ("rules/kinds/merchant_fee.schema.json", b"{"),
        ("rules/kinds/common.schema.json", b"[]"),
        ("forms/onboarding.yaml", b"id: onboarding\nschema: 7\n"),
        ("forms/onboarding.yaml", b"\x00"),
    ],
)
def test_a_broken_file_is_a_finding(tmp_path: Path, book: Path, path: str, content: bytes) -> None:
    (book / path).write_bytes(content)
    machine = haodian(tmp_path, "check", str(book), "--format", "json")
    assert machine.code == REFUSED
    found = json.loads(machine.out)
    assert found["errors"] > 0
    assert path in {one["file"] for one in found["findings"]}


@pytest.mark.parametrize(
    "arguments",
    [
        ("--nonsense",),
        ("check", "--format", "xml"),
        ("check", "a", "b"),
        ("check", str(BROKEN["alias"])),
        ("day", "--date"),
        ("day", "--date", "2025-02-30"),
        ("day", "2025-04-15"),
        ("import",),
        ("import", "."),
        ("version", "--loud"),
    ],
)
def test_wrong_arguments_are_told(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    assert haodian(tmp_path, *arguments).code == NOT_BEGUN


@pytest.mark.parametrize(
    "arguments",
    [
        ("migrate",),
        ("demo",),
        ("day",),
        ("check", "--active"),
        ("import", str(FIXTURES / "bills/wechat_all.csv")),
    ],
)
def test_a_database_that_is_away_is_told(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    done = haodian(tmp_path, *arguments, HAODIAN_DATABASE_URL=AWAY)
    assert done.code == NOT_BEGUN
    assert "无法连接数据库" in done.err


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "BILL_FORMAT_UNKNOWN"),
        (b"\x89PNG\r\n\x1a\n", "BILL_FORMAT_UNKNOWN"),
        (gzip.compress(b"x")[:-4], "BILL_TRUNCATED"),
        (gzip.compress((FIXTURES / "bills/wechat_all.csv").read_bytes())[:-8] + b"\0" * 8, "BILL_TRUNCATED"),
        (b"PK\x03\x04 no archive", "BILL_TRUNCATED"),
    ],
)
def test_a_bill_that_cannot_be_read_is_told(
    tmp_path: Path, database_url: str, content: bytes, code: str
) -> None:
    bill = tmp_path / "bill.csv"
    bill.write_bytes(content)
    done = haodian(tmp_path, "import", str(bill), HAODIAN_DATABASE_URL=database_url)
    assert done.code == REFUSED
    assert code in done.err


def test_a_bill_is_imported_once(tmp_path: Path, database_url: str) -> None:
    arguments = ("import", str(FIXTURES / "bills/wechat_all.csv"))
    first = haodian(tmp_path, *arguments, HAODIAN_DATABASE_URL=database_url)
    again = haodian(tmp_path, *arguments, HAODIAN_DATABASE_URL=database_url)
    assert (first.code, again.code) == (DONE, DONE)
    assert "RECON_FILE_DUPLICATE" not in first.out
    assert "RECON_FILE_DUPLICATE" in again.out


def test_a_bill_of_bad_rows_is_refused_as_a_whole(tmp_path: Path, database_url: str) -> None:
    lines = (FIXTURES / "bills/wechat_all.csv").read_text("utf-8").splitlines()
    bill = tmp_path / "bill.csv"
    bill.write_text("\n".join([*lines[:4], "`rubbish", *lines[-2:]]), "utf-8")
    done = haodian(tmp_path, "import", str(bill), HAODIAN_DATABASE_URL=database_url)
    assert done.code == REFUSED
    assert "BATCH_REJECTED" in done.out


def test_no_active_release_is_told(tmp_path: Path, database_url: str) -> None:
    done = haodian(tmp_path, "check", "--active", HAODIAN_DATABASE_URL=database_url)
    assert done.code == REFUSED
    assert "尚未启用任何规则版本" in done.err
