"""Short numbers for rule rows, so that a payment points at the line that priced it with four bytes."""

from __future__ import annotations

from typing import Any

import psycopg

RefKey = tuple[str, str, int, int, int]
"""kind, rule id, version, row number, line"""

_INTERN = (
    "WITH made AS (INSERT INTO rule_ref (kind, rule_id, version, row_no, line) VALUES (%s, %s, %s, %s, %s)"
    " ON CONFLICT (kind, rule_id, version, row_no, line) DO NOTHING RETURNING ref_no)"
    " SELECT ref_no FROM made UNION ALL SELECT ref_no FROM rule_ref"
    " WHERE (kind, rule_id, version, row_no, line) = (%s, %s, %s, %s, %s) LIMIT 1"
)


def intern_ref(cursor: psycopg.Cursor[Any], key: RefKey) -> int:
    """Return the number of a rule row, made on first use; unknown to others until the commit."""
    row = cursor.execute(_INTERN, (*key, *key)).fetchone()
    assert row is not None
    return int(row[0])
