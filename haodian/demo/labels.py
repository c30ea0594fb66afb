"""What people at risk control found out about the demo world's past payments.

Every dishonest payment was found out in the end; of the others they looked at one in twenty, and at all that
risk had reviewed or rejected. Order numbers tell: `D250401F000012` is the twelfth dishonest one of a day.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Engine, text

from payments_core.backtest import label_payments
from payments_core.database import transaction

PEOPLE = "风控专员"
_LOOKED_AT = text("""
SELECT merchant_id, payment_id, merchant_order_no ~ '^D[0-9]{6}F' AS dishonest FROM payment
WHERE merchant_order_no ~ '^D[0-9]{6}F' OR risk_decision <> 'PASS' OR payment_id % 20 = 0
ORDER BY merchant_id, payment_id
""")


def label_world(engine: Engine, *, now: datetime) -> int:
    """Label what was looked at, and return how many payments that is."""
    with transaction(engine) as connection:
        labels = [
            (row.merchant_id, row.payment_id, "fraud" if row.dishonest else "honest")
            for row in connection.execute(_LOOKED_AT)
        ]
        return label_payments(connection, labels=labels, labelled_by=PEOPLE, now=now)
