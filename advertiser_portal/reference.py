"""The reference of the advertiser API as a page of ours, made from its own description.

No viewer from elsewhere and no scripts: every operation with its parameters, its body and a command to
try it. What stands here is what the routes say, so it cannot be out of date.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import orjson
from fastapi import APIRouter, Request
from fastapi.responses import Response

from advertiser_portal.api.routes import Description
from web.pages import Pages
from web.roles import Act

_MONEY: Final = "Whole micros: millionths of a US dollar"


@dataclass(frozen=True)
class Field:
    """One parameter or member of a body."""

    name: str
    kind: str
    needed: bool
    about: str


@dataclass(frozen=True)
class Operation:
    """One call."""

    anchor: str
    method: str
    path: str
    about: str
    parameters: tuple[Field, ...]
    body: tuple[Field, ...]
    answer: tuple[Field, ...]
    example: str


class Reference:
    """The page; for everybody who is signed in."""

    def __init__(self, pages: Pages, description: Description) -> None:
        self._pages, self._description = pages, description

    async def show(self, request: Request) -> Response:
        """All operations by group."""
        await self._pages.front.member(request, Act.SEE)
        about: str = self._description.spec["info"]["description"]
        return self._pages.page(
            request, "reference.html", groups=self._groups, about=about.split("\n\n")
        )

    @cached_property
    def _groups(self) -> dict[str, list[Operation]]:
        return groups_of(self._description.spec)

    def add_to(self, router: APIRouter) -> None:
        """Add the address."""
        router.add_api_route("/api", self.show, methods=["GET"])


def groups_of(described: dict[str, Any]) -> dict[str, list[Operation]]:
    """The operations by their tag, in the order of their routes."""
    server = described["servers"][0]["url"]
    groups: dict[str, list[Operation]] = {}
    for path, methods in described["paths"].items():
        for method, said in methods.items():
            operation = _operation(described, server, path, method, said)
            groups.setdefault(said["tags"][0], []).append(operation)
    return groups


def _operation(
    described: dict[str, Any], server: str, path: str, method: str, said: dict[str, Any]
) -> Operation:
    content = said.get("requestBody", {}).get("content", {})
    body = _resolved(described, content.get("application/json", {}).get("schema", {}))
    answers = {code: one for code, one in said["responses"].items() if code.startswith("2")}
    answer = next(iter(answers.values())).get("content", {}).get("application/json", {})
    return Operation(
        anchor=said["operationId"],
        method=method.upper(),
        path=path,
        about=said.get("description", ""),
        parameters=tuple(
            Field(
                one["name"],
                _kind(described, one.get("schema", {})),
                one.get("required", False),
                one.get("description", ""),
            )
            for one in said.get("parameters", ())
        ),
        body=_fields(described, body),
        answer=_fields(described, _resolved(described, answer.get("schema", {}))),
        example=_example(server, path, method, body),
    )


def _fields(described: dict[str, Any], schema: dict[str, Any]) -> tuple[Field, ...]:
    needed = schema.get("required", ())
    return tuple(
        Field(
            name,
            _kind(described, one),
            name in needed,
            one.get("description") or (_MONEY if name.endswith("_micros") else ""),
        )
        for name, one in schema.get("properties", {}).items()
    )


def _kind(described: dict[str, Any], schema: dict[str, Any]) -> str:
    if "anyOf" in schema:
        return " or ".join(_kind(described, one) for one in schema["anyOf"])
    if "$ref" in schema:
        found = _resolved(described, schema)
        return " | ".join(map(str, found["enum"])) if "enum" in found else found["title"]
    if "enum" in schema:
        return " | ".join(map(str, schema["enum"]))
    if schema.get("type") == "array":
        return f"list of {_kind(described, schema.get('items', {}))}"
    return str(schema.get("format") or schema.get("type") or schema.get("const") or "any")


def _resolved(described: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    if "$ref" not in schema:
        return schema
    found: dict[str, Any] = described["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
    return found


def _example(server: str, path: str, method: str, body: dict[str, Any]) -> str:
    lines = [f"curl {server}{path}", '-H "Authorization: Bearer $TOLLFREE_TOKEN"']
    if method != "get":
        lines[0] = f"curl -X {method.upper()} {server}{path}"
    given = {
        name: one["examples"][0]
        for name, one in body.get("properties", {}).items()
        if one.get("examples")
    }
    if given:
        lines += ['-H "Content-Type: application/json"', f"-d '{orjson.dumps(given).decode()}'"]
    return " \\\n  ".join(lines)
