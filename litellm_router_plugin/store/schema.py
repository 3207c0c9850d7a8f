"""The tables. What they are now; how they came to be stands in ``migrations``."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Double, Index, Integer, MetaData, PrimaryKeyConstraint, Table, Text

POSTGRESQL_SCHEMA = "tier_router"
"""Where the tables are in PostgreSQL: LiteLLM's own schema push may drop tables that it does not know."""
HOUR_S = 3600
"""``hour`` columns count hours since 1970, UTC."""
DAY_HOURS = 24

metadata = MetaData()

OWNER_COLUMNS = ("owner_key", "owner_team")
GROUP_COLUMNS = ("hour", "router", *OWNER_COLUMNS, "tier", "route", "price_list", "counterfactual")
"""What an hourly sum is kept for."""
FLAG_COLUMNS = ("failed", "unpriced", "escalated")
TOKEN_COLUMNS = ("fresh_tokens", "cached_tokens", "completion_tokens")
AMOUNT_COLUMNS = ("answer_nano", "answer_rest", "overhead_nano", "overhead_rest")
SUM_COLUMNS = (*FLAG_COLUMNS, *TOKEN_COLUMNS, *AMOUNT_COLUMNS)
"""What is summed: each is a column of a decision and of the hourly sums."""
VERDICT_COLUMNS = (
    "hour",
    "router",
    *OWNER_COLUMNS,
    "tier",
    "route",
    "call_tier",
    "decider",
    "outcome",
    "failed_checks",
)
"""What hourly counts of verdicts are kept for."""


def _text(name: str) -> Column[str]:
    return Column(name, Text, nullable=False, server_default="")


def _count(name: str) -> Column[int]:
    return Column(name, BigInteger, nullable=False, server_default="0")


price_lists = Table(
    "price_lists",
    metadata,
    Column("id", Text, primary_key=True),
    _text("router"),
    _text("baseline"),
    Column("tiers", Text, nullable=False),
    Column("prices", Text, nullable=False),
    Column("created_at", Double, nullable=False),
)
"""Ladders with their prices: ``tiers`` and ``prices`` are JSON. The id is a hash of the content."""

decisions = Table(
    "decisions",
    metadata,
    Column("decision_id", Text, primary_key=True),
    Column("created_at", Double, nullable=False),
    Column("closed_at", Double),
    Column("hour", Integer, nullable=False),
    _text("router"),
    _text("tier"),
    _text("cause"),
    _text("route"),
    _text("owner_key"),
    _text("owner_user"),
    _text("owner_team"),
    _text("end_user"),
    _text("experiment"),
    _text("mode"),
    _text("cost_state"),
    _text("served_call"),
    _text("price_list"),
    _text("counterfactual"),
    Column("pinned", Integer, nullable=False, server_default="0"),
    *(Column(name, Integer, nullable=False, server_default="0") for name in FLAG_COLUMNS),
    *(_count(name) for name in (*TOKEN_COLUMNS, *AMOUNT_COLUMNS)),
    Column("details", Text, nullable=False, server_default="{}"),
    Index("ix_decisions_created_at", "created_at"),
    Index("ix_decisions_owner", "owner_key", "created_at"),
)
"""One row a request. ``counterfactual`` says what it would have cost elsewhere: ``tokens`` (the served answer's tokens
at that tier's price), ``own`` (its own cost: pinned requests, cache hits), ``none`` (failed, or without price).
``details`` is JSON: what needs no column."""

calls = Table(
    "calls",
    metadata,
    Column("decision_id", Text, nullable=False),
    Column("position", Integer, nullable=False),
    Column("call_id", Text, nullable=False),
    _text("role"),
    _text("call_tier"),
    Column("attempt", Integer, nullable=False, server_default="0"),
    _text("model"),
    _text("status"),
    Column("cost", Text),
    Column("cache_hit", Integer, nullable=False, server_default="0"),
    *(_count(name) for name in ("prompt_tokens", "completion_tokens", "cached_tokens")),
    _text("decider"),
    _text("outcome"),
    _text("failed_checks"),
    Column("quality", Double),
    PrimaryKeyConstraint("decision_id", "position", name="pk_calls"),
    Index("ix_calls_call_id", "call_id"),
)
"""One row a provider call. ``cost`` is the exact decimal text, null where unknown; ``failed_checks`` a JSON list."""

prompts = Table(
    "prompts",
    metadata,
    Column("decision_id", Text, primary_key=True),
    Column("text", Text),
    Column("features", Text),
)
"""What the settings let be kept of a prompt: its text, or its features as JSON."""

feedback = Table(
    "feedback",
    metadata,
    Column("decision_id", Text, nullable=False),
    Column("rater", Text, nullable=False),
    Column("score", Double, nullable=False),
    _text("kind"),
    Column("value", Double, nullable=False),
    _text("comment"),
    _text("router"),
    _text("tier"),
    _text("route"),
    _text("owner_key"),
    _text("owner_team"),
    Column("decided_at", Double, nullable=False),
    Column("created_at", Double, nullable=False),
    Column("updated_at", Double, nullable=False),
    PrimaryKeyConstraint("decision_id", "rater", name="pk_feedback"),
    Index("ix_feedback_decided_at", "decided_at"),
)
"""One row a decision and rater; a second rating replaces the first."""

states = Table(
    "states",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("updated_at", Double, nullable=False),
)
"""State that outlasts a process, as JSON under a name; ``version`` rises with each write."""

experiment_runs = Table(
    "experiment_runs",
    metadata,
    Column("id", Text, primary_key=True),
    _text("router"),
    _text("experiment"),
    _text("fingerprint"),
    _text("unit"),
    Column("share", Double, nullable=False),
    Column("settings", Text, nullable=False),
    Column("goal", Text, nullable=False),
)
"""Definitions of experiments that decisions were made under: ``settings`` (of the arm) and ``goal`` are JSON. The id is
a hash of router and fingerprint; the goal is the latest one."""

placements = Table(
    "placements",
    metadata,
    Column("run", Text, nullable=False),
    Column("arm", Text, nullable=False),
    Column("unit", Text, nullable=False),
    Column("decision_id", Text, nullable=False),
    Column("created_at", Double, nullable=False),
    _text("owner_key"),
    _text("owner_team"),
    _text("tier"),
    _text("route"),
    Column("escalated", Integer, nullable=False, server_default="0"),
    Column("priced", Integer, nullable=False, server_default="0"),
    *(_count(name) for name in ("cost_nano", "cost_rest")),
    PrimaryKeyConstraint("run", "arm", "unit", "decision_id", name="pk_placements"),
    Index("ix_placements_decision_id", "decision_id"),
    sqlite_with_rowid=False,
)
"""One row a decision and experiment: ``arm`` is ``control``, ``arm``, or ``none`` where it has no such unit. ``unit``
is a digest; the cost is that of every call, 0 where one has no price. In SQLite the rows lie in the order of their key,
so that a run is added up unit by unit in one pass."""


def _sums_table(name: str) -> Table:
    return Table(
        name,
        metadata,
        Column("hour", Integer, nullable=False),
        *(_text(column) for column in GROUP_COLUMNS[1:]),
        _count("requests"),
        *(_count(column) for column in SUM_COLUMNS),
        PrimaryKeyConstraint(*GROUP_COLUMNS, name=f"pk_{name}"),
        sqlite_with_rowid=False,
    )


def _verdicts_table(name: str) -> Table:
    return Table(
        name,
        metadata,
        Column("hour", Integer, nullable=False),
        *(_text(column) for column in VERDICT_COLUMNS[1:]),
        _count("verdicts"),
        PrimaryKeyConstraint(*VERDICT_COLUMNS, name=f"pk_{name}"),
        sqlite_with_rowid=False,
    )


hourly, daily = _sums_table("hourly"), _sums_table("daily")
"""Sums over the decisions of an hour and of a day, kept in the transaction that writes them. A day's ``hour`` is its
first one (UTC)."""
hourly_verdicts, daily_verdicts = _verdicts_table("hourly_verdicts"), _verdicts_table("daily_verdicts")
"""Counts of verdicts on the attempts of an hour and of a day."""
