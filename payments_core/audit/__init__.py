"""The hash-chained record of who did what."""

from payments_core.audit.chain import Head, append, head, verify
from payments_core.audit.queries import AuditEvent, list_events

__all__ = ["AuditEvent", "Head", "append", "head", "list_events", "verify"]
