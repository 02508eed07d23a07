"""Send the metrics of calls to an OpenTelemetry collector, where one is named; off by default.

OTLP over HTTP in its JSON form, once a minute and never in anybody's way: a collector that is away,
slow or unhappy costs a line in the log. Redirects are not followed.
"""

import asyncio
from typing import Final

import aiohttp
import orjson

from api.monitoring.genai import GenAiMetrics, otlp
from kernel.clock import Clock
from kernel.errors import SettingsInvalid
from kernel.ids import new_id
from kernel.telemetry import logger

_EVERY_SECONDS: Final = 60.0
_PATIENCE: Final = aiohttp.ClientTimeout(total=10, connect=3)

_log = logger(__name__)


class OtlpExporter:
    """``OtlpExporter(metrics, "http://127.0.0.1:4318", {}, clock)``; start `run`."""

    def __init__(
        self, metrics: GenAiMetrics, endpoint: str, headers: dict[str, str], clock: Clock
    ) -> None:
        self._metrics, self._url = metrics, f"{endpoint.rstrip('/')}/v1/metrics"
        self._headers = {"content-type": "application/json", **headers}
        self._clock, self._instance = clock, new_id("wrk")
        self._started = self._now()

    async def run(self, *, every_seconds: float = _EVERY_SECONDS) -> None:
        """Send everything so far again and again, until cancelled."""
        async with aiohttp.ClientSession(timeout=_PATIENCE) as session:
            while True:
                await asyncio.sleep(every_seconds)
                await self._send(session)

    async def _send(self, session: aiohttp.ClientSession) -> None:
        told = otlp(
            self._metrics,
            started_ns=self._started,
            now_ns=self._now(),
            instance=self._instance,
        )
        try:
            async with session.post(
                self._url, data=orjson.dumps(told), headers=self._headers, allow_redirects=False
            ) as response:
                if response.status >= 300:
                    _log.warning("metrics_not_taken", status=response.status)
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            _log.warning("metrics_not_sent", kind=type(error).__name__)

    def _now(self) -> int:
        return int(self._clock.now().timestamp() * 1e9)


def headers_from(text: str) -> dict[str, str]:
    """Read ``api-key=abc,tenant=1``, as OpenTelemetry's own tools do. Raises SettingsInvalid."""
    pairs = [part.partition("=") for part in text.split(",") if part.strip()]
    if not all(separator and name.strip() for name, separator, _ in pairs):
        raise SettingsInvalid(
            "OTEL_EXPORTER_OTLP_HEADERS must be pairs such as api-key=abc, separated by commas.",
            param="OTEL_EXPORTER_OTLP_HEADERS",
        )
    return {name.strip().lower(): value.strip() for name, _, value in pairs}
