"""What a model's tokens cost, and reading it from a file."""

from __future__ import annotations

import math
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path

import orjson

from litellm_router_plugin.core.money import Price, usd
from litellm_router_plugin.errors import DataError
from litellm_router_plugin.evaluation.jsonl import open_lines
from litellm_router_plugin.evaluation.rows import Outcome, shown

Prices = Mapping[str, Price]
"""Model name -> its price."""


def read_json(path: Path) -> object:
    """A JSON file, plain or gzipped.

    Raises:
        DataError: It cannot be read or is no valid JSON.
    """
    with open_lines(path) as handle:
        text = handle.read()
    try:
        value: object = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise DataError(str(path), error.lineno, f"no valid JSON ({error.msg})") from error
    return value


def _read_usd(record: Mapping[str, object], key: str, where: str, source: str) -> Decimal:
    value = record.get(key)
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or value < 0:
        raise DataError(source, 0, f"{where}: {key} must be a number of USD a token, 0 or more, found {shown(value)}")
    return usd(float(value))


def read_prices(path: Path) -> dict[str, Price]:
    """Prices by model: ``{"model": {"input_cost_per_token": …, "output_cost_per_token": …}}``.

    Raises:
        DataError: The file cannot be read, or a price is missing or no number.
    """
    source, value = str(path), read_json(path)
    if not isinstance(value, Mapping):
        raise DataError(source, 0, "an object from model to prices is wanted")
    prices = {}
    for model, record in value.items():
        if not isinstance(record, Mapping):
            raise DataError(source, 0, f"{model}: an object with both prices is wanted, found {shown(record)}")
        prices[str(model)] = Price(
            _read_usd(record, "input_cost_per_token", model, source),
            _read_usd(record, "output_cost_per_token", model, source),
        )
    return prices


def recorded_cost(price: Price, outcome: Outcome) -> float:
    """The cost of one recorded answer in USD; nothing is taken for cached."""
    return outcome.prompt_tokens * float(price.input) + outcome.completion_tokens * float(price.output)


def price_of(prices: Prices, model: str) -> Price:
    """The price of a model.

    Raises:
        DataError: It has none; an unknown price is not taken for 0.
    """
    try:
        return prices[model]
    except KeyError:
        fix = "add its input_cost_per_token and output_cost_per_token to that file"
        raise DataError("--prices", 0, f"there is no price for {model!r}; {fix}") from None
