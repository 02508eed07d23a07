"""The standard suite of langchain-tests, unchanged, against our server with ads on and off."""

import subprocess
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from tests.conformance.server import Served
from tests.rig.programs import environment, without_certificates

HERE = Path(__file__).parent
PYTHON = HERE.parents[1] / ".venvs/clients/bin/python"
# The demo model reads text only, and no cassette of recorded answers is kept.
SKIPPED = {
    "test_anthropic_inputs": "Anthropic's content blocks belong to /v1/messages",
    "test_audio_inputs": "the demo model does not hear",
    "test_image_inputs": "the demo model does not see",
    "test_image_tool_message": "the demo model does not see",
    "test_pdf_inputs": "the demo model reads no documents",
    "test_pdf_tool_message": "the demo model reads no documents",
    "test_stream_time": "compares with a recorded cassette",
}
OPTIONS = (
    "-c /dev/null --noconftest -p no:cacheprovider -q --tb=line -o asyncio_mode=auto "
    "-o asyncio_default_test_loop_scope=session -o asyncio_default_fixture_loop_scope=session"
).split()


@pytest.mark.timeout(300)
def test_every_test_passes_but_the_named_ones(servers: dict[str, Served], tmp_path: Path) -> None:
    assert PYTHON.exists(), "The clients are not installed. Run: make test"
    report = tmp_path / "report.xml"
    urls = {f"TOLLFREE_TEST_URL_{ads.upper()}": one.base_url for ads, one in servers.items()}

    told = subprocess.run(
        [PYTHON, "-W", "ignore", "-m", "pytest", *OPTIONS, "--rootdir", ".",
         f"--junitxml={report}", "langchain_standard.py"],
        cwd=HERE / "clients",
        env=environment(PYTHONDONTWRITEBYTECODE="1", **without_certificates(tmp_path), **urls),
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )  # fmt: skip

    assert told.returncode == 0, told.stdout[-3000:]
    cases = list(ET.parse(report).iter("testcase"))
    skipped = [case.attrib["name"] for case in cases if case.find("skipped") is not None]
    assert sorted(skipped) == sorted([*SKIPPED, *SKIPPED])
    assert len(cases) - len(skipped) == 2 * 43
