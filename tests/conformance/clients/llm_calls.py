"""The command line `llm`, as its users type it.

All commands run in one process: starting it again for each would take longer than the answers.
"""

import json
import tempfile
from pathlib import Path

from checks import QUESTION, expect_ad, run
from click.testing import CliRunner
from llm.cli import cli

MODEL = {
    "model_id": "ours",
    "model_name": "demo",
    "api_key_name": "ours",
    "supports_schema": True,
    "supports_tools": True,
}
TOOL = "def get_weather(place: str) -> str:\n    'The weather.'\n    return '22 degrees'"


def llm(url: str, *arguments: str) -> str:
    with tempfile.TemporaryDirectory() as home:
        # JSON is YAML as well.
        models = json.dumps([MODEL | {"api_base": f"{url}/v1"}])
        Path(home, "extra-openai-models.yaml").write_text(models)
        Path(home, "keys.json").write_text(json.dumps({"ours": "tf_live_x"}))
        typed = ["-m", "ours", *arguments]
        told = CliRunner().invoke(cli, typed, env={"LLM_USER_PATH": home})
    if told.exception is not None:
        raise told.exception
    return told.stdout


def check_stream(url: str, ads: bool) -> None:
    expect_ad(llm(url, QUESTION), ads=ads)


def check_whole(url: str, ads: bool) -> None:
    expect_ad(llm(url, "--no-stream", QUESTION), ads=ads)


def check_schema(url: str, ads: bool) -> None:
    told = json.loads(llm(url, "--schema", "name, price float", QUESTION))

    assert set(told) == {"name", "price"}


def check_tools(url: str, ads: bool) -> None:
    asked = "Use get_weather: what is the weather in Lisbon?"

    assert "22 degrees" in llm(url, "--functions", TOOL, asked)


if __name__ == "__main__":
    run(globals())
