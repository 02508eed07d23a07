"""Values that fit a JSON Schema, made from the user's own words.

The demo model needs them for tool arguments and structured output. Pure and deterministic; knows
the part of JSON Schema that models are asked for, and gives up in depth rather than recursing.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

from api.upstream.demo_words import Wishes

_MAX_DEPTH: Final = 12
_FORMATS: Final = {
    "date": "2026-01-15",
    "date-time": "2026-01-15T12:00:00Z",
    "time": "12:00:00",
    "email": "reader@example.com",
    "uri": "https://www.example.com/",
    "uuid": "00000000-0000-4000-8000-000000000000",
}
_NAME: Final = re.compile(r"(?<=[a-z,] )[A-Z][\w-]+(?: [A-Z][\w-]+)*")
# Text in plain quotes, with no letter before or after: the apostrophe of "don't" opens nothing.
_QUOTED: Final = re.compile(r"(?<!\w)(['\"`])([^'\"`\n]{1,80})\1(?!\w)")
_AFTER: Final = re.compile(r"\b(?:in|for|of|at|to|about)\s+([\w’' -]{2,40}?)\s*[?.!]*$")


class ValueMaker:
    """Fills one schema after another from one request; numbers are used up in their order."""

    def __init__(self, wishes: Wishes, root: Mapping[str, Any]) -> None:
        self._wishes, self._root = wishes, root
        self._numbers = [
            float(found) for found in re.findall(r"-?\d+(?:\.\d+)?", wishes.said[:2000])
        ]

    def fill(self, schema: Any, depth: int = 0) -> Any:
        """A value for `schema`."""
        if not isinstance(schema, Mapping) or depth > _MAX_DEPTH:
            return self._wishes.subject
        if "const" in schema:
            return schema["const"]
        if isinstance(schema.get("enum"), list) and schema["enum"]:
            return self._listed(schema["enum"])
        if isinstance(schema.get("$ref"), str):
            return self.fill(self._definition(schema["$ref"]), depth + 1)
        for joined in ("anyOf", "oneOf", "allOf"):
            if isinstance(schema.get(joined), list) and schema[joined]:
                return self.fill(_first_real(schema[joined]), depth + 1)
        return self._typed(schema, depth)

    def _typed(self, schema: Mapping[str, Any], depth: int) -> Any:
        match _kind(schema):
            case "object":
                properties = schema.get("properties")
                members = properties if isinstance(properties, Mapping) else {}
                return {name: self.fill(member, depth + 1) for name, member in members.items()}
            case "array":
                return self._array(schema, depth)
            case "integer" | "number" as kind:
                number = self._number(schema)
                return int(number) if kind == "integer" else number
            case "boolean" | "null" as kind:
                return True if kind == "boolean" else None
            case _:
                return self._string(schema)

    def _array(self, schema: Mapping[str, Any], depth: int) -> list[Any]:
        items = schema.get("items", {"type": "string"})
        least = schema.get("minItems")
        count = max(1, min(least, 20)) if isinstance(least, int) else 1
        if isinstance(items, Mapping) and _kind(items) == "string" and "enum" not in items:
            words = list(self._wishes.keywords) or [self._wishes.subject]
            return [words[position % len(words)] for position in range(max(count, len(words)))]
        return [self.fill(items, depth + 1) for _ in range(count)]

    def _number(self, schema: Mapping[str, Any]) -> float:
        number = self._numbers.pop(0) if self._numbers else 1.0
        least, most = schema.get("minimum"), schema.get("maximum")
        if isinstance(least, int | float):
            number = max(number, float(least))
        if isinstance(most, int | float):
            number = min(number, float(most))
        return number

    def _string(self, schema: Mapping[str, Any]) -> str:
        known = _FORMATS.get(str(schema.get("format")))
        if known is not None:
            return known
        said = self._wishes.quote
        quoted = _QUOTED.search(self._wishes.said[:2000])
        if quoted is not None:
            return quoted[2]
        found = _NAME.search(said)
        if found is not None:
            return found[0]
        after = _AFTER.search(said)
        return after[1] if after is not None else self._wishes.subject

    def _listed(self, values: list[Any]) -> Any:
        said = self._wishes.said.lower()
        mentioned = (value for value in values if isinstance(value, str) and value.lower() in said)
        return next(mentioned, values[0])

    def _definition(self, reference: str) -> Any:
        found: Any = self._root
        for part in reference.removeprefix("#/").split("/"):
            found = found.get(part) if isinstance(found, Mapping) else None
        return found


def named_members(said: str) -> list[str]:
    """The members that a text wants a JSON object to have: those it quotes beside "key" or "JSON"."""
    if "json" not in said.lower():
        return []
    names = [found[2] for found in _QUOTED.finditer(said[:2000])]
    return [name for name in names if name.isidentifier()]


def _kind(schema: Mapping[str, Any]) -> str:
    kind = schema.get("type")
    if isinstance(kind, list):
        kind = next((name for name in kind if name != "null"), "null")
    if kind is None and "properties" in schema:
        return "object"
    return str(kind)


def _first_real(choices: list[Any]) -> Any:
    real = [one for one in choices if isinstance(one, Mapping) and one.get("type") != "null"]
    return real[0] if real else choices[0]
