"""Row-level security: one policy text for every table a person may read.

The policy asks only the two settings that `scoped_transaction` makes. Where a setting is missing the
comparison is null, which is not true: nothing is visible.
"""

from __future__ import annotations

from payments_core.database.catalogue import program

program("""
CREATE FUNCTION haodian_scope_stores() RETURNS text[] LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = public AS $$
  SELECT CASE current_setting('haodian.scope_kind', true)
    WHEN 'store' THEN ARRAY[current_setting('haodian.scope_id', true)]
    WHEN 'district' THEN (SELECT array_agg(store_id) FROM org_path
      WHERE upper_inf(valid) AND store_id = node_id AND district_id = current_setting('haodian.scope_id', true))
    WHEN 'city' THEN (SELECT array_agg(store_id) FROM org_path
      WHERE upper_inf(valid) AND store_id = node_id AND city_id = current_setting('haodian.scope_id', true))
  END
$$
""")

_KIND = "current_setting('haodian.scope_kind', true)"
_ID = "current_setting('haodian.scope_id', true)"


def readable_in_scope(
    table: str,
    *,
    store: str | None = None,
    brokers: tuple[str, ...] = (),
    merchant: str | None = None,
    city: str | None = None,
    district: str | None = None,
) -> None:
    """Let the console read `table`, limited to the rows whose named columns lie inside the scope.

    A kind of scope for which no column is named sees nothing of the table.
    """
    arms = [f"WHEN {_KIND} = 'all' THEN true"]
    for kind, column in (("city", city), ("district", district), ("merchant", merchant)):
        if column:
            arms.append(f"WHEN {_KIND} = '{kind}' THEN {column} = {_ID}")
    if brokers:
        arms.append(f"WHEN {_KIND} = 'broker' THEN {_ID} IN ({', '.join(brokers)})")
    if store:
        arms.append(
            f"WHEN {_KIND} IN ('store', 'district', 'city') THEN {store} = ANY ((SELECT haodian_scope_stores())::text[])"
        )
    program(f"GRANT SELECT ON {table} TO haodian_console")
    program(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    program(
        f"CREATE POLICY {table}_scope ON {table} FOR SELECT TO haodian_console USING (CASE {' '.join(arms)} ELSE false END)"
    )


def readable_by_all(*tables: str) -> None:
    """Let the console read `tables` whole: they hold nothing that belongs to one merchant or person."""
    for table in tables:
        program(f"GRANT SELECT ON {table} TO haodian_console")


def readable_through_merchant(table: str, *, column: str = "merchant_id") -> None:
    """Let the console read the rows of `table` whose merchant it may see."""
    program(f"GRANT SELECT ON {table} TO haodian_console")
    program(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    program(
        f"CREATE POLICY {table}_scope ON {table} FOR SELECT TO haodian_console USING ({_KIND} = 'all'"
        f" OR {column} = ANY ((SELECT haodian_scope_merchants())::text[]))"
    )
