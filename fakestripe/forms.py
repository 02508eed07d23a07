"""Read and check what a Stripe client sends.

Version 1 of the API is form-encoded with brackets, ``metadata[order]=7`` and ``items[0][price]=x``;
version 2 is JSON. Values of a form are strings, so the readers here say which type they expect and
refuse the rest the way Stripe does, naming the parameter.
"""

from typing import Any
from urllib.parse import parse_qsl

from fakestripe.errors import invalid

Params = dict[str, Any]


def parse_form(text: str) -> Params:
    """Decode a bracketed form or query into nested dicts and lists."""
    root: Params = {}
    for name, value in parse_qsl(text, keep_blank_values=True):
        _set(root, _path(name), value)
    decoded = _lists(root)
    assert isinstance(decoded, dict)
    return decoded


def _path(name: str) -> list[str]:
    head, *rest = name.split("[")
    return [head, *(part.rstrip("]") for part in rest)]


def _set(node: Params, path: list[str], value: str) -> None:
    for part in path[:-1]:
        node = node.setdefault(part or str(len(node)), {})
        if not isinstance(node, dict):
            raise invalid("A parameter is given both as a value and as a group.", path[0])
    node[path[-1] or str(len(node))] = value


def _lists(node: Any) -> Any:
    if not isinstance(node, dict):
        return node
    decoded = {name: _lists(value) for name, value in node.items()}
    if decoded and all(name.isdigit() for name in decoded):
        return [decoded[name] for name in sorted(decoded, key=int)]
    return decoded


def text(params: Params, name: str, default: str | None = None) -> str | None:
    """A string; empty means "unset", as in Stripe's forms."""
    value = params.get(name, default)
    if value is not None and not isinstance(value, str):
        raise invalid(f"Invalid string: {name}", name)
    return value or None


def required_text(params: Params, name: str) -> str:
    value = text(params, name)
    if value is None:
        raise invalid(f"Missing required param: {name}.", name, code="parameter_missing")
    return value


def whole(params: Params, name: str, default: int | None = None) -> int | None:
    value = params.get(name, default)
    if value is None or isinstance(value, int):
        return value
    try:
        return int(value)
    except (TypeError, ValueError):
        raise invalid(f"Invalid integer: {value}", name, code="parameter_invalid_integer") from None


def amount(params: Params, name: str = "amount") -> int:
    """A required amount in the smallest unit of the currency, above zero."""
    value = whole(params, name)
    if value is None:
        raise invalid(f"Missing required param: {name}.", name, code="parameter_missing")
    if value < 1:
        raise invalid("This value must be greater than or equal to 1.", name)
    return value


def flag(params: Params, name: str, *, default: bool = False) -> bool:
    value = params.get(name, default)
    if isinstance(value, bool):
        return value
    if value not in {"true", "false"}:
        raise invalid(f"Invalid boolean: {value}", name)
    return bool(value == "true")


def group(params: Params, name: str) -> Params:
    value = params.get(name) or {}
    if not isinstance(value, dict):
        raise invalid(f"Invalid object: {name}", name)
    return value


def items(params: Params, name: str) -> list[Any]:
    value = params.get(name) or []
    if not isinstance(value, list):
        raise invalid(f"Invalid array: {name}", name)
    return value


def metadata(params: Params, before: dict[str, str] | None = None) -> dict[str, str]:
    """Merged metadata; an empty value removes its key, as Stripe documents."""
    merged = dict(before or {})
    for name, value in group(params, "metadata").items():
        if value in ("", None):
            merged.pop(name, None)
        else:
            merged[name] = str(value)
    return merged


def only(params: Params, allowed: str) -> None:
    """Refuse parameters that the route does not know, as Stripe does."""
    for name in params:
        if name not in {*allowed.split(), "expand"}:
            raise invalid(f"Received unknown parameter: {name}", name, code="parameter_unknown")
