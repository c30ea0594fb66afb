"""What a role may do, as domain §6 says it."""

from __future__ import annotations

import pytest

from payments_core.access import PERMISSIONS, Action, Person, Role, may
from payments_core.database import Scope


def _person(role: Role) -> Person:
    return Person(user_id=1, login="x", name="测试", role=role, scope=Scope(kind="all"), language="zh")


@pytest.mark.parametrize(
    ("role", "action", "allowed"),
    [
        (Role.HQ_OPS, Action.EDIT_MONEY_RULES, True),
        (Role.HQ_OPS, Action.APPROVE_MONEY_RULES, False),
        (Role.HQ_OPS, Action.EDIT_RISK_RULES, False),
        (Role.RISK, Action.PUBLISH_RISK_RULES, True),
        (Role.RISK, Action.EDIT_MONEY_RULES, False),
        (Role.FINANCE, Action.APPROVE_MONEY_RULES, True),
        (Role.FINANCE, Action.EDIT_MONEY_RULES, False),
        (Role.CITY_MANAGER, Action.READ_REPORT, True),
        (Role.CITY_MANAGER, Action.READ_PAYMENTS, False),
        (Role.CITY_MANAGER, Action.READ_PAYMENT_TOTALS, True),
        (Role.DISTRICT_MANAGER, Action.READ_SETTLEMENT, False),
        (Role.STORE_OWNER, Action.SUBMIT_APPLICATIONS, True),
        (Role.BROKER, Action.READ_SHARES, True),
        (Role.BROKER, Action.READ_SETTLEMENT, False),
        (Role.MERCHANT, Action.REFUND_PAYMENTS, True),
        (Role.MERCHANT, Action.READ_REPORT, False),
        (Role.AUDITOR, Action.READ_AUDIT, True),
        (Role.ADMIN, Action.MANAGE_USERS, True),
    ],
)
def test_a_role_may_do_what_the_table_says(role: Role, action: Action, allowed: bool) -> None:
    assert may(_person(role), action) is allowed


def test_every_role_has_permissions() -> None:
    assert set(PERMISSIONS) == set(Role)


def test_the_auditor_never_writes() -> None:
    writes = (
        "edit",
        "approve",
        "publish",
        "submit",
        "audit_",
        "transfer",
        "hold",
        "make",
        "check",
        "work",
        "manage",
        "refund",
    )
    assert not [
        action for action in PERMISSIONS[Role.AUDITOR] if any(word in action.name.lower() for word in writes)
    ]


def test_the_administrator_neither_approves_nor_publishes() -> None:
    assert not [a for a in PERMISSIONS[Role.ADMIN] if "APPROVE" in a.name or "PUBLISH" in a.name]


def test_who_edits_money_rules_never_approves_them() -> None:
    for actions in PERMISSIONS.values():
        assert not {Action.EDIT_MONEY_RULES, Action.APPROVE_MONEY_RULES} <= actions
