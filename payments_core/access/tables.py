"""People, their roles and scopes, their sessions; API keys of merchants and their spent nonces."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Identity,
    Integer,
    LargeBinary,
    Table,
    Text,
    text,
)

from payments_core.database.catalogue import metadata

ROLES = (
    "hq_ops",
    "risk",
    "finance",
    "city_manager",
    "district_manager",
    "store_owner",
    "broker",
    "merchant",
    "auditor",
    "admin",
)
SCOPE_KINDS = ("all", "city", "district", "store", "broker", "merchant")


def _one_of(column: str, values: tuple[str, ...]) -> str:
    return f"{column} IN ({', '.join(repr(v) for v in values)})"


user_account = Table(
    "user_account",
    metadata,
    Column("user_id", Integer, Identity(), primary_key=True),
    Column("login", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("password_hash", Text, nullable=False, comment="argon2id"),
    Column("language", Text, nullable=False, server_default="zh"),
    Column("disabled_at", DateTime(timezone=True)),
    Column("failed_count", Integer, nullable=False, server_default=text("0")),
    Column("locked_until", DateTime(timezone=True)),
)

user_role = Table(
    "user_role",
    metadata,
    Column("user_id", ForeignKey("user_account.user_id"), primary_key=True),
    Column("role", Text, primary_key=True),
    Column("scope_kind", Text, nullable=False),
    Column("scope_id", Text, nullable=False, server_default="", primary_key=True),
    CheckConstraint(_one_of("role", ROLES), name="role_known"),
    CheckConstraint(_one_of("scope_kind", SCOPE_KINDS), name="scope_known"),
    CheckConstraint("(scope_kind = 'all') = (scope_id = '')", name="scope_has_id"),
)

user_session = Table(
    "user_session",
    metadata,
    Column(
        "session_hash",
        LargeBinary,
        primary_key=True,
        comment="sha256 of the token; the token is only in the cookie",
    ),
    Column("user_id", ForeignKey("user_account.user_id"), nullable=False, index=True),
    Column("role", Text, nullable=False),
    Column("scope_kind", Text, nullable=False),
    Column("scope_id", Text, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("expires_at", DateTime(timezone=True), nullable=False),
    Column("revoked_at", DateTime(timezone=True)),
    Column("address", Text, nullable=False, server_default=""),
)

api_key = Table(
    "api_key",
    metadata,
    Column("key_id", Text, primary_key=True),
    Column("merchant_id", Text, comment="null = a platform partner that may act for every merchant"),
    Column("secret_sealed", LargeBinary, nullable=False, comment="sealed by payments_core.privacy"),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("revoked_at", DateTime(timezone=True)),
)

api_nonce = Table(
    "api_nonce",
    metadata,
    Column("key_id", Text, primary_key=True),
    Column("nonce", Text, primary_key=True),
    Column("seen_at", DateTime(timezone=True), nullable=False, index=True),
)

login_attempt = Table(
    "login_attempt",
    metadata,
    Column("attempt_no", BigInteger, Identity(), primary_key=True),
    Column("address", Text, nullable=False, index=True),
    Column("login", Text, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("succeeded_as", Integer, comment="user_id; null = refused"),
)
