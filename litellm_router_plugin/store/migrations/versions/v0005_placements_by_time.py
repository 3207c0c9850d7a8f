"""Placements are found by their time, so that a summary of a short period reads no others.

Revision ID: 0005
Revises: 0004
"""

from __future__ import annotations

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

INDEX = "ix_placements_created_at"


def _schema() -> str | None:
    """Where the tables are: an older table, unlike a new one, is not looked for there by itself."""
    found = op.get_context().config.attributes["schema"]  # type: ignore[union-attr]  # migrations run with one
    return None if found is None else str(found)


def upgrade() -> None:
    """Add the index."""
    op.create_index(INDEX, "placements", ["created_at"], schema=_schema())


def downgrade() -> None:
    """Drop it."""
    op.drop_index(INDEX, "placements", schema=_schema())
