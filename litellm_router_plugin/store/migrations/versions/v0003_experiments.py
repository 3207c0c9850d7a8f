"""Where each decision stands in each experiment.

Revision ID: 0003
Revises: 0002
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=False, server_default="")


def upgrade() -> None:
    """Make the tables. Older decisions stay outside: what their units were is not known."""
    op.create_table(
        "experiment_runs",
        sa.Column("id", sa.Text, primary_key=True),
        *map(_text, ("router", "experiment", "fingerprint", "unit")),
        sa.Column("share", sa.Double, nullable=False),
        sa.Column("settings", sa.Text, nullable=False),
        sa.Column("goal", sa.Text, nullable=False),
    )
    key = ("run", "arm", "unit", "decision_id")
    op.create_table(
        "placements",
        *(sa.Column(name, sa.Text, nullable=False) for name in key),
        sa.Column("created_at", sa.Double, nullable=False),
        *map(_text, ("owner_key", "owner_team", "tier", "route")),
        *(sa.Column(name, sa.Integer, nullable=False, server_default="0") for name in ("escalated", "priced")),
        *(sa.Column(name, sa.BigInteger, nullable=False, server_default="0") for name in ("cost_nano", "cost_rest")),
        sa.PrimaryKeyConstraint(*key, name="pk_placements"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_placements_decision_id", "placements", ["decision_id"])


def downgrade() -> None:
    """Drop the tables; the decisions themselves stay."""
    for name in ("placements", "experiment_runs"):
        op.drop_table(name)
