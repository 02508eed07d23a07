"""A stream keeps its text and its truth, however the upstream behaves."""

from collections.abc import Sequence
from typing import Any

import orjson
import pytest

from api.upstream.upstream import UpstreamTimedOut
from kernel.errors import UpstreamFailed
from tests.api.fakes import ANSWER, RecordingUpstream, Road, stream_events
from tests.api.hearing import Heard, heard_stream, without_spans

SHORT = "Look at the heel – 👟 – and then at the arch of your foot."


async def stream(reads: Sequence[bytes | Exception], **members: Any) -> tuple[Heard, bytes, Road]:
    road = Road(upstream=RecordingUpstream())
    road.upstream.reads = reads
    response = await road.ask(stream=True, **members)
    if response.status_code != 200:
        # It broke off before it said anything: the caller is told with a status.
        return (
            Heard("", None, response.json()["error"], is_done=False, finish_reason=None),
            response.content,
            road,
        )
    return heard_stream(response.content), response.content, road


def event(**members: Any) -> bytes:
    shared = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "m"}
    return b"data: " + orjson.dumps(shared | members) + b"\n\n"


def choice(delta: dict[str, Any], reason: str | None = None, index: int = 0) -> dict[str, Any]:
    return {"index": index, "delta": delta, "finish_reason": reason}


class TestTheSameTextInOtherPieces:
    async def test_gives_the_same_answer_at_every_split(self) -> None:
        raw = b"".join(stream_events(SHORT, size=9))
        whole, _, _ = await stream([raw])

        for at in range(1, len(raw), 3):
            answer, _, _ = await stream([raw[:at], raw[at:]])
            assert answer == whole
        answer, _, _ = await stream([raw[at : at + 1] for at in range(len(raw))])
        assert answer == whole

    async def test_gives_the_same_answer_for_every_size_of_chunk(self) -> None:
        answers = [(await stream(stream_events(SHORT, size=size)))[0] for size in range(1, 60, 7)]

        assert all(answer == answers[0] for answer in answers)

    async def test_gives_the_same_answer_with_other_line_ends(self) -> None:
        events = stream_events(SHORT)

        answer, _, _ = await stream([one.replace(b"\n", b"\r\n") for one in events])

        assert answer == (await stream(events))[0]


class TestAStreamThatBreaksOff:
    @pytest.mark.parametrize("how", ["breaks", "ends"])
    async def test_never_looks_whole_at_any_byte(self, how: str) -> None:
        raw = b"".join(stream_events(SHORT, size=9, usage=False))
        finish_at = raw.index(b'"finish_reason":"stop"')
        broken = [UpstreamFailed("cut")] if how == "breaks" else []

        for at in range(0, len(raw) - len(b"data: [DONE]\n\n"), 2):
            answer, _, road = await stream([raw[:at], *broken])

            if at < finish_at:
                assert answer.error is not None
                assert set(answer.error) == {"message", "type", "param", "code"}
                assert not answer.is_done
                assert answer.field is None
                assert SHORT.startswith(answer.content)
                assert road.ads.recorded == []
                assert road.rows[0].status == 502
            elif how == "breaks":
                assert answer.error is not None
                assert not answer.is_done
            if answer.is_done:
                assert answer.field is not None
                assert without_spans(answer.content, answer.field["ads"]) == SHORT

    async def test_says_when_it_was_silence(self) -> None:
        reads = [*stream_events(SHORT)[:3], UpstreamTimedOut("silent")]

        answer, _, road = await stream(reads)

        assert answer.error is not None
        assert answer.error["code"] == "upstream_timeout"
        assert road.rows[0].status == 504
        assert road.upstream.closed == 1

    @pytest.mark.parametrize("reads", [[], [b"data: [DONE]\n\n"], [b"\n\n"], [b": hello\n\n"]])
    async def test_is_an_error_when_it_never_began(self, reads: list[bytes]) -> None:
        answer, _, _ = await stream(reads)

        assert answer.error is not None
        assert not answer.is_done

    async def test_passes_on_no_words_of_an_error_event(self) -> None:
        reads = [stream_events(SHORT)[1], b'data: {"error":{"message":"key sk-secret"}}\n\n']

        answer, raw, _ = await stream(reads)

        assert answer.error is not None
        assert b"sk-secret" not in raw


class TestAnUnrulyUpstream:
    async def test_has_its_bad_events_skipped(self) -> None:
        events = stream_events(SHORT)
        bad = [b"data: {not json\n\n", b"data: 7\n\n", b'data: {"choices":[3]}\n\n', b"data:\n\n"]
        mixed = [one for pair in zip(events, bad * 10, strict=False) for one in pair]
        mixed.append(b"data: [DONE]\n\n")

        answer, _, _ = await stream(mixed)

        assert answer.field is not None
        assert without_spans(answer.content, answer.field["ads"]) == SHORT
        assert answer.is_done

    async def test_cannot_forge_our_field(self) -> None:
        forged = {"ads": [{"text": "Buy gold"}], "v": 1}
        reads = [
            event(choices=[choice({"content": ANSWER})], tollfree=forged),
            event(choices=[choice({}, "stop")], tollfree=forged),
            event(choices=[], usage={"prompt_tokens": 1}, tollfree=forged),
            b"data: [DONE]\n\n",
        ]

        answer, raw, _ = await stream(reads)

        assert b"Buy gold" not in raw
        assert answer.field is not None
        assert answer.field["ads"][0]["advertiser"]["name"] == "Strideworks"

    async def test_may_put_text_into_its_finish_chunk(self) -> None:
        reads = [
            event(choices=[choice({"content": ANSWER[:40]})]),
            event(choices=[choice({"content": ANSWER[40:]}, "stop")]),
            b"data: [DONE]\n\n",
        ]

        answer, _, _ = await stream(reads)

        assert answer.field is not None
        assert answer.field["ads"]
        assert without_spans(answer.content, answer.field["ads"]) == ANSWER

    async def test_may_forget_its_finish_chunk_or_its_done(self) -> None:
        events = stream_events(ANSWER, usage=False)

        forgets_finish, _, _ = await stream([*events[:-2], events[-1]])
        forgets_done, _, _ = await stream(events[:-1])

        for answer in (forgets_finish, forgets_done):
            assert answer.is_done
            assert answer.finish_reason == "stop"
            assert answer.field is not None
            assert answer.field["ads"]

    async def test_cannot_put_text_behind_the_ad(self) -> None:
        events = stream_events(ANSWER, usage=False)
        late = event(choices=[choice({"content": "more"})])

        answer, _, _ = await stream([*events[:-1], late, events[-1]])

        assert answer.field is not None
        assert without_spans(answer.content, answer.field["ads"]) == ANSWER

    async def test_may_answer_in_several_choices(self) -> None:
        reads = [
            event(choices=[choice({"content": "Another answer."}, index=1)]),
            event(choices=[choice({"content": ANSWER})]),
            event(choices=[choice({}, "stop", index=1)]),
            event(choices=[choice({}, "stop")]),
            b"data: [DONE]\n\n",
        ]

        answer, raw, _ = await stream(reads)

        assert answer.field is not None
        assert without_spans(answer.content, answer.field["ads"]) == ANSWER
        assert b"Another answer." in raw


class TestUsage:
    async def test_is_asked_for_always_and_shown_only_when_asked_for(self) -> None:
        road = Road()

        quiet = await road.ask(stream=True)
        told = await road.ask(stream=True, stream_options={"include_usage": True})

        assert all(b'"include_usage":true' in body for body in road.upstream.bodies)
        assert b'"usage":{' not in quiet.content
        assert b'"choices":[]' not in quiet.content
        assert told.content.count(b'"usage":{') == 1
        assert [row.prompt_tokens for row in road.rows] == [9, 9]
        assert not any(row.tokens_estimated for row in road.rows)

    async def test_counts_no_word_of_the_ad(self) -> None:
        with_ad = await Road().ask()

        assert with_ad.json()["usage"]["completion_tokens"] == 5

    async def test_is_estimated_and_marked_where_the_upstream_does_not_say(self) -> None:
        _, _, road = await stream(stream_events(ANSWER, usage=False))

        assert road.rows[0].tokens_estimated
        assert road.rows[0].completion_tokens == len(ANSWER) // 4


class TestWhereNoAdBelongs:
    @pytest.mark.parametrize(
        ("delta", "reason"),
        [
            ({"tool_calls": [{"index": 0, "id": "c", "function": {"name": "f"}}]}, "tool_calls"),
            ({"content": ANSWER}, "tool_calls"),
            ({"refusal": "No."}, "stop"),
            ({"content": "Yes."}, "stop"),
            ({"content": '{"verdict": "' + "x" * 80 + '"}'}, "stop"),
            ({"content": "```python\n" + "print('hello world')\n" * 9 + "```"}, "stop"),
            ({"content": "```python\n" + "print('hello world')\n" * 9}, "length"),
            ({"content": "I'm sorry, but I can't help with that. " + ANSWER}, "stop"),
        ],
        ids=["tool", "finish", "refusal", "verdict", "json", "code", "cut code", "declined"],
    )
    async def test_the_answer_stays_as_it_is(self, delta: dict[str, Any], reason: str) -> None:
        reads = [
            event(choices=[choice(delta)]),
            event(choices=[choice({}, reason)]),
            b"data: [DONE]\n\n",
        ]

        answer, _, road = await stream(reads)

        assert answer.content == delta.get("content", "")
        assert answer.finish_reason == reason
        assert answer.field is not None
        assert answer.field["no_fill_reason"] == "not_placeable"
        assert road.ads.recorded == []

    async def test_the_model_speaks_of_grief(self) -> None:
        sad = "I am sorry to hear that your grandmother died. Take all the time that you need."

        answer, _, _ = await stream(stream_events(sad))

        assert answer.content == sad
        assert answer.field is not None
        assert answer.field["no_fill_reason"] == "sensitive_topic"

    async def test_the_answer_is_json_by_request(self) -> None:
        road = Road()

        answer = heard_stream(
            (await road.ask(stream=True, response_format={"type": "json_object"})).content
        )

        assert answer.content == ANSWER
        assert road.ads.requests == []
