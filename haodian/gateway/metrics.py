"""Counts and durations in the text format of Prometheus."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Mapping

BUCKETS_S = (0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)


class Metrics:
    """The metrics of one process; used on its event loop only."""

    def __init__(self) -> None:
        self._requests: Counter[tuple[str, str, int]] = Counter()
        self._refusals: Counter[str] = Counter()
        self._buckets: dict[str, list[int]] = defaultdict(lambda: [0] * (len(BUCKETS_S) + 1))
        self._seconds: dict[str, float] = defaultdict(float)

    def observe(self, *, method: str, route: str, status: int, seconds: float) -> None:
        """Count one answered request."""
        self._requests[method, route, status] += 1
        self._buckets[route][bisect_left(BUCKETS_S, seconds)] += 1
        self._seconds[route] += seconds

    def refused(self, code: str) -> None:
        """Count one refusal by its code."""
        self._refusals[code] += 1

    def text(self, gauges: Mapping[str, int]) -> str:
        """Return everything as text; `gauges` are present readings by their metric name."""
        lines = ["# TYPE haodian_requests_total counter"]
        for (method, route, status), count in sorted(self._requests.items()):
            lines.append(
                f'haodian_requests_total{{method="{method}",route="{route}",status="{status}"}} {count}'
            )
        lines.append("# TYPE haodian_refusals_total counter")
        lines += [
            f'haodian_refusals_total{{code="{code}"}} {n}' for code, n in sorted(self._refusals.items())
        ]
        lines.append("# TYPE haodian_request_seconds histogram")
        for route, counts in sorted(self._buckets.items()):
            running = 0
            for bound, count in zip((*map(str, BUCKETS_S), "+Inf"), counts, strict=True):
                running += count
                lines.append(f'haodian_request_seconds_bucket{{route="{route}",le="{bound}"}} {running}')
            lines.append(f'haodian_request_seconds_sum{{route="{route}"}} {self._seconds[route]:.6f}')
            lines.append(f'haodian_request_seconds_count{{route="{route}"}} {running}')
        for name, value in sorted(gauges.items()):
            lines += [f"# TYPE {name} gauge", f"{name} {value}"]
        return "\n".join(lines) + "\n"
