"""Foundations: every table, function, trigger and row-level policy of the first business day."""

from pathlib import Path

from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    sql = Path(__file__).with_name("0001_foundations.sql").read_text(encoding="utf-8")
    connection = op.get_bind().execution_options(no_parameters=True)
    for statement in sql.split("\n-- ;;\n"):
        connection.exec_driver_sql(statement)
    queue = Path(__file__).with_name("0001_procrastinate.sql").read_text(encoding="utf-8")
    connection.exec_driver_sql(queue)
