"""Who may do what: roles × actions as one table, and the person a session speaks for.

Scope is not here: an action says *what*, `Person.scope` says *on whose rows*, and PostgreSQL enforces the
rows. Two separations hold by construction and are tested: the administrator neither approves nor publishes,
the auditor never writes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from payments_core.database import Scope


class Role(StrEnum):
    """A hat a person wears for one session."""

    HQ_OPS = "hq_ops"
    RISK = "risk"
    FINANCE = "finance"
    CITY_MANAGER = "city_manager"
    DISTRICT_MANAGER = "district_manager"
    STORE_OWNER = "store_owner"
    BROKER = "broker"
    MERCHANT = "merchant"
    AUDITOR = "auditor"
    ADMIN = "admin"


class Action(StrEnum):
    """Something a role may do, within the scope of the person."""

    READ_MONEY_RULES = "rules.money.read"
    EDIT_MONEY_RULES = "rules.money.edit"
    APPROVE_MONEY_RULES = "rules.money.approve"
    PUBLISH_MONEY_RULES = "rules.money.publish"
    READ_RISK_RULES = "rules.risk.read"
    EDIT_RISK_RULES = "rules.risk.edit"
    APPROVE_RISK_RULES = "rules.risk.approve"
    PUBLISH_RISK_RULES = "rules.risk.publish"
    REVIEW_RULES = "rules.review"
    TRY_RULES = "rules.try"
    READ_REPORT = "report.read"
    READ_PAYMENTS = "payments.read"
    READ_PAYMENT_TOTALS = "payments.totals.read"
    REFUND_PAYMENTS = "payments.refund"
    READ_APPLICATIONS = "applications.read"
    SUBMIT_APPLICATIONS = "applications.submit"
    AUDIT_APPLICATIONS = "applications.audit"
    TRANSFER_MERCHANTS = "merchants.transfer"
    APPROVE_TRANSFERS = "merchants.transfer.approve"
    READ_SETTLEMENT = "settlement.read"
    HOLD_SETTLEMENT = "settlement.hold"
    MAKE_PAYOUTS = "payouts.make"
    CHECK_PAYOUTS = "payouts.check"
    READ_SHARES = "shares.read"
    APPROVE_SHARES = "shares.approve"
    READ_RISK_CASES = "risk_cases.read"
    WORK_RISK_CASES = "risk_cases.work"
    READ_DEVICES = "devices.read"
    EDIT_DEVICES = "devices.edit"
    READ_AUDIT = "audit.read"
    REVEAL_PERSONAL_DATA = "personal_data.reveal"
    MANAGE_USERS = "users.manage"


_A = Action
_READS_ALL = frozenset(
    {
        _A.READ_MONEY_RULES, _A.READ_RISK_RULES, _A.TRY_RULES, _A.READ_REPORT, _A.READ_PAYMENTS,
        _A.READ_PAYMENT_TOTALS, _A.READ_APPLICATIONS, _A.READ_SETTLEMENT, _A.READ_SHARES,
        _A.READ_RISK_CASES, _A.READ_DEVICES,
    }
)  # fmt: skip
_READS_BELOW = frozenset(
    {
        _A.READ_MONEY_RULES, _A.READ_REPORT, _A.READ_PAYMENT_TOTALS, _A.READ_APPLICATIONS, _A.READ_SHARES,
        _A.READ_DEVICES,
    }
)  # fmt: skip

PERMISSIONS: Mapping[Role, frozenset[Action]] = MappingProxyType(
    {
        Role.HQ_OPS: _READS_ALL
        | {
            _A.EDIT_MONEY_RULES, _A.PUBLISH_MONEY_RULES, _A.SUBMIT_APPLICATIONS, _A.TRANSFER_MERCHANTS,
            _A.EDIT_DEVICES, _A.REFUND_PAYMENTS, _A.REVIEW_RULES,
        },
        Role.RISK: _READS_ALL
        | {
            _A.EDIT_RISK_RULES, _A.APPROVE_RISK_RULES, _A.PUBLISH_RISK_RULES, _A.AUDIT_APPLICATIONS,
            _A.HOLD_SETTLEMENT, _A.WORK_RISK_CASES, _A.EDIT_DEVICES, _A.REVEAL_PERSONAL_DATA,
            _A.REVIEW_RULES,
        },
        Role.FINANCE: _READS_ALL
        | {_A.APPROVE_MONEY_RULES, _A.REVIEW_RULES, _A.MAKE_PAYOUTS, _A.CHECK_PAYOUTS, _A.APPROVE_SHARES},
        Role.CITY_MANAGER: _READS_BELOW | {_A.TRY_RULES, _A.READ_SETTLEMENT, _A.APPROVE_TRANSFERS},
        Role.DISTRICT_MANAGER: _READS_BELOW | {_A.APPROVE_TRANSFERS, _A.EDIT_DEVICES},
        Role.STORE_OWNER: _READS_BELOW | {_A.SUBMIT_APPLICATIONS, _A.EDIT_DEVICES},
        Role.BROKER: frozenset(
            {_A.READ_REPORT, _A.READ_PAYMENTS, _A.READ_APPLICATIONS, _A.SUBMIT_APPLICATIONS, _A.READ_SHARES,
             _A.READ_DEVICES, _A.EDIT_DEVICES}
        ),
        Role.MERCHANT: frozenset(
            {_A.READ_PAYMENTS, _A.REFUND_PAYMENTS, _A.READ_APPLICATIONS, _A.SUBMIT_APPLICATIONS,
             _A.READ_SETTLEMENT, _A.READ_DEVICES}
        ),
        Role.AUDITOR: _READS_ALL | {_A.READ_AUDIT},
        Role.ADMIN: frozenset({_A.READ_MONEY_RULES, _A.READ_RISK_RULES, _A.MANAGE_USERS}),
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """A role a person holds, and whose rows it reaches."""

    role: Role
    scope: Scope


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Somebody who proved a password; the session is opened in one of `grants`."""

    user_id: int
    login: str
    name: str
    language: str
    grants: tuple[Grant, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """The person a live session speaks for, in the one role chosen at login."""

    user_id: int
    login: str
    name: str
    role: Role
    scope: Scope
    language: str


def may(person: Person, action: Action) -> bool:
    """Tell whether the role of `person` includes `action`."""
    return action in PERMISSIONS[person.role]
