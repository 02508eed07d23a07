"""What is done when the day's budget runs low, and what one answer may cost. Pure.

    below 70 %   everything            from 70 %   each model by its cheapest upstream, short answers
    from 90 %    trusted apps only     at 100 %    nothing that costs (the purse refuses)

An answer may cost what the tier of its app allows; legs that would cost more are left out. The tier
is earned over days; this turn's ad and its bids are not known here.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Final

from api.upstream.routing import Leg
from kernel.errors import Forbidden
from kernel.money import Micros

_MILLION: Final = 1_000_000
_TYPICAL_OUTPUT: Final = 1_000
_BYTES_PER_TOKEN: Final = 4
_TOKENS_PER_IMAGE: Final = 3_000
_TIMES: Final = {"new": 1, "standard": 4, "trusted": 20}


class Stage(IntEnum):
    """How far the budget is handed out."""

    OPEN = 0
    CHEAP = 70
    TRUSTED = 90


def stage_at(per_cent: int) -> Stage:
    """The stage at so much of the budget."""
    if per_cent >= Stage.TRUSTED:
        return Stage.TRUSTED
    return Stage.CHEAP if per_cent >= Stage.CHEAP else Stage.OPEN


@dataclass(frozen=True, slots=True)
class Load:
    """How much a request asks for: its bytes, images, and the most tokens of its answer."""

    size: int
    images: int
    named_output: int | None
    most_output: int
    choices: int

    def worst(self, leg: Leg) -> int:
        """The most that it can cost by a leg, in micros: each byte a token, each answer full."""
        prompt = self.size + self.images * _TOKENS_PER_IMAGE
        output = self.most_output if self.named_output is None else self.named_output
        return _cost(leg, prompt, output * self.choices)

    def typical(self, leg: Leg) -> int:
        """What it is likely to cost, in micros."""
        prompt = self.size // _BYTES_PER_TOKEN + self.images * _TOKENS_PER_IMAGE
        output = _TYPICAL_OUTPUT if self.named_output is None else self.named_output
        return _cost(leg, prompt, min(output, _TYPICAL_OUTPUT) * self.choices)


def load_of(body: Any, size: int, *, most_output: int) -> Load:
    """The load of a chat request."""
    named = body.get("max_completion_tokens", body.get("max_tokens"))
    choices = body.get("n")
    images = sum(
        isinstance(part, dict) and part.get("type") == "image_url"
        for message in body["messages"]
        if isinstance(message.get("content"), list)
        for part in message["content"]
    )
    return Load(
        size,
        images,
        named if type(named) is int and named >= 0 else None,
        most_output,
        choices if type(choices) is int and choices > 0 else 1,
    )


def is_free(leg: Leg) -> bool:
    """Whether its calls cost nothing."""
    price = leg.price
    return not price.input.amount and not price.output.amount


def allowed(
    legs: Sequence[Leg], load: Load, *, tier: str, stage: Stage, answer_cost: Micros
) -> Sequence[Leg]:
    """The legs that this tier may use at this stage, in order. Raises Forbidden if there are none."""
    bound = answer_cost.amount * _TIMES.get(tier, _TIMES["standard"]) // _TIMES["standard"]
    paid_for = [leg for leg in legs if is_free(leg) or load.typical(leg) <= bound]
    if not paid_for:
        raise Forbidden(
            "An answer by this model to a request of this size may cost more than the tier of your "
            "app allows. Send less, lower `max_tokens`, or choose another model.",
            code="tier_exceeded",
        )
    if stage == Stage.OPEN:
        return paid_for
    cheapest = min(load.typical(leg) for leg in paid_for)
    return [leg for leg in paid_for if load.typical(leg) == cheapest]


def _cost(leg: Leg, prompt: int, output: int) -> int:
    price = leg.price
    dearest = price.input.amount
    if price.cache_write is not None:
        dearest = max(dearest, price.cache_write.amount)
    return -(-(prompt * dearest + output * price.output.amount) // _MILLION)
