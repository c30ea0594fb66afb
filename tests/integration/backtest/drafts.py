"""Drafts of the product's rules: files with their version raised, to begin long after the past."""

from __future__ import annotations

import re

from bench._payments_world import rule_files

FEE = "rules/merchant_fee/fee.community.std.yaml"
COST = "rules/channel_cost/cost.channels.yaml"
SHARE = "rules/profit_share/ps.beijing.default.yaml"


def edited(path: str, *changes: tuple[str, str], start: str = "2026-01-01") -> dict[str, str]:
    """The file with its version raised, beginning later than the past, without its tests, and changed."""
    written = re.sub(r"\ntests:.*", "\n", rule_files()[path], flags=re.S)
    version = int(re.search(r"^version: (\d+)", written, flags=re.M).group(1))
    written = written.replace(f"version: {version}", f"version: {version + 1}")
    written = re.sub(r'from: "[^"]*"', f'from: "{start}T00:00:00+08:00"', written)
    for before, after in changes:
        assert before in written, before
        written = written.replace(before, after)
    return {path: written}


RATES = edited(FEE, ('"0.0038"', '"0.0041"'), ("cap_fen: 2000", "cap_fen: 1900, min_fen: 7"))
ROWS = edited(
    FEE,
    (
        "    - when: \"txn.channel == 'UNIONPAY_QR'",
        '    - {when: "txn.settle_amount_fen < 1000 && txn.channel == \'ALIPAY\'", rate: "0.0071"}\n'
        "    - when: \"txn.channel == 'UNIONPAY_QR'",
    ),
    ("mode: marginal", "mode: whole"),
    ("mode: HALF_UP, per", "mode: HALF_EVEN, per"),
)
COSTS = edited(COST, ('rate: "0.0022"', 'rate: "0.0035"'), ("mode: HALF_UP", "mode: DOWN"))
SHARES = edited(SHARE, ('rate: "0.24"', 'rate: "0.30"'), ('rate: "0.16"', 'rate: "0.11"'))
LOSSES = edited(SHARE, ("zero_for_broker", "share_loss"), ("mode: HALF_UP", "mode: HALF_EVEN")) | COSTS
DRAFTS = {"rates": RATES, "rows": ROWS, "costs": COSTS, "shares": SHARES, "all": ROWS | COSTS | SHARES,
          "losses": LOSSES}  # fmt: skip
