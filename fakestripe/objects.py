"""Where objects are kept: by kind and id, newest first when listed.

Lists page by cursor like Stripe's, `created` filters take a number or gt/gte/lt/lte, and `expand`
replaces ids with the objects they name. What leaves here is a deep copy.
"""

import copy
import secrets
from typing import Any

from fakestripe.errors import invalid, missing
from fakestripe.forms import Params, group, items, whole

Thing = dict[str, Any]

# Which member of which object names an object of which kind.
_LINKS = {
    "balance_transaction": "balance_transaction",
    "charge": "charge",
    "customer": "customer",
    "default_payment_method": "payment_method",
    "invoice": "invoice",
    "latest_charge": "charge",
    "payment_intent": "payment_intent",
    "payment_method": "payment_method",
    "setup_intent": "setup_intent",
    "transfer": "transfer",
}


# What is asked for by a member often enough to keep it together; such a member never changes.
_BY = {"transfer": "destination", "payout": "destination"}


class Objects:
    """All objects of the stand-in."""

    def __init__(self) -> None:
        self._kinds: dict[str, dict[str, Thing]] = {}
        self._of: dict[tuple[str, str], list[Thing]] = {}

    @staticmethod
    def new_id(prefix: str) -> str:
        return f"{prefix}_1{secrets.token_hex(11)}"

    def add(self, thing: Thing) -> Thing:
        kind = thing["object"]
        self._kinds.setdefault(kind, {})[thing["id"]] = thing
        if kind in _BY:
            self._of.setdefault((kind, thing[_BY[kind]]), []).append(thing)
        return thing

    def of(self, kind: str, owner: str) -> list[Thing]:
        """Transfers or payouts to one account."""
        return self._of.get((kind, owner), [])

    def get(self, kind: str, identifier: str) -> Thing:
        found = self._kinds.get(kind, {}).get(identifier)
        if found is None:
            raise missing(kind, identifier)
        return found

    def every(self, kind: str) -> list[Thing]:
        return list(self._kinds.get(kind, {}).values())

    def remove(self, kind: str, identifier: str) -> None:
        thing = self.get(kind, identifier)
        del self._kinds[kind][identifier]
        if kind in _BY:
            self._of[kind, thing[_BY[kind]]].remove(thing)

    def forget(self, kind: str) -> None:
        """Forget every object of a kind: for runs that make more than anybody reads again."""
        self._kinds.pop(kind, None)

    def dump(self) -> dict[str, dict[str, Thing]]:
        """Everything, as plain values."""
        return copy.deepcopy(self._kinds)

    def restore(self, kinds: dict[str, dict[str, Thing]]) -> None:
        """Everything as `dump` gave it."""
        self._kinds, self._of = {}, {}
        for things in copy.deepcopy(kinds).values():
            for thing in things.values():
                self.add(thing)

    def page(self, kind: str, params: Params, *, url: str, filters: str = "") -> Thing:
        """A list object: newest first, filtered by equality on each of `filters`."""
        found = [
            thing
            for thing in reversed(self.every(kind))
            if _created_within(thing, params)
            and all(thing.get(name) == params[name] for name in filters.split() if name in params)
        ]
        limit = whole(params, "limit", 10) or 10
        if not 1 <= limit <= 100:
            raise invalid("Limit must be between 1 and 100.", "limit")
        after, before = params.get("starting_after"), params.get("ending_before")
        if after:
            found = found[_position(found, kind, after) + 1 :]
        if before:
            found = found[: _position(found, kind, before)][-limit:]
        shown = found[:limit]
        more = len(found) > len(shown)
        return {"object": "list", "data": shown, "has_more": more, "url": url}

    def expanded(self, thing: Thing, params: Params) -> Thing:
        """A copy of `thing` with the members that `expand` names replaced by their objects."""
        shown = copy.deepcopy(thing)
        for path in items(params, "expand"):
            self._expand(shown, str(path).split("."))
        return shown

    def _expand(self, thing: Thing, path: list[str]) -> None:
        name, *rest = path
        if name == "data" and thing.get("object") == "list":
            for entry in thing["data"]:
                self._expand(entry, rest)
            return
        value = thing.get(name)
        if isinstance(value, str) and name in _LINKS:
            value = thing[name] = copy.deepcopy(self.get(_LINKS[name], value))
        if rest and isinstance(value, dict):
            self._expand(value, rest)


def _position(found: list[Thing], kind: str, identifier: str) -> int:
    for position, thing in enumerate(found):
        if thing["id"] == identifier:
            return position
    raise missing(kind, identifier)


def _created_within(thing: Thing, params: Params) -> bool:
    window = params.get("created")
    if window is None:
        return True
    at = thing["created"]
    if isinstance(window, str):
        return bool(at == int(window))
    tests = group(params, "created")
    return bool(
        at > int(tests.get("gt", -1))
        and at >= int(tests.get("gte", -1))
        and at < int(tests.get("lt", 1 << 60))
        and at <= int(tests.get("lte", 1 << 60))
    )
