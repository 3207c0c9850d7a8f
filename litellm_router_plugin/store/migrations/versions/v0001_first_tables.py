"""The first tables.

Revision ID: 0001
Revises:
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_GROUP = ("router", "owner_key", "owner_team", "tier", "route", "price_list", "counterfactual")
_VERDICT = (
    "router", "owner_key", "owner_team", "tier", "route", "call_tier", "decider", "outcome", "failed_checks",
)  # fmt: skip
_FLAGS = ("failed", "unpriced", "escalated")
_SUMS = (
    "fresh_tokens", "cached_tokens", "completion_tokens", "answer_nano", "answer_rest", "overhead_nano",
    "overhead_rest",
)  # fmt: skip


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=False, server_default="")


def _count(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, nullable=False, server_default="0")


def _flag(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer, nullable=False, server_default="0")


def _moment(name: str) -> sa.Column[float]:
    return sa.Column(name, sa.Double, nullable=False)


def upgrade() -> None:
    """Make the tables."""
    _price_lists()
    _decisions()
    _calls()
    _prompts_and_feedback()
    _rollups()


def _price_lists() -> None:
    op.create_table(
        "price_lists",
        sa.Column("id", sa.Text, primary_key=True),
        _text("router"),
        _text("baseline"),
        sa.Column("tiers", sa.Text, nullable=False),
        sa.Column("prices", sa.Text, nullable=False),
        _moment("created_at"),
    )


def _decisions() -> None:
    names = (
        "router", "tier", "cause", "route", "owner_key", "owner_user", "owner_team", "end_user", "experiment", "mode",
        "cost_state", "served_call", "price_list", "counterfactual",
    )  # fmt: skip
    op.create_table(
        "decisions",
        sa.Column("decision_id", sa.Text, primary_key=True),
        _moment("created_at"),
        sa.Column("closed_at", sa.Double),
        sa.Column("hour", sa.Integer, nullable=False),
        *map(_text, names),
        *map(_flag, ("pinned", *_FLAGS)),
        *map(_count, _SUMS),
        sa.Column("details", sa.Text, nullable=False, server_default="{}"),
    )
    op.create_index("ix_decisions_created_at", "decisions", ["created_at"])
    op.create_index("ix_decisions_owner", "decisions", ["owner_key", "created_at"])


def _calls() -> None:
    op.create_table(
        "calls",
        sa.Column("decision_id", sa.Text, nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("call_id", sa.Text, nullable=False),
        *map(_text, ("role", "call_tier")),
        _flag("attempt"),
        *map(_text, ("model", "status")),
        sa.Column("cost", sa.Text),
        _flag("cache_hit"),
        *map(_count, ("prompt_tokens", "completion_tokens", "cached_tokens")),
        *map(_text, ("decider", "outcome", "failed_checks")),
        sa.PrimaryKeyConstraint("decision_id", "position", name="pk_calls"),
    )
    op.create_index("ix_calls_call_id", "calls", ["call_id"])


def _prompts_and_feedback() -> None:
    op.create_table(
        "prompts",
        sa.Column("decision_id", sa.Text, primary_key=True),
        sa.Column("text", sa.Text),
        sa.Column("features", sa.Text),
    )
    op.create_table(
        "feedback",
        sa.Column("decision_id", sa.Text, nullable=False),
        sa.Column("rater", sa.Text, nullable=False),
        _moment("score"),
        _text("kind"),
        _moment("value"),
        *map(_text, ("comment", "router", "tier", "route", "owner_key", "owner_team")),
        *map(_moment, ("decided_at", "created_at", "updated_at")),
        sa.PrimaryKeyConstraint("decision_id", "rater", name="pk_feedback"),
    )
    op.create_index("ix_feedback_decided_at", "feedback", ["decided_at"])


def _rollups() -> None:
    op.create_table(
        "hourly",
        sa.Column("hour", sa.Integer, nullable=False),
        *map(_text, _GROUP),
        *map(_count, ("requests", *_FLAGS, *_SUMS)),
        sa.PrimaryKeyConstraint("hour", *_GROUP, name="pk_hourly"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "hourly_verdicts",
        sa.Column("hour", sa.Integer, nullable=False),
        *map(_text, _VERDICT),
        _count("verdicts"),
        sa.PrimaryKeyConstraint("hour", *_VERDICT, name="pk_hourly_verdicts"),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    """Drop the tables, and everything in them."""
    for name in ("hourly_verdicts", "hourly", "feedback", "prompts", "calls", "decisions", "price_lists"):
        op.drop_table(name)
