"""Tables of one transaction, made of a query.

CREATE TABLE AS may use parallel workers, as INSERT … SELECT may not; but it takes no parameters, so the query
holds its literals.
"""

from __future__ import annotations

from sqlalchemy import Connection


def make_table(connection: Connection, name: str, query: str) -> None:
    """Make the temporary table `name` of the rows of `query`."""
    # The driver reads a percent sign as the beginning of a parameter.
    written = query.replace("%", "%%")
    connection.exec_driver_sql(f"CREATE TEMPORARY TABLE {name} ON COMMIT DROP AS {written}")


def drop_tables(connection: Connection, *names: str) -> None:
    """Drop tables made here before their transaction ends."""
    connection.exec_driver_sql(f"DROP TABLE {', '.join(names)}")
