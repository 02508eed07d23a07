"""The adapters with the real libraries, each in the environment that has it."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Annotated, Any

import httpx
import pytest
from fastapi import Depends, FastAPI
from starlette.responses import Response

from tests.rig.programs import environment
from tests.sdk.openai_stand_in import ANSWER, OpenAIStandIn
from tests.sdk.readme_examples import run_example
from tollfree_sdk.adapters.fastapi import Network, streaming_response
from tollfree_sdk.testing import CannedAdServer

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
PROGRAMS = {
    "openai-python 2": (sys.executable, "openai_checks.py"),
    "openai-python 3": (ROOT / ".venvs/clients/bin/python", "openai_checks.py"),
    "LangChain": (ROOT / ".venvs/clients/bin/python", "langchain_checks.py"),
    "LlamaIndex": (ROOT / ".venvs/llamaindex/bin/python", "llamaindex_checks.py"),
    "litellm": (sys.executable, "litellm_checks.py"),
}


# Some of these take many seconds only to be imported; a busy machine gets the time it needs.
@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", PROGRAMS)
def test_an_adapter_works_with_its_library(name: str) -> None:
    program, script = PROGRAMS[name]
    assert Path(program).exists(), "The clients are not installed. Run: make test"

    told = subprocess.run(
        [str(program), "-W", "ignore", str(HERE / script)],
        capture_output=True,
        text=True,
        timeout=280,
        env=environment(
            LITELLM_LOCAL_MODEL_COST_MAP="True",
            PYTHONDONTWRITEBYTECODE="1",
            PYTHONPATH=str(ROOT / "sdk" / "python"),
        ),
        check=False,
    )

    assert told.returncode == 0, told.stderr[-4000:]
    assert told.stdout.endswith("passed\n"), "The checks did not come to their end."


async def test_the_readmes_fastapi_application_streams_an_answer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # What the example puts into the environment is gone after the test.
    monkeypatch.setattr("os.environ", dict(os.environ))
    with OpenAIStandIn() as model, CannedAdServer() as ads:
        names = run_example("FastAPI", model_url=model.url, ads_url=ads.url)

        transport = httpx.ASGITransport(names["app"])
        async with httpx.AsyncClient(transport=transport, base_url="http://app") as client:
            told = await client.post("/chat", json=[{"role": "user", "content": "Shoes?"}])
        await names["network"].close()

    assert told.text.startswith(ANSWER)


async def test_a_streamed_answer_of_fastapi_carries_its_ad() -> None:
    async def model() -> Any:
        for at in range(0, len(ANSWER), 9):
            yield ANSWER[at : at + 9]

    with CannedAdServer() as server:
        network = Network(key="tf_pub_test", base_url=server.url, timeout=5.0)
        app = FastAPI()

        @app.post("/chat")
        async def chat(
            messages: list[dict[str, str]], ads: Annotated[Any, Depends(network)]
        ) -> Response:
            return streaming_response(ads, messages, model())  # type: ignore[no-any-return]

        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://app") as client:
            told = await client.post("/chat", json=[{"role": "user", "content": "Shoes?"}])
        await network.close()

    assert told.text.startswith(ANSWER + "\n\n---\n**Sponsored · Strideworks** — ")
