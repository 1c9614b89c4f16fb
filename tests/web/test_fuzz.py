"""Wild requests, drawn from the API's own description: every answer is documented, and none is a crash."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis import checks
from schemathesis.specs.openapi import checks as openapi_checks

from aln.web.app import create_app
from aln.web.desk import open_desk
from tests.small_model import small_localizer
from tests.web.conftest import write_photographs

CHECKS = [
    checks.not_a_server_error,
    openapi_checks.status_code_conformance,
    openapi_checks.content_type_conformance,
    openapi_checks.response_schema_conformance,
]


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[schemathesis.schemas.BaseSchema]:
    base = tmp_path_factory.mktemp("fuzz")
    desk = open_desk(small_localizer(), write_photographs(base / "photos"), base / "review")
    yield schemathesis.openapi.from_asgi("/api/openapi.json", create_app(desk), headers={"Host": "localhost"})
    inside = {path.name for path in base.iterdir()}
    assert inside == {"photos", "review"}  # nothing was written anywhere else


schema = schemathesis.pytest.from_fixture("api")


@schema.parametrize()
@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
def test_every_answer_is_documented(case: schemathesis.Case) -> None:
    case.call_and_validate(checks=CHECKS, headers={"Host": "localhost"})
