"""A small world that can take payments: organisation, brokers, merchants, devices, the product's own rules.

The bench and the tests of payments stand on it. Rules are those of `rules/`, with the changes a caller names.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

from sqlalchemy import Engine, text

from engine.rulebook import Rulebook, check
from payments_core.fees import EVALUATORS
from payments_core.payments import Committer

ROOT = Path(__file__).parent.parent
BEGINNING = datetime(2024, 12, 31, 16, tzinfo=UTC)  # 2025-01-01 00:00 in Shanghai
STORES = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedRelease:
    """A release as far as payments read it."""

    rulebook: Rulebook


@dataclass(slots=True, kw_only=True)
class Rulebooks:
    """Releases by number, in memory."""

    releases: dict[int, LoadedRelease] = field(default_factory=dict)

    def get(self, release_no: int, /) -> LoadedRelease:
        """Return a release by its number."""
        return self.releases[release_no]


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """An engine on a database with merchants M00001 … and an active release."""

    engine: Engine
    rulebooks: Rulebooks

    def committer(self, *, batch_limit: int = 1000) -> Committer:
        """Return a committer of its own, as another process would have."""
        return Committer(engine=self.engine, rulebooks=self.rulebooks, batch_limit=batch_limit)

    def activate(self, rulebook: Rulebook) -> int:
        """Make `rulebook` the active release and return its number."""
        with self.engine.begin() as connection:
            sha = f"{len(self.rulebooks.releases):040d}"
            made = (
                "INSERT INTO release (commit_sha, title, created_at) VALUES (:sha, 'world', now())"
                " RETURNING release_no"
            )
            number = int(connection.execute(text(made), {"sha": sha}).scalar_one())
            connection.execute(text("UPDATE lane SET release_no = :number"), {"number": number})
        self.rulebooks.releases[number] = LoadedRelease(rulebook=rulebook)
        return number

    def change_directory(self, *statements: str) -> None:
        """Run statements that change the directory; `:no` in them is the new directory number."""
        with self.engine.begin() as connection:
            bump = text("UPDATE lane SET directory_no = directory_no + 1 RETURNING directory_no")
            number = connection.execute(bump).scalar_one()
            for statement in statements:
                connection.execute(text(statement), {"no": number} if ":no" in statement else {})


def rule_files(changes: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the product's rule files, some of them replaced or added."""
    paths = (path for path in (ROOT / "rules").rglob("*") if path.is_file())
    files = {path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8") for path in paths}
    return files | dict(changes or {})


def rulebook(changes: Mapping[str, str] | None = None) -> Rulebook:
    """Return the product's rulebook with `changes`; raise ValueError with every finding if it is broken."""
    return _checked(tuple(sorted((changes or {}).items())))


@lru_cache(maxsize=8)
def _checked(changes: tuple[tuple[str, str], ...]) -> Rulebook:
    book, findings = check(files=rule_files(dict(changes)), evaluators=EVALUATORS)
    if book is None:
        raise ValueError("\n".join(f"{f.code} {f.location} {f.message_en}" for f in findings))
    return book


def build(engine: Engine, *, merchants: int = 20, book: Rulebook | None = None) -> World:
    """Fill the empty, migrated database of `engine`; activate `book`, by default the product's rulebook."""
    numbers = range(1, merchants + 1)
    with engine.begin() as connection:
        for statement, rows in (*_organisation(), *_people(numbers)):
            connection.execute(text(statement), rows)
        connection.execute(text("UPDATE lane SET directory_no = 1"))
    world = World(engine=engine, rulebooks=Rulebooks())
    world.activate(book or rulebook())
    return world


Rows = list[dict[str, object]]


def _organisation() -> Sequence[tuple[str, Rows]]:
    nodes: Rows = [
        {"id": "HQ", "kind": "HQ"},
        {"id": "BJ", "kind": "CITY"},
        {"id": "D01", "kind": "DISTRICT"},
        *({"id": f"S{n:03d}", "kind": "STORE"} for n in range(1, STORES + 1)),
    ]
    paths: Rows = [
        {"id": f"S{n:03d}", "path": f"HQ/BJ/D01/S{n:03d}", "start": BEGINNING} for n in range(1, STORES + 1)
    ]
    return (
        (
            "INSERT INTO org_node (node_id, kind, name, opened_on) VALUES (:id, :kind, :id, '2025-01-01')",
            nodes,
        ),
        (
            "INSERT INTO org_path (node_no, node_id, valid, path, city_id, district_id, store_id)"
            " SELECT node_no, node_id, tstzrange(:start, NULL), :path, 'BJ', 'D01', node_id FROM org_node"
            " WHERE node_id = :id",
            paths,
        ),
    )


def _people(numbers: range) -> Sequence[tuple[str, Rows]]:
    brokers: Rows = [
        {"id": f"B{n:04d}", "store": f"S{(n - 1) % STORES + 1:03d}", "start": BEGINNING}
        for n in range(1, 2 * STORES + 1)
    ]
    shops: Rows = [
        {
            "id": f"M{n:05d}",
            "no": n,
            "opener": f"B{(n - 1) % STORES + 1:04d}",
            "maintainer": f"B{(n - 1) % STORES + 1 + STORES:04d}",
            "store": f"S{(n - 1) % STORES + 1:03d}",
            "device": f"SPK-{n:06d}",
            "start": BEGINNING,
        }
        for n in numbers
    ]
    bound = (
        "INSERT INTO merchant_binding (merchant_id, merchant_no, broker_id, store_id, role, valid)"
        " SELECT merchant_id, merchant_no, :{role}, :store, '{role}', tstzrange(:start, NULL) FROM merchant"
        " WHERE merchant_id = :id"
    )
    return (
        ("INSERT INTO broker (broker_id, name, joined_on) VALUES (:id, :id, '2025-01-01')", brokers),
        (
            "INSERT INTO broker_membership (broker_id, broker_no, store_id, valid)"
            " SELECT broker_id, broker_no, :store, tstzrange(:start, NULL) FROM broker WHERE broker_id = :id",
            brokers,
        ),
        (
            "INSERT INTO merchant (merchant_id, name, type, mcc, city_id, activated_at, directory_no)"
            " VALUES (:id, :id, 'COMPANY', '5812', 'BJ', :start, 1)",
            shops,
        ),
        (bound.format(role="opener"), shops),
        (bound.format(role="maintainer"), shops),
        (
            "INSERT INTO device (device_id, merchant_id, type, directory_no)"
            " VALUES (:device, :id, 'SPEAKER', 1)",
            shops,
        ),
    )
