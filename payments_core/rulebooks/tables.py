"""Which release is active since when, the reviews of changes, and the short numbers of rule lines.

An approval names the author of its review, so that the database itself keeps the two apart.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from payments_core.database.catalogue import metadata, program
from payments_core.database.scopes import readable_by_all

release = Table(
    "release",
    metadata,
    Column("release_no", Integer, Identity(), primary_key=True),
    Column("commit_sha", Text, nullable=False, unique=True),
    Column("title", Text, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
)

activation = Table(
    "activation",
    metadata,
    Column("activation_no", Integer, Identity(), primary_key=True),
    Column("release_no", ForeignKey("release.release_no"), nullable=False),
    Column("activated_at", DateTime(timezone=True), nullable=False),
    Column("activated_by", Text, nullable=False),
    Column("reason", Text, nullable=False, server_default=""),
)

review = Table(
    "review",
    metadata,
    Column("review_no", Integer, Identity(), primary_key=True),
    Column("draft", Text, nullable=False, server_default="", comment="empty where a release is rolled back"),
    Column("rolls_back_to", ForeignKey("release.release_no")),
    Column("commit_sha", Text, nullable=False, comment="the draft as it was when the review was requested"),
    Column("meaning", Text, nullable=False, comment="what approvals are bound to: engine.releases.meaning"),
    Column("author", Text, nullable=False, comment="login"),
    Column("author_name", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("reason", Text, nullable=False, server_default=""),
    Column("requested_at", DateTime(timezone=True), nullable=False),
    Column("impact_fen", BigInteger, comment="measured effect a month; null = not measured"),
    Column("summary", JSONB, nullable=False, comment="checks, proofs and tests at the request"),
    Column("state", Text, nullable=False, server_default="OPEN"),
    Column("release_no", ForeignKey("release.release_no"), comment="what was published"),
    UniqueConstraint("review_no", "author"),
    CheckConstraint("state IN ('OPEN', 'REFUSED', 'WITHDRAWN', 'PUBLISHED')", name="state_known"),
    CheckConstraint("(state = 'PUBLISHED') = (release_no IS NOT NULL)", name="published_has_release"),
    CheckConstraint("(draft = '') = (rolls_back_to IS NOT NULL)", name="draft_or_roll_back"),
)
Index(
    "review_open_draft",
    review.c.draft,
    unique=True,
    postgresql_where=text("state = 'OPEN' AND draft <> ''"),
)

approval = Table(
    "approval",
    metadata,
    Column("approval_no", Integer, Identity(), primary_key=True),
    Column("review_no", Integer, nullable=False),
    Column("author", Text, nullable=False),
    Column("person", Text, nullable=False, comment="login"),
    Column("person_name", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("meaning", Text, nullable=False),
    Column("decision", Text, nullable=False),
    Column("words", Text, nullable=False, server_default=""),
    Column("at", DateTime(timezone=True), nullable=False),
    ForeignKeyConstraint(["review_no", "author"], ["review.review_no", "review.author"]),
    UniqueConstraint("review_no", "person", "role", "meaning", "decision"),
    CheckConstraint("decision IN ('APPROVE', 'REFUSE')", name="decision_known"),
    CheckConstraint("person <> author", name="author_is_not_approver"),
)

program("""
CREATE TRIGGER approval_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON approval
FOR EACH STATEMENT EXECUTE FUNCTION haodian_refuse_change()
""")

scheduled_activation = Table(
    "scheduled_activation",
    metadata,
    Column("schedule_no", Integer, Identity(), primary_key=True),
    Column("review_no", ForeignKey("review.review_no"), nullable=False),
    Column("due_at", DateTime(timezone=True), nullable=False),
    Column("person", Text, nullable=False, comment="login of who asked for it"),
    Column("person_name", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("asked_at", DateTime(timezone=True), nullable=False),
    Column("state", Text, nullable=False, server_default="WAITING"),
    Column("outcome", Text, nullable=False, server_default="", comment="the refusal's code where it failed"),
    CheckConstraint("state IN ('WAITING', 'DONE', 'FAILED', 'CANCELLED')", name="state_known"),
)
Index(
    "scheduled_activation_waiting",
    scheduled_activation.c.review_no,
    unique=True,
    postgresql_where=text("state = 'WAITING'"),
)

rulebook_remote = Table(
    "rulebook_remote",
    metadata,
    Column("remote_no", SmallInteger, primary_key=True, autoincrement=False),
    Column("state", Text, nullable=False),
    Column("main_sha", Text, nullable=False, comment="the last commit it is known to hold"),
    Column("checked_at", DateTime(timezone=True), nullable=False),
    Column("told", Text, nullable=False, comment="what it answered where it failed"),
    CheckConstraint("remote_no = 0", name="one_remote"),
    CheckConstraint("state IN ('LEVEL', 'AWAY', 'DIVERGED')", name="state_known"),
)

rule_ref = Table(
    "rule_ref",
    metadata,
    Column("ref_no", Integer, Identity(), primary_key=True),
    Column("kind", Text, nullable=False),
    Column("rule_id", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column(
        "row_no",
        SmallInteger,
        nullable=False,
        comment="0-based row of the rule's table; -1 = the rule itself",
    ),
    Column("line", Integer, nullable=False, comment="line of that row in the rule file"),
    Column("label", Text, nullable=False, server_default=""),
    UniqueConstraint("kind", "rule_id", "version", "row_no", "line"),
)

readable_by_all(
    "release", "activation", "review", "approval", "scheduled_activation", "rulebook_remote", "rule_ref"
)
