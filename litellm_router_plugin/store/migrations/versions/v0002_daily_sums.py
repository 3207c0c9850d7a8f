"""Sums by day, made from those by hour.

Revision ID: 0002
Revises: 0001
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_GROUP = ("router", "owner_key", "owner_team", "tier", "route", "price_list", "counterfactual")
_VERDICT = (
    "router", "owner_key", "owner_team", "tier", "route", "call_tier", "decider", "outcome", "failed_checks",
)  # fmt: skip
_SUMS = (
    "requests", "failed", "unpriced", "escalated", "fresh_tokens", "cached_tokens", "completion_tokens",
    "answer_nano", "answer_rest", "overhead_nano", "overhead_rest",
)  # fmt: skip


def upgrade() -> None:
    """Make the tables and fill them."""
    _daily("daily", "hourly", _GROUP, _SUMS)
    _daily("daily_verdicts", "hourly_verdicts", _VERDICT, ("verdicts",))


def _daily(name: str, source: str, keys: tuple[str, ...], sums: tuple[str, ...]) -> None:
    op.create_table(name, *_columns(keys, sums), sa.PrimaryKeyConstraint("hour", *keys, name=f"pk_{name}"),
                    sqlite_with_rowid=False)  # fmt: skip
    hourly, daily = (sa.Table(one, sa.MetaData(), *_columns(keys, sums)) for one in (source, name))
    day = hourly.c.hour - hourly.c.hour % 24
    kept = [hourly.c[key] for key in keys]
    added = [sa.func.sum(hourly.c[one]) for one in sums]
    summed = sa.select(day, *kept, *added).group_by(day, *kept)
    op.execute(daily.insert().from_select(["hour", *keys, *sums], summed))


def _columns(keys: tuple[str, ...], sums: tuple[str, ...]) -> list[sa.Column[int] | sa.Column[str]]:
    return [
        sa.Column("hour", sa.Integer, nullable=False),
        *(sa.Column(key, sa.Text, nullable=False, server_default="") for key in keys),
        *(sa.Column(one, sa.BigInteger, nullable=False, server_default="0") for one in sums),
    ]


def downgrade() -> None:
    """Drop the tables; the sums by hour are still there."""
    for name in ("daily_verdicts", "daily"):
        op.drop_table(name)
