"""The operator's file: what it says is what is called, and what is wrong in it is said."""

from pathlib import Path

import pytest

from api.upstream.plan_file import aliases_of, read_plan
from api.upstream.prices import Price
from kernel.errors import NotFound, SettingsInvalid
from kernel.money import Micros
from tollfree.upstream_file import UpstreamFile

FILE = """
[upstreams.fast]
url = "http://127.0.0.1:1/v1"
key = "groq"
silence_seconds = 30

[upstreams.other]
url = "http://127.0.0.1:2/v1"

[[models]]
name = "small"
legs = [
  { upstream = "other", model = "mini", tier = 1 },
  { upstream = "fast", model = "llama-8b", weight = 3, price = { input = "0.05", cached = "0.025", output = "0.08" } },
]

[[models]]
name = "large"
legs = [{ upstream = "other", model = "maxi" }]
"""


def key_of(source: str) -> str | None:
    return {"groq": "gsk-secret"}.get(source)


class TestAPlan:
    def test_orders_its_legs_by_tier_and_prices_them(self) -> None:
        small, large = aliases_of(read_plan(FILE, key_of), {})

        assert [(leg.upstream.name, leg.model) for leg in small.legs] == [
            ("fast", "llama-8b"),
            ("other", "mini"),
        ]
        assert small.legs[0].weight == 3
        assert small.legs[0].price == Price(
            input=Micros(50_000), cached=Micros(25_000), output=Micros(80_000)
        )
        assert large.legs[0].upstream is small.legs[1].upstream

    def test_prints_no_key(self) -> None:
        assert "gsk-secret" not in repr(read_plan(FILE, key_of))

    @pytest.mark.parametrize(
        ("old", "new", "says"),
        [
            ('url = "http://127.0.0.1:1/v1"', 'url = "ftp://x"', "not an address"),
            ('key = "groq"', 'key = "nobody"', "there is none"),
            ('upstream = "fast"', 'upstream = "slow"', "there is none"),
            ('name = "large"', 'name = "small"', "same name"),
            ("weight = 3", "wieght = 3", "wieght"),
            ("weight = 3", "weight = 0", "above 0"),
            ('input = "0.05"', "input = 0.05", "never a float"),
            ("[[models]]", "[[modells]]", "modells"),
            ("tier = 1", "tier = =", "not TOML"),
        ],
    )
    def test_that_is_wrong_says_where(self, old: str, new: str, says: str) -> None:
        with pytest.raises(SettingsInvalid, match=says):
            read_plan(FILE.replace(old, new), key_of)


class TestAFileThatChanges:
    async def test_is_used_without_a_restart(self, tmp_path: Path) -> None:
        path = tmp_path / "upstreams.toml"
        path.write_text(FILE)
        file = UpstreamFile(path, key_of)
        kept = file.routing.route("large").upstream

        path.write_text(FILE.replace('name = "small"', 'name = "tiny"'))

        assert file.reload()
        assert file.routing.route("tiny").upstream.name == "fast"
        assert file.routing.route("large").upstream is kept
        with pytest.raises(NotFound):
            file.routing.route("small")

    async def test_to_nonsense_stays_as_it_was(self, tmp_path: Path) -> None:
        path = tmp_path / "upstreams.toml"
        path.write_text(FILE)
        file = UpstreamFile(path, key_of)

        path.write_text("nonsense")

        assert not file.reload()
        assert file.routing.route("small").upstream.name == "fast"
