"""The command line as a person meets it: exit codes, words, and never a stack trace."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from haodian.settings import CHECKOUT
from tests.command_line import haodian


def _in_a_process_of_its_own(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", "from haodian.cli import main; main()", *arguments],
        env={**os.environ, "HAODIAN_HOME": str(home)},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def rulebook(tmp_path: Path) -> Path:
    """A copy of the checkout's rules and forms."""
    for name in ("rules", "forms"):
        shutil.copytree(CHECKOUT / name, tmp_path / "book" / name)
    return tmp_path / "book"


def test_the_rules_and_forms_of_the_checkout_are_good(tmp_path: Path) -> None:
    done = _in_a_process_of_its_own(tmp_path, "check", "--format", "json")
    found = json.loads(done.stdout)
    assert (done.returncode, found["errors"]) == (0, 0)
    assert found["files"] > 10


def test_a_mistake_is_shown_with_its_line_and_ends_with_1(rulebook: Path) -> None:
    file = rulebook / "rules/risk/risk.limits.yaml"
    lines = file.read_text(encoding="utf-8").splitlines()
    number = next(n for n, line in enumerate(lines) if "txn.amount_fen" in line)
    lines[number] = lines[number].replace("txn.amount_fen", "txn.amout_fen")
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")

    shown = haodian("check", str(rulebook))
    assert shown.code == 1
    assert f"rules/risk/risk.limits.yaml:{number + 1}:" in shown.out
    assert "txn.amout_fen" in shown.out

    machine = json.loads(haodian("check", str(rulebook), "--format", "json").out)
    finding = next(f for f in machine["findings"] if f["severity"] == "error")
    assert (finding["file"], finding["line"]) == ("rules/risk/risk.limits.yaml", number + 1)
    assert finding["message"] != finding["message_en"] != ""


@pytest.mark.parametrize(
    ("arguments", "environment", "code"),
    [
        (("check", "/nowhere"), {}, 2),
        (("import", "/nowhere.csv"), {}, 2),
        (("day", "--date", "yesterday"), {}, 2),
        (("nonsense",), {}, 2),
        (("up",), {"HAODIAN_CONSOLE_PORT": "eighty"}, 2),
        (("migrate",), {"HAODIAN_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none"}, 2),
        (("version",), {}, 0),
    ],
)
def test_every_command_ends_in_words(
    tmp_path: Path, arguments: tuple[str, ...], environment: dict[str, str], code: int
) -> None:
    done = haodian(*arguments, HAODIAN_HOME=str(tmp_path), **environment)
    assert done.code == code, done.err
    assert "Traceback" not in done.out + done.err
    assert done.out + done.err != ""


def test_our_own_bug_is_written_to_the_logs_and_not_shown(tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir()
    (tmp_path / "run").write_text("a file where a folder belongs: nobody expects that")
    done = _in_a_process_of_its_own(tmp_path, "up")
    assert done.returncode == 70
    assert "Traceback" not in done.stdout + done.stderr
    (trace,) = (tmp_path / "logs").glob("error-*.txt")
    assert "FileExistsError" in trace.read_text(encoding="utf-8")


def test_a_day_without_a_demo_world_is_refused(tmp_path: Path, database_url: str) -> None:
    done = haodian("day", HAODIAN_HOME=str(tmp_path), HAODIAN_DATABASE_URL=database_url)
    assert done.code == 1
    assert "haodian demo" in done.err
