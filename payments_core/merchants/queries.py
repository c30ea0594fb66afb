"""Reads of merchants and of everything else the directory holds, by directory version."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, func, select

from payments_core.hierarchy.tables import broker, broker_membership, org_path
from payments_core.merchants.model import Binding, BrokerView, Dated, DeviceView, MerchantView, Place
from payments_core.merchants.tables import device, merchant, merchant_binding, merchant_stats


def list_merchants_after(connection: Connection, *, directory_no: int) -> tuple[MerchantView, ...]:
    """Return the merchants that changed, or whose daily figures changed, after `directory_no`; by id."""
    query = (
        select(merchant, merchant_stats.c.figures)
        .outerjoin(merchant_stats, merchant_stats.c.merchant_id == merchant.c.merchant_id)
        .where(
            (merchant.c.directory_no > directory_no) | (merchant_stats.c.directory_no > directory_no),
        )
        .order_by(merchant.c.merchant_id)
    )
    return tuple(
        MerchantView(
            merchant_id=row.merchant_id,
            name=row.name,
            type=row.type,
            mcc=row.mcc,
            status=row.status,
            city_id=row.city_id,
            tags=tuple(row.tags),
            risk_grade=row.risk_grade,
            owner_payer_hash=row.owner_payer_hash,
            activated_at=row.activated_at,
            figures=dict(row.figures or {}),
        )
        for row in connection.execute(query)
    )


def list_bindings(connection: Connection, *, merchants: Sequence[str] | None) -> dict[str, list[Binding]]:
    """Return all bindings, past and present, of the named merchants (None = of all), by merchant."""
    valid = merchant_binding.c.valid
    query = select(
        merchant_binding.c.merchant_id,
        merchant_binding.c.broker_id,
        merchant_binding.c.store_id,
        merchant_binding.c.role,
        merchant_binding.c.slot,
        merchant_binding.c.weight_ppm,
        func.lower(valid).label("valid_from"),
        func.upper(valid).label("valid_to"),
    )
    if merchants is not None:
        query = query.where(merchant_binding.c.merchant_id == func.any(list(merchants)))
    found: dict[str, list[Binding]] = defaultdict(list)
    # All rows at once and by place: there are several bindings a merchant.
    for merchant_id, broker_id, store_id, role, slot, weight_ppm, start, end in connection.execute(
        query
    ).all():
        found[merchant_id].append(
            Binding(
                merchant_id=merchant_id,
                broker_id=broker_id,
                store_id=store_id,
                role=role,
                slot=slot,
                weight_ppm=weight_ppm,
                valid_from=start,
                valid_to=end,
            )
        )
    return found


def list_devices_after(connection: Connection, *, directory_no: int) -> tuple[DeviceView, ...]:
    """Return the devices that changed after `directory_no`."""
    query = select(device.c.device_id, device.c.merchant_id, device.c.type, device.c.status).where(
        device.c.directory_no > directory_no
    )
    return tuple(DeviceView(**row._mapping) for row in connection.execute(query))


def list_brokers(connection: Connection) -> dict[str, BrokerView]:
    """Return every broker by id."""
    query = select(broker.c.broker_id, broker.c.level, broker.c.status, broker.c.payer_hash)
    return {row.broker_id: BrokerView(**row._mapping) for row in connection.execute(query)}


def list_memberships(connection: Connection) -> Mapping[str, Dated[str]]:
    """Return the store of every broker over time."""
    valid = broker_membership.c.valid
    query = select(
        broker_membership.c.broker_id, func.lower(valid), func.upper(valid), broker_membership.c.store_id
    )
    found = defaultdict(list)
    for broker_id, start, end, store_id in connection.execute(query):
        found[broker_id].append((start, end, store_id))
    return {broker_id: Dated(periods) for broker_id, periods in found.items()}


def list_places(connection: Connection) -> Mapping[str, Dated[Place]]:
    """Return the city and district of every store over time."""
    valid = org_path.c.valid
    query = select(
        org_path.c.store_id, func.lower(valid), func.upper(valid), org_path.c.city_id, org_path.c.district_id
    ).where(org_path.c.store_id == org_path.c.node_id)
    found = defaultdict(list)
    for store_id, start, end, city_id, district_id in connection.execute(query):
        place = Place(city_id=city_id or "", district_id=district_id or "")
        found[store_id].append((start, end, place))
    return {store_id: Dated(periods) for store_id, periods in found.items()}
