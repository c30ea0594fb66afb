"""Connections, transactions, scopes and the catalogue of tables; the only place that makes an engine."""

from payments_core.database.catalogue import metadata, program
from payments_core.database.connection import Scope, connect, driver_of, scoped_transaction, transaction
from payments_core.database.many import insert_many

__all__ = [
    "Scope",
    "connect",
    "driver_of",
    "insert_many",
    "metadata",
    "program",
    "scoped_transaction",
    "transaction",
]
