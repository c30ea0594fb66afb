"""The metrics as Prometheus reads them."""

from __future__ import annotations

from haodian.gateway.metrics import Metrics


def test_counts_and_durations_are_written_as_text() -> None:
    metrics = Metrics()
    metrics.observe(method="POST", route="/v1/payments", status=200, seconds=0.004)
    metrics.observe(method="POST", route="/v1/payments", status=200, seconds=0.3)
    metrics.observe(method="POST", route="/v1/payments", status=409, seconds=9.0)
    metrics.refused("IDEMPOTENCY_CONFLICT")
    lines = metrics.text({"haodian_queue_depth": 3}).splitlines()
    assert 'haodian_requests_total{method="POST",route="/v1/payments",status="200"} 2' in lines
    assert 'haodian_refusals_total{code="IDEMPOTENCY_CONFLICT"} 1' in lines
    assert 'haodian_request_seconds_bucket{route="/v1/payments",le="0.005"} 1' in lines
    assert 'haodian_request_seconds_bucket{route="/v1/payments",le="0.5"} 2' in lines
    assert 'haodian_request_seconds_bucket{route="/v1/payments",le="+Inf"} 3' in lines
    assert 'haodian_request_seconds_count{route="/v1/payments"} 3' in lines
    assert "haodian_queue_depth 3" in lines
