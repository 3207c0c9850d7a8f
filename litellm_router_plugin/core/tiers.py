"""Tiers and the ladder that orders them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from litellm_router_plugin.core.frozen import empty
from litellm_router_plugin.errors import UnknownTier


@dataclass(frozen=True, slots=True)
class Tier:
    """A quality and price level that names a model group.

    Attributes:
        name: What users call it.
        model_group: The ``model_name`` of the deployments that serve it.
        params: Defaults for sampling and length; the client's own values win.
        like: The known model that the learned classifier takes it for.
    """

    name: str
    model_group: str
    params: Mapping[str, object] = field(default_factory=empty, hash=False)
    like: str | None = None


@dataclass(frozen=True, slots=True)
class Ladder:
    """Tiers, cheapest first. A position on it is a rung, counted from 0.

    Attributes:
        tiers: The tiers.
        names: Their names, in the same order.
    """

    tiers: tuple[Tier, ...]
    names: tuple[str, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "names", tuple(tier.name for tier in self.tiers))  # the record is frozen

    def __iter__(self) -> Iterator[Tier]:
        return iter(self.tiers)

    def __len__(self) -> int:
        return len(self.tiers)

    def __getitem__(self, rung: int) -> Tier:
        return self.tiers[rung]

    @property
    def top(self) -> Tier:
        """The dearest tier."""
        return self.tiers[-1]

    def rung(self, name: str, where: str = "tier") -> int:
        """The position of a tier.

        Raises:
            UnknownTier: There is no tier of that name; ``where`` says which setting named it.
        """
        for index, tier in enumerate(self.tiers):
            if tier.name == name:
                return index
        raise UnknownTier(name, self.names, where)

    def tier(self, name: str, where: str = "tier") -> Tier:
        """The tier of that name; raises `UnknownTier` as `rung` does."""
        return self.tiers[self.rung(name, where)]

    def for_group(self, model_group: str) -> Tier | None:
        """The cheapest tier that names this model group, if one does."""
        return next((tier for tier in self.tiers if tier.model_group == model_group), None)

    def highest(self, names: Sequence[str]) -> str | None:
        """The highest of some tier names; None of none."""
        return max(names, key=self.rung, default=None)
