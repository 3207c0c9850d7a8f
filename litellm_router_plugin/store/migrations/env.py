"""What alembic runs: the steps, on the connection that it is handed, inside the transaction that is open on it."""

from __future__ import annotations

from alembic import context

from litellm_router_plugin.store.schema import metadata

_connection = context.config.attributes["connection"]
_schema = context.config.attributes["schema"]

context.configure(
    connection=_connection, target_metadata=metadata, version_table_schema=_schema, transactional_ddl=True
)
context.run_migrations()
