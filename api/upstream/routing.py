"""Which upstreams answer for which model.

A model alias is the name that callers send; behind it stand one or more legs, each an upstream and
the name that it knows the model by. An alias never depends on the conversation or on an ad. Refuses
two aliases of one name.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from api.upstream.bounds import UNBOUND, Bounds
from api.upstream.prices import FREE, Price
from api.upstream.upstream import Upstream
from kernel.errors import NotFound


@dataclass(frozen=True, slots=True)
class Leg:
    """One way to an answer. Lower tiers are tried first; within one, `weight` shares the calls."""

    upstream: Upstream
    model: str
    price: Price = FREE
    tier: int = 0
    weight: float = 1.0
    bounds: Bounds = UNBOUND


@dataclass(frozen=True, slots=True)
class ModelAlias:
    """``ModelAlias("demo", demo, "demo")``; `owned_by` is shown in the list of models.

    `others` are further legs beside the first one. `legs` is every way to an answer, the first one
    first; `ad_legs` are those whose terms let an ad stand in it.
    """

    name: str
    upstream: Upstream
    upstream_model: str
    owned_by: str = "tollfree"
    price: Price = FREE
    others: tuple[Leg, ...] = ()
    tier: int = 0
    weight: float = 1.0
    bounds: Bounds = UNBOUND
    legs: tuple[Leg, ...] = field(init=False, repr=False, compare=False)
    ad_legs: tuple[Leg, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        first = Leg(
            self.upstream, self.upstream_model, self.price, self.tier, self.weight, self.bounds
        )
        legs = (first, *self.others)
        object.__setattr__(self, "legs", legs)
        object.__setattr__(self, "ad_legs", tuple(leg for leg in legs if leg.bounds.carries_ads))


class Routing:
    """The aliases of this installation, in the order in which they are listed."""

    def __init__(self, aliases: Sequence[ModelAlias], *, created: int = 0) -> None:
        self._created = created
        self.take(aliases)

    def take(self, aliases: Sequence[ModelAlias]) -> None:
        """Use these aliases from now on; calls under way go on with those that they have."""
        named = {alias.name: alias for alias in aliases}
        if len(named) != len(aliases):
            raise ValueError("Two model aliases have the same name.")
        self._aliases = named

    def route(self, model: str) -> ModelAlias:
        """The alias called `model`. Raises NotFound that names what there is."""
        alias = self._aliases.get(model)
        if alias is None:
            known = ", ".join(list(self._aliases)[:8])
            raise NotFound(
                f"There is no such model here. Available: {known}.",
                param="model",
                code="model_not_found",
            )
        return alias

    def aliases(self) -> Sequence[ModelAlias]:
        """Every alias, in order."""
        return tuple(self._aliases.values())

    def models(self) -> list[dict[str, Any]]:
        """The models as ``GET /v1/models`` lists them."""
        return [self.model(name) for name in self._aliases]

    def model(self, name: str) -> dict[str, Any]:
        """One model as the wire shows it. Raises NotFound."""
        alias = self.route(name)
        return {
            "id": alias.name,
            "object": "model",
            "created": self._created,
            "owned_by": alias.owned_by,
        }

    async def close(self) -> None:
        """Close each upstream once, however many aliases share it."""
        legs = [leg for alias in self._aliases.values() for leg in alias.legs]
        for upstream in {id(leg.upstream): leg.upstream for leg in legs}.values():
            await upstream.close()
