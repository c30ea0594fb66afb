"""org_path: where every node was at every instant, derived from the dated edges.

A node's path holds over the intersection of the periods of all edges above it, so it changes whenever
anything above it moves. Reading is frequent and moving is rare: paths are stored, and a move rebuilds those
of the moved node and of everything that was ever below it.
"""

from __future__ import annotations

from sqlalchemy import Connection, text


def append_leaf(connection: Connection, *, node_no: int) -> None:
    """Write the paths of a node that has just been created and has nothing below it."""
    connection.execute(text(_LEAF), {"node_no": node_no})


def rebuild_below(connection: Connection, *, node_no: int) -> None:
    """Write anew the paths of a node and of all that was ever below it."""
    below = [row[0] for row in connection.execute(text(_BELOW), {"node_no": node_no})]
    connection.execute(text("DELETE FROM org_path WHERE node_no = ANY(:below)"), {"below": below})
    connection.execute(text(_REBUILD), {"below": below})


_COLUMNS = "node_no, node_id, valid, path, city_id, district_id, store_id"

_PLACED = """
  CASE c.kind WHEN 'CITY' THEN c.node_id ELSE {above}.city_id END AS city_id,
  CASE c.kind WHEN 'DISTRICT' THEN c.node_id ELSE {above}.district_id END AS district_id,
  CASE c.kind WHEN 'STORE' THEN c.node_id ELSE {above}.store_id END AS store_id
"""

_TOP = """
  SELECT node_no, node_id, tstzrange(NULL, NULL) AS valid, node_id AS path, NULL::text AS city_id,
    NULL::text AS district_id, NULL::text AS store_id
  FROM org_node WHERE kind = 'HQ'
"""

_LEAF = f"""
INSERT INTO org_path ({_COLUMNS})
SELECT c.node_no, c.node_id, e.valid * above.valid, above.path || '/' || c.node_id,
  {_PLACED.format(above="above")}
FROM org_node c JOIN org_edge e ON e.node_no = c.node_no
JOIN org_path above ON above.node_no = e.parent_no AND above.valid && e.valid
WHERE c.node_no = :node_no
UNION ALL SELECT {_COLUMNS} FROM ({_TOP}) AS top WHERE node_no = :node_no
"""

_BELOW = """
WITH RECURSIVE below AS (
  SELECT CAST(:node_no AS integer) AS node_no
  UNION SELECT e.node_no FROM org_edge e JOIN below b ON e.parent_no = b.node_no)
SELECT node_no FROM below
"""

_REBUILD = f"""
INSERT INTO org_path ({_COLUMNS})
WITH RECURSIVE placed AS (
  {_TOP}
  UNION ALL
  SELECT c.node_no, c.node_id, above.valid * e.valid, above.path || '/' || c.node_id,
    {_PLACED.format(above="above")}
  FROM placed above JOIN org_edge e ON e.parent_no = above.node_no AND e.valid && above.valid
  JOIN org_node c ON c.node_no = e.node_no)
SELECT {_COLUMNS} FROM placed WHERE node_no = ANY(:below)
"""
