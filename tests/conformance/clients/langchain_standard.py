"""langchain-tests' standard suite for chat models, with ChatOpenAI pointed at us.

Run by pytest of the clients' environment, once with ads and once without; the addresses come from
the environment. What the demo model cannot do (see pictures, hear, read documents) is left
undeclared; the test that starts this names each skip that follows from it.
"""

import os
from typing import Any

from langchain_openai import ChatOpenAI
from langchain_tests.integration_tests import ChatModelIntegrationTests


class _Standard(ChatModelIntegrationTests):
    """The suite as it is published."""

    url = ""

    @property
    def chat_model_class(self) -> type[ChatOpenAI]:
        return ChatOpenAI

    @property
    def chat_model_params(self) -> dict[str, Any]:
        return {
            "model": "demo",
            "base_url": f"{self.url}/v1",
            "api_key": "tf_live_x",
            "max_retries": 0,
            "stream_usage": True,
        }

    @property
    def model_override_value(self) -> str:
        return "demo-mini"

    @property
    def supports_json_mode(self) -> bool:
        return True


class TestWithAds(_Standard):
    """Against the server whose answers carry ads."""

    url = os.environ["TOLLFREE_TEST_URL_ON"]


class TestWithoutAds(_Standard):
    """Against the one whose answers carry none."""

    url = os.environ["TOLLFREE_TEST_URL_OFF"]
