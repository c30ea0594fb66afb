"""The migrated database and the tables modules say the same."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine

from payments_core.database import metadata

ROOT = Path(__file__).parent.parent.parent


def _schema_module():
    spec = importlib.util.spec_from_file_location("schema", ROOT / "migrations" / "schema.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_frozen_migration_is_what_the_tables_modules_declare() -> None:
    # In a fresh interpreter: the order of the statements is the order in which modules were imported.
    write = (
        "import runpy, sys; schema = runpy.run_path('migrations/schema.py');"
        "sys.stdout.write(schema['SEPARATOR'].join(schema['statements']()))"
    )
    declared = subprocess.run(
        [sys.executable, "-c", write], cwd=ROOT, capture_output=True, text=True, check=True, encoding="utf-8"
    )
    assert _schema_module().FROZEN.read_text(encoding="utf-8") == declared.stdout + "\n"


def test_a_migrated_database_differs_in_nothing_from_the_metadata(engine: Engine) -> None:
    _schema_module().import_tables()
    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection,
            opts={
                "include_name": lambda name, kind, parents: kind != "table" or name in metadata.tables,
            },
        )
        assert compare_metadata(context, metadata) == []
