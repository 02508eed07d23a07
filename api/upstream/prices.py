"""What a call costs us, from the counts that its provider reported.

Providers count differently: some put cached tokens inside the prompt and some beside it, some put
reasoning inside the completion and some leave it out of everything but the total. `counts_in` brings
them to one shape in which nothing is counted twice, `cost_of` prices it. Pure.

    Price(input=Micros(150_000), cached=Micros(75_000), output=Micros(600_000))  # per million tokens
    of 1,000 prompt tokens, 800 of them cached, and 200 written: 30 + 60 + 120 = 210 micros
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from kernel.money import ZERO, Micros

_MILLION: Final = 1_000_000
_MOST_TOKENS: Final = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Price:
    """Per million tokens; without a price of its own, a cached token costs what any other does."""

    input: Micros = ZERO
    output: Micros = ZERO
    cached: Micros | None = None
    cache_write: Micros | None = None


FREE: Final = Price()


@dataclass(frozen=True, slots=True)
class Counts:
    """Tokens of one call. `prompt` holds the cached ones, `completion` the reasoning."""

    prompt: int
    completion: int
    cached: int = 0
    cache_written: int = 0
    reasoning: int = 0


def counts_in(usage: Any) -> Counts | None:
    """The counts in a provider's usage object; None where it has none that can be trusted."""
    if not isinstance(usage, Mapping):
        return None
    if "promptTokenCount" in usage:
        return _gemini(usage)
    if "input_tokens" in usage and "prompt_tokens" not in usage:
        return _anthropic(usage)
    prompt, completion = _count(usage, "prompt_tokens"), _count(usage, "completion_tokens")
    if prompt is None or completion is None:
        return None
    inside, written = _details(usage, "prompt"), _details(usage, "completion")
    cached = (
        _count(inside, "cached_tokens")
        or _count(usage, "prompt_cache_hit_tokens")
        or _count(usage, "cache_read_input_tokens")
        or 0
    )
    cache_written = _count(usage, "cache_creation_input_tokens") or 0
    reasoning = _count(written, "reasoning_tokens") or 0
    # Where the total holds more than both parts, reasoning was left out of the completion.
    total = _count(usage, "total_tokens") or 0
    left_out = total - prompt - completion
    if left_out > 0:
        completion += left_out
        reasoning = max(reasoning, left_out)
    return Counts(
        prompt,
        completion,
        cached=min(cached, prompt),
        cache_written=min(cache_written, prompt - min(cached, prompt)),
        reasoning=min(reasoning, completion),
    )


def cost_of(counts: Counts, price: Price) -> Micros:
    """What the provider charges for the call, rounded up once."""
    cached = price.input if price.cached is None else price.cached
    cache_write = price.input if price.cache_write is None else price.cache_write
    fresh = counts.prompt - counts.cached - counts.cache_written
    total = (
        fresh * price.input.amount
        + counts.cached * cached.amount
        + counts.cache_written * cache_write.amount
        + counts.completion * price.output.amount
    )
    return Micros(-(-total // _MILLION))


def _anthropic(usage: Mapping[str, Any]) -> Counts | None:
    """Cached tokens stand beside the input there, not in it."""
    fresh, written = _count(usage, "input_tokens"), _count(usage, "output_tokens")
    if fresh is None or written is None:
        return None
    cached = _count(usage, "cache_read_input_tokens")
    inside = _details(usage, "input")
    if cached is None and (held := _count(inside, "cached_tokens")) is not None:
        # The newer OpenAI form has the same names, with the cached tokens inside.
        return Counts(fresh, written, cached=min(held, fresh))
    created = _count(usage, "cache_creation_input_tokens") or 0
    return Counts(fresh + (cached or 0) + created, written, cached or 0, created)


def _gemini(usage: Mapping[str, Any]) -> Counts | None:
    """Thoughts stand beside the candidates there; cached content is part of the prompt."""
    prompt = _count(usage, "promptTokenCount")
    if prompt is None:
        return None
    thoughts = _count(usage, "thoughtsTokenCount") or 0
    said = _count(usage, "candidatesTokenCount") or 0
    cached = min(_count(usage, "cachedContentTokenCount") or 0, prompt)
    return Counts(prompt, said + thoughts, cached=cached, reasoning=thoughts)


def _details(usage: Mapping[str, Any], what: str) -> Mapping[str, Any]:
    details = usage.get(f"{what}_tokens_details")
    return details if isinstance(details, Mapping) else {}


def _count(usage: Mapping[str, Any], name: str) -> int | None:
    value = usage.get(name)
    return value if type(value) is int and 0 <= value <= _MOST_TOKENS else None
