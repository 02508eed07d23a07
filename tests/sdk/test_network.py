"""`Tollfree` and `AsyncTollfree` against a canned ad server that behaves well, or does not."""

import asyncio
import logging
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator

import pytest

from tollfree_sdk import AsyncTollfree, Match, Tollfree
from tollfree_sdk.contract import Format, NoFill, Step
from tollfree_sdk.errors import AdNetworkError, AdNetworkRefused
from tollfree_sdk.testing import Behaviour, CannedAdServer

KEY = "tf_pub_test"
QUESTION = [{"role": "user", "content": "Which trail shoes?"}]
BAD = [one for one in Behaviour if one is not Behaviour.WELL]
OPEN_AFTER = 5


@pytest.fixture
def server() -> Iterator[CannedAdServer]:
    with CannedAdServer() as running:
        yield running


@pytest.fixture
def network(server: CannedAdServer) -> Iterator[Tollfree]:
    with Tollfree(KEY, base_url=server.url, timeout=5.0) as made:
        yield made


class TestAMatch:
    def test_brings_the_ad_in_every_form(self, network: Tollfree) -> None:
        match = network.ads.match(messages=QUESTION)

        assert match.filled
        assert match.no_fill_reason is None
        for form in (match.ad.text, match.ad.markdown, match.ad.html, match.ad.block):
            assert "Sponsored · Strideworks" in form
        assert match.place("Take a light one.").content == "Take a light one." + match.ad.block

    def test_or_the_reason_for_none(self, server: CannedAdServer, network: Tollfree) -> None:
        server.reason = NoFill.BELOW_RELEVANCE

        match = network.ads.match(messages=QUESTION)

        assert (match.filled, match.ads) == (False, ())
        assert match.no_fill_reason is NoFill.BELOW_RELEVANCE
        assert match.ad.text == ""

    def test_asks_with_every_option_and_without_a_persons_name(
        self, server: CannedAdServer, network: Tollfree
    ) -> None:
        network.ads.match(
            messages=QUESTION,
            placement="after-answer",
            formats=["mention", "unit"],
            session_id="s_1",
            user_id="someone@mail.example",
            country="DE",
            language="de",
            consent=True,
            min_relevance=0.6,
            blocked_advertisers=["Voltbook"],
            ads_per_session=3,
        )

        (request,) = server.requests
        assert request.formats == (Format.MENTION, Format.UNIT)
        assert (request.placement, request.country, request.min_relevance) == (
            "after-answer", "DE", 0.6,
        )  # fmt: skip
        assert "mail.example" not in repr(request)
        assert "s_1" not in repr(request)

    def test_never_asks_with_an_ad_of_ours(self, server: CannedAdServer, network: Tollfree) -> None:
        shown = network.ads.match(messages=QUESTION).place("Take a light one.").content

        network.ads.match(messages=[*QUESTION, {"role": "assistant", "content": shown}, *QUESTION])

        assert server.requests[-1].conversation[1].text == "Take a light one."

    def test_refuses_an_option_that_does_not_exist(self, network: Tollfree) -> None:
        with pytest.raises(TypeError, match="volume"):
            network.ads.match(messages=QUESTION, volume=11)

    async def test_is_the_same_in_an_event_loop(self, server: CannedAdServer) -> None:
        async with AsyncTollfree(KEY, base_url=server.url, timeout=5.0) as network:
            match = await network.ads.match(messages=QUESTION)

        assert isinstance(match, Match)
        assert match.ad.text.startswith("Sponsored · Strideworks")


class TestATroubledNetwork:
    @pytest.mark.parametrize("behaviour", BAD)
    def test_costs_the_ad_and_nothing_else(
        self, server: CannedAdServer, behaviour: Behaviour
    ) -> None:
        server.behaviour = behaviour
        with Tollfree(KEY, base_url=server.url, timeout=0.15) as network:
            reasons = {network.ads.match(messages=QUESTION).no_fill_reason for _ in range(8)}

        assert reasons <= {NoFill.TIMEOUT, NoFill.UNAVAILABLE, NoFill.ERROR}
        assert network.failures.total() >= 1

    @pytest.mark.parametrize("behaviour", BAD)
    async def test_costs_no_more_in_an_event_loop(
        self, server: CannedAdServer, behaviour: Behaviour
    ) -> None:
        server.behaviour = behaviour
        async with AsyncTollfree(KEY, base_url=server.url, timeout=0.15) as network:
            matches = await asyncio.gather(
                *(network.ads.match(messages=QUESTION) for _ in range(8))
            )

        reasons = {match.no_fill_reason for match in matches}
        assert reasons <= {NoFill.TIMEOUT, NoFill.UNAVAILABLE, NoFill.ERROR}

    def test_that_was_killed_is_not_asked_for_ever(self, server: CannedAdServer) -> None:
        network = Tollfree(KEY, base_url=server.url)
        server.close()

        reasons = [network.ads.match(messages=QUESTION).no_fill_reason for _ in range(200)]
        network.close()

        assert set(reasons) == {NoFill.UNAVAILABLE}
        assert network.failures.total() == OPEN_AFTER

    def test_raises_where_that_is_wanted(self, server: CannedAdServer) -> None:
        server.behaviour = Behaviour.REFUSING
        with (
            Tollfree(KEY, base_url=server.url, timeout=5.0, strict=True) as network,
            pytest.raises(AdNetworkRefused) as refused,
        ):
            network.ads.match(messages=QUESTION)

        assert refused.value.status == 401

    async def test_raises_in_an_event_loop_too(self, server: CannedAdServer) -> None:
        server.behaviour = Behaviour.GARBLED
        async with AsyncTollfree(KEY, base_url=server.url, timeout=5.0, strict=True) as network:
            with pytest.raises(AdNetworkError):
                await network.ads.match(messages=QUESTION)

    def test_is_warned_of_once_and_without_quoting_anything(
        self, server: CannedAdServer, caplog: pytest.LogCaptureFixture
    ) -> None:
        server.behaviour = Behaviour.REFUSING
        with (
            caplog.at_level(logging.WARNING),
            Tollfree(KEY, base_url=server.url, timeout=5.0) as network,
        ):
            for _ in range(5):
                network.ads.match(messages=QUESTION)

        assert len(caplog.records) == 1
        assert KEY not in caplog.text
        assert "trail shoes" not in caplog.text

    def test_is_not_asked_by_a_closed_client(self, server: CannedAdServer) -> None:
        network = Tollfree(KEY, base_url=server.url)
        network.close()

        assert network.ads.match(messages=QUESTION).no_fill_reason is NoFill.UNAVAILABLE

    def test_needs_a_key_and_an_address(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("TOLLFREE_API_KEY", raising=False)

        with pytest.raises(ValueError, match="TOLLFREE_API_KEY"):
            Tollfree(base_url="https://ads.example")


class TestAnyStream:
    def test_carries_the_ad_after_its_last_piece(self, network: Tollfree) -> None:
        with network.ads.stream(messages=QUESTION) as ad:
            told = "".join(ad.around(iter(["Take a ", "light one."])))

        assert told.startswith("Take a light one.\n\n---\n**Sponsored · Strideworks** — ")
        assert len(ad.ads) == 1

    async def test_carries_it_in_an_event_loop_too(self, server: CannedAdServer) -> None:
        async def pieces() -> AsyncIterator[str]:
            for piece in ("Take a ", "light one."):
                yield piece

        async with AsyncTollfree(KEY, base_url=server.url, timeout=5.0) as network:
            ad = network.ads.stream(messages=QUESTION)
            told = "".join([piece async for piece in ad.around(pieces())])

        assert told.startswith("Take a light one.\n\n---\n**Sponsored · Strideworks** — ")

    def test_of_a_refusal_carries_none(self, network: Tollfree) -> None:
        ad = network.ads.stream(messages=QUESTION)

        told = "".join(ad.around(["I'm sorry, but I can't help with that."]))

        assert told == "I'm sorry, but I can't help with that."
        assert ad.field is not None
        assert ad.field.no_fill_reason is NoFill.NOT_PLACEABLE

    def test_gives_the_ad_by_itself(self, network: Tollfree) -> None:
        with network.ads.stream(messages=QUESTION) as ad:
            assert ad.result().block.startswith("\n\n---\n**Sponsored")


class TestReports:
    def test_of_a_step_and_a_conversion_arrive(
        self, server: CannedAdServer, network: Tollfree
    ) -> None:
        assert network.events.report("dec_canned", "viewable")
        assert network.conversions.create(
            event="purchase", event_id="order-1", click_id="dec_canned", value="19.99"
        )

        assert server.events == [{"decision_id": "dec_canned", "event": "viewable"}]
        assert server.conversions[0]["value"] == "19.99"

    async def test_arrive_from_an_event_loop(self, server: CannedAdServer) -> None:
        async with AsyncTollfree(KEY, base_url=server.url) as network:
            assert await network.events.report("dec_canned", Step.RENDERED)
            assert await network.conversions.create(event="sale", event_id="1", click_id="dec_1")

        assert len(server.events) == len(server.conversions) == 1

    def test_that_fail_say_so_and_do_not_raise(
        self, server: CannedAdServer, network: Tollfree
    ) -> None:
        server.behaviour = Behaviour.FAILING

        assert not network.events.report("dec_canned", "rendered")

    @pytest.mark.parametrize("step", ["click", "conversion", "seen"])
    def test_refuse_steps_that_nobody_reports(self, network: Tollfree, step: str) -> None:
        with pytest.raises(ValueError, match=step):
            network.events.report("dec_canned", step)

    @pytest.mark.parametrize("value", ["much", -1, float("inf")])
    def test_refuse_values_that_are_no_amounts(self, network: Tollfree, value: float | str) -> None:
        with pytest.raises(ValueError, match="amount"):
            network.conversions.create(event="sale", event_id="1", click_id="d", value=value)


def test_importing_the_sdk_imports_no_http_client() -> None:
    # A fresh interpreter: this one has long imported everything.
    code = (
        "import sys, tollfree_sdk; print(sorted({'httpx', 'asyncio', 'json'} & set(sys.modules)))"
    )

    printed = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True
    )

    assert printed.stdout.strip() == "[]"
