"""Settings of the learned classifier."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from litellm_router_plugin.config.base import LocalPath, Settings

Share = Annotated[float, Field(ge=0, le=1)]


class LearnedSettings(Settings):
    """A learned forecast of each tier's success and cost.

    Attributes:
        artefact: Folder of the model. Absent: the shipped one.
        quality_target: Share of the best fixed tier's expected quality that the choices keep. Absent, and no
            ``cost_quality``: 0.95, where on the shipped data a large saving costs little.
        cost_quality: 0 takes the cheapest tier, 1 the best whatever it costs.
        skip_dominated: Leave out a tier that is dearer than another and expected to do no better.
    """

    type: Literal["learned"]
    artefact: LocalPath | None = None
    quality_target: Share | None = None
    cost_quality: Share | None = None
    skip_dominated: bool = True

    @model_validator(mode="after")
    def _one_way_to_choose(self) -> LearnedSettings:
        if self.quality_target is not None and self.cost_quality is not None:
            raise ValueError("quality_target and cost_quality exclude each other; keep one of them")
        return self
