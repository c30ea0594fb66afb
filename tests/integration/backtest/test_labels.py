"""Labels of payments: fraud or honest, with who said so and when."""

from __future__ import annotations

import pytest

from payments_core import backtest
from payments_core.backtest import LabelledNotFound
from tests.integration.backtest.conftest import NOW, Past


def test_labels_are_taken_all_or_none_and_may_be_corrected(past: Past) -> None:
    (one,), (other,) = (past.rows(f"SELECT {f}(payment_id) FROM payment") for f in ("min", "max"))
    merchants = dict(past.rows("SELECT payment_id, merchant_id FROM payment"))

    def label(*labels: tuple[int, str]) -> int:
        rows = [(merchants.get(number, "M00001"), number, said) for number, said in labels]
        return past.read(backtest.label_payments, labels=rows, labelled_by="risk", now=NOW)

    with pytest.raises(LabelledNotFound):
        label((one[0], "fraud"), (1, "honest"))
    assert past.rows("SELECT count(*) FROM payment_label") == [(0,)]
    assert label((one[0], "fraud"), (other[0], "honest")) == 2
    assert label((one[0], "honest")) == 1
    assert past.rows("SELECT label, labelled_by, count(*) FROM payment_label GROUP BY 1, 2") == [
        ("honest", "risk", 2)
    ]
    assert label() == 0
