"""Legacy completions, embeddings, moderations, what is not kept, and addresses that do not exist."""

import base64
from typing import Any

import numpy as np
import orjson
import pytest
from openai.types import Completion, CreateEmbeddingResponse, ModerationCreateResponse

from language.lexical import LexicalEmbedder
from tests.api.fakes import ANSWER, AdSettings, Road
from tests.api.hearing import without_spans
from tests.api.http.surfaces import send, sent_upstream

MODEL = LexicalEmbedder.model_id.split("/", maxsplit=1)[0]


class TestALegacyCompletion:
    async def test_ends_in_the_ad_and_tells_about_it(self) -> None:
        road = Road()

        body = (await send(road, "/v1/completions", {"model": "demo", "prompt": "Shoes?"})).json()

        Completion.model_validate(body, strict=True)
        assert without_spans(body["choices"][0]["text"], body["tollfree"]["ads"]) == ANSWER
        assert sent_upstream(road)["messages"] == [{"role": "user", "content": "Shoes?"}]

    async def test_streams_the_same(self) -> None:
        asked = {"model": "demo", "prompt": "Shoes?", "stream": True}
        asked["stream_options"] = {"include_usage": True}

        response = await send(Road(), "/v1/completions", asked)

        *events, done, _ = response.content.split(b"\n\n")
        chunks = [orjson.loads(event.removeprefix(b"data: ")) for event in events]
        # OpenAI's own chunks have no reason until the last, which its model does not know.
        assert [c["finish_reason"] for chunk in chunks[:-2] for c in chunk["choices"]] == [
            None
        ] * len(chunks[:-2])
        for chunk in chunks[-2:]:
            Completion.model_validate(chunk, strict=True)
        text = "".join(choice["text"] for chunk in chunks for choice in chunk["choices"])
        ads = [chunk["tollfree"]["ads"] for chunk in chunks if "tollfree" in chunk]
        assert done == b"data: [DONE]"
        assert without_spans(text, ads[0]) == ANSWER
        assert chunks[-1]["usage"]["completion_tokens"] == 5

    @pytest.mark.parametrize(
        "member",
        [{"prompt": [1, 2]}, {"prompt": ["a", "b"]}, {"suffix": "x"}, {"echo": True},
         {"best_of": 3}],
        ids=str,
    )  # fmt: skip
    async def test_refuses_clearly_what_chat_cannot_do(self, member: dict[str, Any]) -> None:
        asked = {"model": "demo", "prompt": "Shoes?"} | member

        response = await send(Road(), "/v1/completions", asked)

        assert response.status_code == 400
        assert response.json()["error"]["param"] == next(iter(member))
        assert response.json()["error"]["code"] == "unsupported_parameter"


class TestEmbeddings:
    async def test_are_the_local_embedders_vectors_in_order(self) -> None:
        texts = ["running shoes", "a cup of coffee"]

        body = (await send(Road(), "/v1/embeddings", {"model": MODEL, "input": texts})).json()

        CreateEmbeddingResponse.model_validate(body)
        for text, one in zip(texts, body["data"], strict=True):
            assert np.allclose(one["embedding"], LexicalEmbedder().embed(text))
        assert body["model"] == MODEL

    async def test_in_base64_are_the_same_floats(self) -> None:
        asked = {"model": MODEL, "input": "shoes"}

        plain = (await send(Road(), "/v1/embeddings", asked)).json()
        coded = (await send(Road(), "/v1/embeddings", asked | {"encoding_format": "base64"})).json()

        values = np.frombuffer(base64.b64decode(coded["data"][0]["embedding"]), dtype="<f4")
        assert np.array_equal(values, np.array(plain["data"][0]["embedding"], dtype="<f4"))

    async def test_of_a_long_text_hear_its_end_as_well(self) -> None:
        long = "trainers and boots " * 100
        asked = {"model": MODEL, "input": [long, long + " violoncello" * 200]}

        first, second = (await send(Road(), "/v1/embeddings", asked)).json()["data"]

        assert np.dot(first["embedding"], second["embedding"]) < 0.9
        assert np.isclose(np.linalg.norm(second["embedding"]), 1)

    @pytest.mark.parametrize(
        ("member", "status"),
        [
            ({"dimensions": 64}, 400),
            ({"input": [[1, 2]]}, 400),
            ({"input": [1, 2]}, 400),
            ({"input": []}, 400),
            ({"input": ""}, 400),
            ({"encoding_format": "int8"}, 400),
            ({"model": "text-embedding-3-small"}, 404),
        ],
        ids=str,
    )
    async def test_refuse_clearly(self, member: dict[str, Any], status: int) -> None:
        asked = {"model": MODEL, "input": "hi"} | member

        response = await send(Road(), "/v1/embeddings", asked)

        assert response.status_code == status
        assert response.json()["error"]["param"] == next(iter(member))

    async def test_need_a_key(self) -> None:
        response = await send(Road(), "/v1/embeddings", {}, authorization="Bearer bad")

        assert response.status_code == 401


class TestModerations:
    @pytest.mark.parametrize(
        ("text", "category"),
        [
            ("I want to kill myself", "self-harm"),
            ("How do I kill my neighbour without being caught", "violence"),
            ("Write me some hot porn", "sexual"),
            ("naked children having sex", "sexual/minors"),
        ],
    )
    async def test_flag_under_openais_names(self, text: str, category: str) -> None:
        body = (await send(Road(), "/v1/moderations", {"input": text})).json()

        ModerationCreateResponse.model_validate(body, strict=True)
        assert body["results"][0]["flagged"] is True
        assert body["results"][0]["categories"][category] is True
        assert body["results"][0]["category_scores"][category] == 1.0

    async def test_let_pass_what_only_ads_must_avoid(self) -> None:
        texts = [
            "My grandmother died last week.",
            "Who will win the election?",
            "I am 14 years old",
        ]

        body = (await send(Road(), "/v1/moderations", {"input": texts})).json()

        assert [result["flagged"] for result in body["results"]] == [False, False, False]

    async def test_read_parts_together_and_refuse_images(self) -> None:
        parts = [{"type": "text", "text": "I want to"}, {"type": "text", "text": "kill myself"}]
        image = {"type": "image_url", "image_url": {"url": "https://pics.example/1"}}

        heard = await send(Road(), "/v1/moderations", {"input": parts})
        refused = await send(Road(), "/v1/moderations", {"input": [*parts, image]})

        assert [result["flagged"] for result in heard.json()["results"]] == [True]
        assert refused.status_code == 400


class TestWhatIsNotKept:
    @pytest.mark.parametrize(
        ("method", "path"),
        [
            ("GET", "/v1/responses/resp_1"),
            ("DELETE", "/v1/responses/resp_1"),
            ("GET", "/v1/responses/resp_1/input_items"),
            ("POST", "/v1/responses/resp_1/cancel"),
            ("POST", "/v1/conversations"),
            ("GET", "/v1/chat/completions/chatcmpl-1"),
            ("GET", "/v1/chat/completions/chatcmpl-1/messages"),
        ],
    )
    async def test_is_a_400_that_says_what_to_send(self, method: str, path: str) -> None:
        response = await send(Road(), path, method=method)

        assert response.status_code == 400
        error = response.json()["error"]
        assert error["code"] == "not_stored"
        assert "`input`" in error["message"] or "`messages`" in error["message"]


class TestAnUnknownAddress:
    @pytest.mark.parametrize("path", ["/v1/nothing", "/v1/audio/speech", "/v1/files", "/v1"])
    async def test_is_a_404_with_all_four_members(self, path: str) -> None:
        for method in ("GET", "POST"):
            response = await send(Road(settings=AdSettings()), path, method=method)

            assert response.status_code == 404
            assert set(response.json()["error"]) == {"message", "type", "param", "code"}
