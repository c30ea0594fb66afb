"""Connections, transactions, scopes and the catalogue of tables; the only place that makes an engine."""

from payments_core.database.catalogue import metadata, program
from payments_core.database.connection import Scope, connect, scoped_transaction, transaction

__all__ = ["Scope", "connect", "metadata", "program", "scoped_transaction", "transaction"]
