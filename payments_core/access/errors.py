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
    chinese = "没有这个 API 密钥，或已吊销"


class AccountLocked(Conflict):
    """Too many wrong passwords: the account is locked for a while."""

    code = "ACCOUNT_LOCKED"
    chinese = "密码错误次数过多，账号暂时锁定"
    retryable = True


class TooManyAttempts(Conflict):
    """Too many failed logins from this address."""

    code = "TOO_MANY_ATTEMPTS"
    chinese = "此地址登录失败次数过多，请稍后再试"
    retryable = True


class LoginTaken(Conflict):
    """Another user has this login."""

    code = "LOGIN_TAKEN"
    chinese = "此登录名已被使用"


class NonceReused(Conflict):
    """This nonce was used before: the request may be a replay."""

    code = "NONCE_REUSED"
    chinese = "nonce 已被使用，请求可能被重放"


class LoginRefused(Invalid):
    """The login or the password is wrong."""

    code = "LOGIN_REFUSED"
    chinese = "登录名或密码错误"


class RoleNotHeld(Invalid):
    """You do not hold the chosen role."""

    code = "ROLE_NOT_HELD"
    chinese = "您没有所选的角色"


class PasswordTooWeak(Invalid):
    """A password needs at least 8 characters."""

    code = "PASSWORD_TOO_WEAK"
    chinese = "密码至少 8 个字符"
