"""Amounts as two whole numbers, so that a database sums them exactly.

SQLite has no decimal type and would sum text as binary floats. An amount is therefore kept in units of 1e-18 USD, split
into whole nano-dollars and the rest: both parts are summed as integers and joined again. What is rounded away of one
amount is at most 5e-19 USD, so a thousand million amounts are off by less than 1e-9 USD together.
"""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Context, Decimal

DIGITS = 18
"""Decimal places kept of an amount in USD."""
REST_UNITS = 10**9
"""Units of the rest in one nano-dollar."""
_EXACT = Context(prec=60, rounding=ROUND_HALF_EVEN)
"""Wide enough for any sum of 64-bit parts."""


def split(amount: Decimal) -> tuple[int, int]:
    """An amount in USD as nano-dollars and the rest, in 1e-18 USD; the rest is never negative."""
    units = int(amount.scaleb(DIGITS, _EXACT).to_integral_value(context=_EXACT))
    return divmod(units, REST_UNITS)


def join(nano: int | Decimal | None, rest: int | Decimal | None) -> Decimal:
    """The amount in USD that sums of both parts make; a database says None for the sum of no rows."""
    units = int(nano or 0) * REST_UNITS + int(rest or 0)
    return Decimal(units).scaleb(-DIGITS, _EXACT)
