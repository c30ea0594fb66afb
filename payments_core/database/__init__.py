"""Connections, transactions, scopes and the catalogue of tables; the only place that makes an engine."""

from payments_core.database.catalogue import metadata, program
from payments_core.database.connection import Scope, connect, driver_of, scoped_transaction, transaction

__all__ = ["Scope", "connect", "driver_of", "metadata", "program", "scoped_transaction", "transaction"]
