"""schemathesis: requests made up from our OpenAPI, right and wrong; no answer may surprise.

Checked: no 500, and status, content type and body as the document says. Not checked: what an
address says to a method that it does not have, which is what any unknown address says, as at OpenAI.
"""

from checks import run
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import Case, GenerationMode, openapi
from schemathesis.checks import content_type_conformance, not_a_server_error
from schemathesis.specs.openapi.checks import response_schema_conformance, status_code_conformance

CHECKS = [
    not_a_server_error,
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
]
EXAMPLES = {GenerationMode.POSITIVE: 8, GenerationMode.NEGATIVE: 8}
_OURS = {"authorization": "Bearer tf_live_x"}


def check_every_address(url: str, ads: bool) -> None:  # noqa: ARG001  the same with and without
    schema = openapi.from_url(f"{url}/v1/openapi.json")
    operations = [found.ok() for found in schema.get_all_operations()]
    for operation in operations:
        # An address that takes no body cannot be asked wrongly.
        modes = EXAMPLES if operation.body else {GenerationMode.POSITIVE: 2}
        for mode, examples in modes.items():

            @settings(
                max_examples=examples,
                database=None,
                deadline=None,
                derandomize=True,
                phases=[Phase.generate],
                suppress_health_check=list(HealthCheck),
            )
            @given(case=operation.as_strategy(mode))
            def ask(case: Case) -> None:
                case.call_and_validate(base_url=url, headers=_OURS, checks=CHECKS)

            ask()
    assert len(operations) == 10, [operation.label for operation in operations]


if __name__ == "__main__":
    run(globals())
