"""Settings of shadow mode: what observing may spend on answers that nobody is served."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from pydantic import Field

from litellm_router_plugin.config.base import Settings


class ObserveSettings(Settings):
    """Extra calls of ``mode: observe``; without this section there are none. In ``mode: route`` it has no effect.

    Attributes:
        share: Share of the requests, 0..1, for which the calls are made that routing would have made. One in twenty
            gives an interval worth reading from about a thousand requests.
        max_usd_per_day: USD that one tier router may spend on them in a day (UTC); then there are no more until the
            next. A choice: small enough that forgetting the section is no accident.
        judge: Whether judge and second opinion of the cascade are asked about these answers, as they would have been.
    """

    share: Annotated[float, Field(ge=0, le=1)] = 0.05
    max_usd_per_day: Annotated[Decimal, Field(gt=0)] = Decimal(1)
    judge: bool = True
