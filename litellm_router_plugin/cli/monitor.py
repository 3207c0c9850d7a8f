"""``monitor``: drift alarms and proposed changes of a config, from recorded decisions."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from litellm_router_plugin.cli.report_quality import monitoring_tables, proposal_tables

if TYPE_CHECKING:
    from litellm_router_plugin.store.store import Store

DONE, FOUND, WRONG_USE = 0, 1, 2


def monitor(
    *,
    config: Annotated[Path, typer.Option("--config", help="The proxy's config file.")],
    database: Annotated[
        str | None, typer.Option("--database", help="URL, or SQLite file. Default: the one the proxy writes to.")
    ] = None,
    router: Annotated[str | None, typer.Option("--router", help="Only this tier router.")] = None,
    revert: Annotated[str | None, typer.Option("--revert", help="Take the applied step of this id back.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show drift alarms, and propose changes to the settings of routes as a difference of the config.

    Proxies that run take a reverted step back within ten seconds.

    Exit code: 0 nothing to do, or reverted; 1 there is an alarm or a proposal; 2 wrong use, or the database cannot be
    read.

    Example: tier-router monitor --config proxy_config.yaml
    """
    from litellm_router_plugin.cli.monitoring import found_by_monitor, revert_in_store  # noqa: PLC0415  loads LiteLLM
    from litellm_router_plugin.errors import TierRouterError  # noqa: PLC0415  same

    store = _store(database)
    try:
        if revert is not None:
            step = revert_in_store(store, revert)
            typer.echo(
                json.dumps(step) if as_json else f"step {revert} is taken back: {step['setting']} on {step['route']}"
            )
            raise typer.Exit(DONE)
        found = found_by_monitor(store, config, router)
    except TierRouterError as error:
        typer.echo(f"tier-router monitor: {error}", err=True)
        raise typer.Exit(WRONG_USE) from error
    finally:
        store.close()
    _tell(found, as_json=as_json)
    is_found = any(one["alarm"] for one in found["monitors"]) or any(one["proposals"] for one in found["routers"])
    raise typer.Exit(FOUND if is_found else DONE)


def _store(database: str | None) -> Store:
    from litellm_router_plugin.store.location import URL_VARIABLE, configured_url  # noqa: PLC0415  loads SQLAlchemy
    from litellm_router_plugin.store.store import Store  # noqa: PLC0415  same

    url = database or configured_url()
    if url is None:
        typer.echo(f"tier-router monitor: {URL_VARIABLE} switches the store off. Name one with --database", err=True)
        raise typer.Exit(WRONG_USE)
    return Store(url)


def _tell(found: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(found))
        return
    from litellm_router_plugin.cli.table_console import print_tables  # noqa: PLC0415  only here

    tables = [*monitoring_tables(found), *proposal_tables(found["routers"])]
    print_tables(tables, [])
    for router in found["routers"]:
        for one in router["no_proposal"]:
            tier = f" of {one['tier']}" if one["tier"] else ""
            typer.echo(f"{router['router']}: {one['setting']}{tier} on {one['route']}: {one['reason']}")
    if not tables and not any(router["no_proposal"] for router in found["routers"]):
        typer.echo("no alarm, and no outcome yet that a proposal could rest on")
