"""Hold our answers against the document that OpenAI publishes.

    python bench/openai_spec.py --spec openapi.json [--json]

Serves the API on the loopback with ads on and off, lets openai-python ask for everything that the
conformance tests ask, and validates each body, chunk, event and error against the schema that the
document gives for its route. Prints what does not fit; the exit code says whether all did.
"""

import argparse
import json
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from jsonschema import Draft202012Validator  # noqa: E402
from referencing import Registry, Resource  # noqa: E402
from referencing.jsonschema import DRAFT202012  # noqa: E402

from tests.conformance.openai_models import decoded, events_of  # noqa: E402
from tests.conformance.server import Answer, Served, served  # noqa: E402

CALLS = ROOT / "tests/conformance/clients/openai_calls.py"
STREAM = "text/event-stream"
# The document describes whole completions only; in a stream the reason is null until the last.
LEGACY = "POST /v1/completions"
ERROR = "#/components/schemas/ErrorResponse"


def traffic() -> list[Answer]:
    """Everything that is answered while the client goes through its calls."""
    with served(ads_enabled=True) as on, served(ads_enabled=False) as off:
        urls = json.dumps({"on": on.base_url, "off": off.base_url})
        told = subprocess.run(
            [sys.executable, "-W", "ignore", CALLS, urls], capture_output=True, check=True
        )
        report = json.loads(told.stdout.splitlines()[-1])
        if report["failed"]:
            raise SystemExit(f"The client itself failed: {sorted(report['failed'])}")
        return _both(on, off)


def _both(on: Served, off: Served) -> list[Answer]:
    return on.traffic + off.traffic


class Document:
    """The published document, and a validator for each kind of answer in it."""

    def __init__(self, path: Path) -> None:
        self._document = _nullable(json.loads(path.read_text()))
        resource = Resource.from_contents(self._document, default_specification=DRAFT202012)
        self._registry = Registry().with_resource("urn:spec", resource)
        self._validators: dict[str, Draft202012Validator] = {}

    def validator(self, answer: Answer) -> Draft202012Validator | None:
        """For the body or the events of an answer; None where the document is silent."""
        method, path = answer.path.split(" ")
        name = path.removeprefix("/v1")
        if name.startswith("/models/"):
            name = "/models/{model}"
        if answer.status >= 400:
            return self.at(ERROR)
        route = self._document["paths"].get(name, {}).get(method.lower())
        if route is None:
            return None
        kinds = route["responses"]["200"]["content"]
        kind = STREAM if answer.content_type.startswith(STREAM) else "application/json"
        found = kinds.get(kind, kinds.get("application/json"))
        return self.at(found["schema"]["$ref"])

    def at(self, reference: str) -> Draft202012Validator:
        if reference not in self._validators:
            self._validators[reference] = Draft202012Validator(
                {"$ref": f"urn:spec{reference}"}, registry=self._registry
            )
        return self._validators[reference]


def problems(document: Document, answers: list[Answer]) -> tuple[Counter[str], Counter[str]]:
    """How many bodies fitted, and what did not, each counted."""
    fitted: Counter[str] = Counter()
    wrong: Counter[str] = Counter()
    for answer in answers:
        validator = document.validator(answer)
        if validator is None:
            continue
        is_stream = answer.content_type.startswith(STREAM)
        bodies = events_of(answer) if is_stream else [decoded(json.loads(answer.body))]
        for body in bodies:
            if is_stream and answer.path == LEGACY and _goes_on(body):
                continue
            errors = list(_errors(document, validator, body))
            for error in errors:
                wrong[f"{answer.path}: {error}"] += 1
            if not errors:
                fitted[answer.path] += 1
    return fitted, wrong


def _goes_on(body: dict[str, Any]) -> bool:
    return any(choice["finish_reason"] is None for choice in body.get("choices", []))


def _nullable(schema: Any) -> Any:
    """The document says `nullable` in places, a word of an older OpenAPI; written as JSON Schema."""
    if isinstance(schema, list):
        return [_nullable(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    made = {name: _nullable(part) for name, part in schema.items()}
    if made.pop("nullable", None) is True:
        return {"anyOf": [made, {"type": "null"}]}
    return made


def _errors(document: Document, validator: Any, body: dict[str, Any]) -> list[str]:
    if set(body) == {"error"}:
        validator = document.at(ERROR)
    return [
        f"{'.'.join(map(str, error.absolute_path))}: {error.message[:300]}"
        for error in validator.iter_errors(body)
    ]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--spec", type=Path, required=True, help="OpenAI's openapi.json")
    parser.add_argument("--json", action="store_true", help="end with one line of JSON only")
    asked = parser.parse_args()
    fitted, wrong = problems(Document(asked.spec), traffic())
    if not asked.json:
        for path, count in sorted(fitted.items()):
            print(f"{count:6} fit   {path}")
        for what, count in wrong.most_common():
            print(f"{count:6} WRONG {what}")
    print(json.dumps({"fit": fitted.total(), "wrong": wrong.total()}))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
