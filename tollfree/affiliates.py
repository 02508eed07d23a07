"""The operator's memberships in affiliate programmes, from the file that TOLLFREE_AFFILIATES names.

    [[account]]
    programme = "ebay"
    store = "com"
    values = { campid = "1234567890" }

    [[account]]
    programme = "amazon"
    store = "com"
    values = { tag = "shop-20" }
    allows_ai = true      # the operator's word that its agreement covers answers of a model

Refuses an account that would not work, by name; a wrong id would send earnings to somebody else.
"""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kernel.errors import SettingsInvalid
from tollfree_sdk.placement.links import Account, LinkBook

_SETTING = "TOLLFREE_AFFILIATES"
_KNOWN = frozenset({"programme", "values", "store", "merchant", "hosts", "allows_ai"})


def affiliates_in(path: Path | None) -> tuple[Account, ...]:
    """The accounts of the file; none without one. Raises SettingsInvalid."""
    if path is None:
        return ()
    try:
        told = tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsInvalid(
            f"The file that {_SETTING} names cannot be read ({type(error).__name__}).",
            param=_SETTING,
        ) from None
    listed = told.get("account", [])
    if set(told) - {"account"} or not isinstance(listed, list):
        raise _wrong("may hold [[account]] tables only")
    return tuple(_account(number, one) for number, one in enumerate(listed, start=1))


def _account(number: int, told: Any) -> Account:
    if not isinstance(told, dict) or set(told) - _KNOWN:
        raise _wrong(f"has unknown members in account {number}")
    values = told.get("values", {})
    if not _are_texts(values) or not isinstance(told.get("allows_ai", False), bool):
        raise _wrong(f"has a value of a wrong type in account {number}")
    account = Account(
        programme=str(told.get("programme", "")),
        values=values,
        store=str(told.get("store", "")),
        merchant=str(told.get("merchant", "")),
        hosts=tuple(map(str, told.get("hosts", ()))),
        allows_ai=told.get("allows_ai", False),
    )
    try:
        LinkBook((account,))
    except (ValueError, KeyError) as problem:
        raise _wrong(f"has an account {number} that does not work: {problem}") from None
    return account


def _are_texts(values: Any) -> bool:
    return isinstance(values, Mapping) and all(isinstance(one, str) for one in values.values())


def _wrong(what: str) -> SettingsInvalid:
    return SettingsInvalid(f"The file that {_SETTING} names {what}.", param=_SETTING)
