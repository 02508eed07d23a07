"""What the litellm adapter owes to its users; a program of its own, because litellm loads slowly."""

import asyncio
import sys

import litellm
from openai_stand_in import ANSWER, OpenAIStandIn
from readme_examples import run_example

from tollfree_sdk import AsyncTollfree, Tollfree
from tollfree_sdk.adapters.litellm import with_ads
from tollfree_sdk.testing import CannedAdServer

STARTS = ANSWER + "\n\n---\n**Sponsored · Strideworks** — "
MESSAGES = [{"role": "user", "content": "Which trail shoes?"}]


def main() -> None:
    with OpenAIStandIn() as server, CannedAdServer() as ads:
        how = {"model": "openai/m", "api_base": server.url, "api_key": "k"}
        with Tollfree("tf_pub_test", base_url=ads.url, timeout=5.0) as network:
            completion = with_ads(litellm.completion, network)
            answer = completion(messages=MESSAGES, **how)
            assert isinstance(answer, litellm.ModelResponse)
            assert answer.choices[0].message.content.startswith(STARTS)
            assert answer.tollfree["ads"][0]["label"] == "Sponsored"
            stream = completion(messages=MESSAGES, stream=True, **how)
            content = "".join(chunk.choices[0].delta.content or "" for chunk in stream)
            assert content.startswith(STARTS), content
            assert len(stream.ads) == 1
            told = completion(messages=MESSAGES, response_format={"type": "json_object"}, **how)
            assert told.choices[0].message.content == '{"shoe": "Scree"}'
        asyncio.run(in_an_event_loop(how, ads.url))
        names = run_example("litellm", model_url=server.url, ads_url=ads.url)
        assert names["answer"].choices[0].message.content.startswith(ANSWER)


async def in_an_event_loop(how: dict[str, str], ads_url: str) -> None:
    async with AsyncTollfree("tf_pub_test", base_url=ads_url, timeout=5.0) as network:
        acompletion = with_ads(litellm.acompletion, network)
        stream = await acompletion(messages=MESSAGES, stream=True, **how)
        content = "".join([chunk.choices[0].delta.content or "" async for chunk in stream])
        assert content.startswith(STARTS)
        answer = await acompletion(messages=MESSAGES, **how)
        assert answer.choices[0].message.content.startswith(STARTS)


if __name__ == "__main__":
    main()
    sys.stdout.write("passed\n")
