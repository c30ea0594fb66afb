"""Refusals of access.

PaymentsCoreError
├── NotFound
│   └── ApiKeyUnknown      no such key, or it was revoked
├── Conflict
│   ├── AccountLocked      too many wrong passwords for one account
│   ├── TooManyAttempts    too many wrong passwords from one address
│   ├── LoginTaken         another user has this login
│   └── NonceReused        a signed request was sent twice
└── Invalid
    ├── LoginRefused       wrong login or password; never says which
    ├── RoleNotHeld        the person does not hold the role chosen
    └── PasswordTooWeak    the new password is too short
"""

from __future__ import annotations

from payments_core.errors import Conflict, Invalid, NotFound


class ApiKeyUnknown(NotFound):
    """There is no such API key, or it was revoked."""

    code = "API_KEY_UNKNOWN"


class AccountLocked(Conflict):
    """Too many wrong passwords: the account is locked for a while."""

    code = "ACCOUNT_LOCKED"
    retryable = True


class TooManyAttempts(Conflict):
    """Too many failed logins from this address."""

    code = "TOO_MANY_ATTEMPTS"
    retryable = True


class LoginTaken(Conflict):
    """Another user has this login."""

    code = "LOGIN_TAKEN"


class NonceReused(Conflict):
    """This nonce was used before: the request may be a replay."""

    code = "NONCE_REUSED"


class LoginRefused(Invalid):
    """The login or the password is wrong."""

    code = "LOGIN_REFUSED"


class RoleNotHeld(Invalid):
    """You do not hold the chosen role."""

    code = "ROLE_NOT_HELD"


class PasswordTooWeak(Invalid):
    """A password needs at least 8 characters."""

    code = "PASSWORD_TOO_WEAK"
