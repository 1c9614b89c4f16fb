"""Wild requests, drawn from the API's own description: every answer is documented, and none is a crash."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.strategies import booleans
from schemathesis import checks
from schemathesis.core.result import Ok
from schemathesis.specs.openapi import checks as openapi_checks

from aln.web.app import create_app
from aln.web.desk import Desk

CHECKS = [
    checks.not_a_server_error,
    openapi_checks.status_code_conformance,
    openapi_checks.content_type_conformance,
    openapi_checks.response_schema_conformance,
]
LOCAL = {"Host": "localhost"}


def test_every_answer_is_documented(desk: Desk, tmp_path: Path) -> None:
    before = {path.name for path in tmp_path.iterdir()}
    schema = schemathesis.openapi.from_asgi("/api/openapi.json", create_app(desk), headers=LOCAL)
    keys = [entry.key for entry in desk.album]
    operations = [result.ok() for result in schema.get_all_operations() if isinstance(result, Ok)]
    assert len(operations) >= 15
    for operation in operations:

        @settings(
            max_examples=10, phases=[Phase.generate], suppress_health_check=list(HealthCheck), deadline=None
        )
        @given(case=operation.as_strategy(), known=booleans())
        def ask(case: schemathesis.Case[Any], known: bool) -> None:
            if "key" in case.path_parameters and known:
                case.path_parameters["key"] = keys[0]
            case.call_and_validate(checks=CHECKS, headers=LOCAL)

        ask()
    assert {path.name for path in tmp_path.iterdir()} == before  # nothing is written anywhere else
