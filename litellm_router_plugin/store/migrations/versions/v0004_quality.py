"""The graders' estimate of each answer, and state that outlasts a process.

Revision ID: 0004
Revises: 0003
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def _schema() -> str | None:
    """Where the tables are: a changed table, unlike a new one, is not looked for there by itself."""
    found = op.get_context().config.attributes["schema"]  # type: ignore[union-attr]  # migrations run with one
    return None if found is None else str(found)


def upgrade() -> None:
    """Add the column and the table. Of older answers no estimate is known."""
    op.add_column("calls", sa.Column("quality", sa.Double), schema=_schema())
    op.create_table(
        "states",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("value", sa.Text, nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("updated_at", sa.Double, nullable=False),
    )


def downgrade() -> None:
    """Drop both."""
    op.drop_table("states")
    with op.batch_alter_table("calls", schema=_schema()) as table:
        table.drop_column("quality")
