"""Log as we do in production: JSON lines without locals, which are also quick to write."""

from collections.abc import Iterator

import pytest
import structlog

from kernel.telemetry import configure_logging


@pytest.fixture(autouse=True)
def logging_as_in_production() -> Iterator[None]:
    """For each test anew, because each test has its own standard error."""
    configure_logging()
    yield
    structlog.reset_defaults()
