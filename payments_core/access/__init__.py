"""People, roles and scopes; sessions; API keys. What a role may do is data: `PERMISSIONS`.

Times here are instants of the machine's clock, never of the demo world: a world that jumps a day ahead must
neither end a session nor widen the window of a signature.
"""

from payments_core.access.errors import (
    AccountLocked,
    ApiKeyUnknown,
    LoginRefused,
    LoginTaken,
    NonceReused,
    PasswordTooWeak,
    RoleNotHeld,
    TooManyAttempts,
)
from payments_core.access.keys import (
    ApiKey,
    create_api_key,
    find_api_key,
    purge_nonces,
    revoke_api_key,
    spend_nonces,
)
from payments_core.access.model import PERMISSIONS, Action, Grant, Identity, Person, Role, may
from payments_core.access.operations import (
    authenticate,
    create_user,
    disable_user,
    open_session,
    purge_sessions,
    revoke,
    revoke_all,
    set_language,
    set_password,
)
from payments_core.access.passwords import hash_password
from payments_core.access.queries import OpenSession, find_session, list_sessions

__all__ = [
    "PERMISSIONS",
    "AccountLocked",
    "Action",
    "ApiKey",
    "ApiKeyUnknown",
    "Grant",
    "Identity",
    "LoginRefused",
    "LoginTaken",
    "NonceReused",
    "OpenSession",
    "PasswordTooWeak",
    "Person",
    "Role",
    "RoleNotHeld",
    "TooManyAttempts",
    "authenticate",
    "create_api_key",
    "create_user",
    "disable_user",
    "find_api_key",
    "find_session",
    "hash_password",
    "list_sessions",
    "may",
    "open_session",
    "purge_nonces",
    "purge_sessions",
    "revoke",
    "revoke_all",
    "revoke_api_key",
    "set_language",
    "set_password",
    "spend_nonces",
]
