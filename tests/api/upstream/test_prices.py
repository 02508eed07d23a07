"""Usage as eight providers report it, and what each call costs."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.upstream.prices import FREE, Counts, Price, cost_of, counts_in
from kernel.money import Micros

PRICE = Price(
    input=Micros(2_000_000),
    output=Micros(8_000_000),
    cached=Micros(500_000),
    cache_write=Micros(2_500_000),
)

GOLDEN = {
    "openai": (
        {
            "prompt_tokens": 2_006,
            "completion_tokens": 300,
            "total_tokens": 2_306,
            "prompt_tokens_details": {"cached_tokens": 1_920, "audio_tokens": 0},
            "completion_tokens_details": {"reasoning_tokens": 128, "audio_tokens": 0},
        },
        Counts(2_006, 300, cached=1_920, reasoning=128),
        86 * 2 + 1_920 * 0.5 + 300 * 8,
    ),
    "openai responses": (
        {
            "input_tokens": 2_006,
            "output_tokens": 300,
            "input_tokens_details": {"cached_tokens": 1_920},
            "total_tokens": 2_306,
        },
        Counts(2_006, 300, cached=1_920),
        86 * 2 + 1_920 * 0.5 + 300 * 8,
    ),
    "anthropic": (
        {
            "input_tokens": 50,
            "cache_creation_input_tokens": 248,
            "cache_read_input_tokens": 1_800,
            "output_tokens": 503,
        },
        Counts(2_098, 503, cached=1_800, cache_written=248),
        50 * 2 + 1_800 * 0.5 + 248 * 2.5 + 503 * 8,
    ),
    "anthropic through a translator": (
        {
            "prompt_tokens": 2_098,
            "completion_tokens": 503,
            "total_tokens": 2_601,
            "prompt_tokens_details": {"cached_tokens": 1_800},
            "cache_creation_input_tokens": 248,
            "cache_read_input_tokens": 1_800,
        },
        Counts(2_098, 503, cached=1_800, cache_written=248),
        50 * 2 + 1_800 * 0.5 + 248 * 2.5 + 503 * 8,
    ),
    "deepseek": (
        {
            "prompt_tokens": 1_000,
            "completion_tokens": 100,
            "total_tokens": 1_100,
            "prompt_cache_hit_tokens": 960,
            "prompt_cache_miss_tokens": 40,
        },
        Counts(1_000, 100, cached=960),
        40 * 2 + 960 * 0.5 + 100 * 8,
    ),
    "gemini": (
        {
            "promptTokenCount": 1_000,
            "cachedContentTokenCount": 700,
            "candidatesTokenCount": 50,
            "thoughtsTokenCount": 150,
            "totalTokenCount": 1_200,
        },
        Counts(1_000, 200, cached=700, reasoning=150),
        300 * 2 + 700 * 0.5 + 200 * 8,
    ),
    "gemini in OpenAI's format": (
        {"prompt_tokens": 1_000, "completion_tokens": 50, "total_tokens": 1_200},
        Counts(1_000, 200, reasoning=150),
        1_000 * 2 + 200 * 8,
    ),
    "xai": (
        {
            "prompt_tokens": 37,
            "completion_tokens": 9,
            "total_tokens": 346,
            "prompt_tokens_details": {"text_tokens": 37, "cached_tokens": 8},
            "completion_tokens_details": {"reasoning_tokens": 300},
        },
        Counts(37, 309, cached=8, reasoning=300),
        29 * 2 + 8 * 0.5 + 309 * 8,
    ),
    "groq": (
        {
            "queue_time": 0.02,
            "prompt_tokens": 18,
            "prompt_time": 0.001,
            "completion_tokens": 556,
            "completion_time": 0.46,
            "total_tokens": 574,
        },
        Counts(18, 556),
        18 * 2 + 556 * 8,
    ),
    "mistral": (
        {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15},
        Counts(10, 5),
        10 * 2 + 5 * 8,
    ),
}


class TestTheCostOfACall:
    @pytest.mark.parametrize("provider", GOLDEN)
    def test_is_what_the_provider_charges(self, provider: str) -> None:
        usage, counts, micros = GOLDEN[provider]

        assert counts_in(usage) == counts
        assert cost_of(counts, PRICE) == Micros(round(micros))

    def test_is_rounded_up_once(self) -> None:
        assert cost_of(Counts(1, 0), Price(input=Micros(1))) == Micros(1)
        assert cost_of(Counts(1, 1), FREE) == Micros(0)

    @pytest.mark.parametrize(
        "usage",
        [None, [], {}, {"prompt_tokens": True, "completion_tokens": 1}, {"prompt_tokens": -1}],
    )
    def test_is_not_read_from_nonsense(self, usage: object) -> None:
        assert counts_in(usage) is None

    @given(
        st.dictionaries(
            st.sampled_from(
                [
                    *("prompt_tokens", "completion_tokens", "total_tokens", "input_tokens"),
                    *("output_tokens", "cache_read_input_tokens", "cache_creation_input_tokens"),
                    *("prompt_cache_hit_tokens", "promptTokenCount", "cachedContentTokenCount"),
                ]
            ),
            st.integers(-5, 5_000),
        )
    )
    def test_is_never_negative_and_never_counts_a_token_twice(self, usage: dict[str, int]) -> None:
        counts = counts_in(usage)

        if counts is not None:
            assert counts.cached + counts.cache_written <= counts.prompt
            assert counts.reasoning <= counts.completion
            assert cost_of(counts, PRICE) >= Micros(0)
