"""The documents say what the code does: settings, errors, reasons, words, decisions."""

import importlib
import inspect
import pkgutil
import re
from pathlib import Path

import pytest

from kernel.settings import EnvSettings
from tests.architecture.source_tree import ROOT, python_files
from tollfree_sdk.contract import NoFill

DOCS = ROOT / "docs"
PACKAGES = (
    "kernel ledger language adserver api web advertiser_portal operator_console tollfree".split()
)


def _settings() -> set[str]:
    names: set[str] = set()
    for package in PACKAGES:
        for module in pkgutil.walk_packages([str(ROOT / package)], f"{package}."):
            if (
                "settings" not in Path(str(module.name)).name
                and module.name != "tollfree.upstreams"
            ):
                continue
            for _, kind in inspect.getmembers(
                importlib.import_module(module.name), inspect.isclass
            ):
                if issubclass(kind, EnvSettings):
                    prefix = kind.model_config.get("env_prefix", "")
                    for name, declared in kind.model_fields.items():
                        alias = declared.validation_alias
                        names.add(str(alias) if alias else f"{prefix}{name}".upper())
    return names


def _codes() -> set[str]:
    one = re.compile(r'\bcode(?:: str)? ?= ?"([a-z_]+)"|^    code, status\S* ?\S* = "([a-z_]+)"')
    found: set[str] = set()
    for path in python_files(*PACKAGES):
        for line in path.read_text(encoding="utf-8").splitlines():
            found |= {code for pair in one.findall(line) for code in pair if code}
    return found


def test_every_setting_is_documented() -> None:
    text = (DOCS / "settings.md").read_text(encoding="utf-8")

    assert {name for name in _settings() if f"`{name}`" not in text} == set()


def test_no_setting_is_documented_that_does_not_exist() -> None:
    text = (DOCS / "settings.md").read_text(encoding="utf-8")

    documented = set(re.findall(r"`(TOLLFREE_[A-Z_]+)`", text))
    assert documented - _settings() == set()


def test_every_error_code_is_documented_and_no_other() -> None:
    text = (DOCS / "errors.md").read_text(encoding="utf-8")
    table = text.partition("## Why there is no ad")[0]

    documented = set(re.findall(r"^\| `([a-z_]+)` \|", table, re.MULTILINE))
    assert documented == _codes()


def test_every_reason_for_no_ad_is_documented_and_no_other() -> None:
    text = (DOCS / "errors.md").read_text(encoding="utf-8").partition("## Why there is no ad")[2]

    documented = set(re.findall(r"^\| `([a-z_]+)` \| ", text, re.MULTILINE)) - {"no_fill_reason"}
    assert documented == set(NoFill)


@pytest.mark.parametrize(
    "word",
    "organisation member advertiser campaign creative publisher app placement decision bid floor "
    "eCPM impression click conversion pacing micros upstream account".split(),
)
def test_every_word_of_the_trade_is_in_the_glossary(word: str) -> None:
    text = (DOCS / "glossary.md").read_text(encoding="utf-8")

    assert re.search(rf"^\| {word} \|", text, re.MULTILINE)


def test_decisions_are_numbered_short_and_enforced() -> None:
    pages = sorted((DOCS / "decisions").glob("*.md"))

    assert [int(page.name[:4]) for page in pages] == list(range(1, len(pages) + 1))
    for page in pages:
        text = page.read_text(encoding="utf-8")
        assert len(text.splitlines()) <= 60, page.name
        for heading in ("## Context", "## Decision", "## Consequences", "## Alternatives"):
            assert heading in text, page.name
        assert "*Enforced by*" in text, page.name


def test_links_in_documents_lead_somewhere() -> None:
    dead = [
        f"{page.name}: {target}"
        for page in [ROOT / "README.md", *DOCS.rglob("*.md")]
        for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text(encoding="utf-8"))
        if not (page.parent / target).exists()
    ]
    assert dead == []


def test_the_readme_stays_short() -> None:
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) < 150
