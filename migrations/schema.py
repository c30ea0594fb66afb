"""Write the whole schema, as the tables modules declare it, to one SQL file.

Until the first release there is one migration, frozen anew by `python migrations/schema.py` whenever a
tables module changes; a test holds the migrated database and the modules to each other. From the first
release on, changes are further migrations and this file only serves that test.
"""

from __future__ import annotations

import importlib
import pkgutil
import sys
from pathlib import Path

from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateIndex, CreateTable

FROZEN = Path(__file__).parent / "versions" / "0001_foundations.sql"
SEPARATOR = "\n-- ;;\n"


def import_tables() -> None:
    """Import every payments_core.*.tables module, so that the catalogue is complete."""
    import payments_core

    for module in sorted(m.name for m in pkgutil.iter_modules(payments_core.__path__)):
        try:
            importlib.import_module(f"payments_core.{module}.tables")
        except ModuleNotFoundError as error:
            if error.name != f"payments_core.{module}.tables":
                raise


def statements() -> list[str]:
    """Return every statement that builds the schema, in an order that runs."""
    import_tables()
    from payments_core.database.catalogue import metadata
    from payments_core.database.catalogue import statements as programs

    dialect = postgresql.dialect()
    result = []
    for table in metadata.sorted_tables:
        result.append(str(CreateTable(table).compile(dialect=dialect)).strip())
        result += [
            str(CreateIndex(i).compile(dialect=dialect))
            for i in sorted(table.indexes, key=lambda i: str(i.name))
        ]
        for column in table.columns:
            if column.comment:
                result.append(
                    f"COMMENT ON COLUMN {table.name}.{column.name} IS '{column.comment.replace(chr(39), chr(39) * 2)}'"
                )
    # Functions come before the triggers and policies that call them.
    functions = [p for p in programs() if p.startswith(("CREATE FUNCTION", "DO "))]
    rest = [p for p in programs() if p not in functions]
    return result + functions + rest


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent.parent))
    FROZEN.write_text(SEPARATOR.join(statements()) + "\n", encoding="utf-8")
    sys.stdout.write(f"{FROZEN} written\n")
