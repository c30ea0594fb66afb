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
    """没有这个 API 密钥,或已吊销。"""

    code = "API_KEY_UNKNOWN"


class AccountLocked(Conflict):
    """密码错误次数过多,账号已暂时锁定,请稍后再试。"""

    code = "ACCOUNT_LOCKED"
    retryable = True


class TooManyAttempts(Conflict):
    """此地址登录失败次数过多,请稍后再试。"""

    code = "TOO_MANY_ATTEMPTS"
    retryable = True


class LoginTaken(Conflict):
    """这个登录名已被使用。"""

    code = "LOGIN_TAKEN"


class NonceReused(Conflict):
    """同一个 nonce 已用过:请求可能被重放。"""

    code = "NONCE_REUSED"


class LoginRefused(Invalid):
    """登录名或密码不正确。"""

    code = "LOGIN_REFUSED"


class RoleNotHeld(Invalid):
    """您没有所选的角色。"""

    code = "ROLE_NOT_HELD"


class PasswordTooWeak(Invalid):
    """密码至少需要 8 个字符。"""

    code = "PASSWORD_TOO_WEAK"
