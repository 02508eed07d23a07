"""The operator's affiliate accounts, read from a file, or refused by name."""

from pathlib import Path

import pytest

from kernel.errors import SettingsInvalid
from tollfree.affiliates import affiliates_in

GOOD = """
[[account]]
programme = "ebay"
store = "com"
values = { campid = "1234567890" }

[[account]]
programme = "amazon"
store = "de"
values = { tag = "shop-21" }
allows_ai = true
"""


def test_a_file_of_accounts_is_read(tmp_path: Path) -> None:
    path = tmp_path / "affiliates.toml"
    path.write_text(GOOD)

    ebay, amazon = affiliates_in(path)

    assert (ebay.programme, ebay.store, ebay.allows_ai) == ("ebay", "com", False)
    assert (amazon.values["tag"], amazon.allows_ai) == ("shop-21", True)


def test_without_a_file_there_is_no_account() -> None:
    assert affiliates_in(None) == ()


@pytest.mark.parametrize(
    "text",
    [
        "[[account]]\nprogramme = 'amazone'\nvalues = {}",
        "[[account]]\nprogramme = 'amazon'\nstore = 'com'\nvalues = {}",
        "[[account]]\nprogramme = 'amazon'\nstore = 'atlantis'\nvalues = { tag = 'x-20' }",
        "[[account]]\nprogramme = 'amazon'\nstore = 'com'\nvalues = { tag = 7 }",
        "[[account]]\nprogramme = 'ebay'\nstore = 'com'\nvalues = { campid = 'a&b=c' }",
        "[[account]]\nprogram = 'ebay'",
        "[account]\nprogramme = 'ebay'",
        "other = 1",
        "not toml",
    ],
)
def test_a_wrong_file_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "affiliates.toml"
    path.write_text(text)

    with pytest.raises(SettingsInvalid, match="TOLLFREE_AFFILIATES"):
        affiliates_in(path)
