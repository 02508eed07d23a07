"""Two servers, ads on and off; when the last client is gone, all that they answered is checked."""

from collections.abc import Iterator

import pytest

from tests.conformance.openai_models import problems
from tests.conformance.server import Served, served


@pytest.fixture(scope="session")
def servers() -> Iterator[dict[str, Served]]:
    """``{"on": …, "off": …}``."""
    with served(ads_enabled=True) as on, served(ads_enabled=False) as off:
        yield {"on": on, "off": off}
        traffic = on.traffic + off.traffic
    assert problems(traffic) == []
