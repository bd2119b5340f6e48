"""The OpenAPI document."""

from __future__ import annotations

from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from gateway import openapi, paths, wording
from gateway.contract import Contract
from tests.contract.gateway.world import descriptors


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return openapi.render(descriptors())


def _body(document: dict[str, Any], verb: str, path: str) -> dict[str, Any]:
    content = document["paths"][path][verb]["requestBody"]["content"]
    return dict(content["application/json"]["schema"])


def test_it_is_valid(document: dict[str, Any]) -> None:
    errors = list(OpenAPIV31SpecValidator(document).iter_errors())
    assert errors == []


def test_it_holds_every_rest_path(document: dict[str, Any]) -> None:
    expected = {(r.path, r.method.lower()) for r in paths.table(Contract(descriptors()).methods)}
    found = {(path, verb) for path, verbs in document["paths"].items() for verb in verbs}
    assert found == expected


def test_every_operation_is_described(document: dict[str, Any]) -> None:
    for path, verbs in document["paths"].items():
        for verb, operation in verbs.items():
            assert operation["summary"], (path, verb)
            assert "**Who may call:**" in operation["description"], (path, verb)


def test_rules_become_schemas(document: dict[str, Any]) -> None:
    body = _body(document, "post", "/api/v1/auth/register")
    fields = body["properties"]
    assert fields["requestId"]["format"] == "uuid"
    assert (fields["password"]["minLength"], fields["password"]["maxLength"]) == (12, 128)
    assert fields["password"]["writeOnly"] is True
    assert fields["role"]["enum"] == ["USER_ROLE_CANDIDATE", "USER_ROLE_RECRUITER"]
    assert fields["locale"]["enum"] == ["", "fr", "en"]
    assert set(body["required"]) >= {"requestId", "email", "password", "role"}
    assert "locale" not in body["required"]
    assert body["additionalProperties"] is False
    job = document["components"]["schemas"]["jobs.v1.Job"]["properties"]
    assert (job["skills"]["maxItems"], job["skills"]["uniqueItems"]) == (40, True)
    assert job["createdAt"]["format"] == "date-time"
    assert job["version"]["type"] == "string"


def test_a_field_of_the_path_stands_there_alone(document: dict[str, Any]) -> None:
    apply = "/api/v1/jobs/{job_id}/applications"
    assert set(_body(document, "post", apply)["properties"]) == {"requestId"}
    update = document["paths"]["/api/v1/jobs/{job.id}"]["patch"]
    assert [p["name"] for p in update["parameters"]] == ["job.id"]
    job = _body(document, "patch", "/api/v1/jobs/{job.id}")["properties"]["job"]
    assert "id" not in job["properties"]
    assert "required" not in job


def test_query_parameters_carry_their_rules(document: dict[str, Any]) -> None:
    operation = document["paths"]["/api/v1/applications"]["get"]
    by_name = {p["name"]: p for p in operation["parameters"]}
    assert by_name["companyId"]["required"] is True
    assert by_name["pageSize"]["schema"]["maximum"] == 100
    assert by_name["jobId"]["required"] is False


def test_security_follows_the_policy(document: dict[str, Any]) -> None:
    assert document["paths"]["/api/v1/auth/sign-in"]["post"]["security"] == []
    assert document["paths"]["/api/v1/me"]["get"]["security"] == [{"bearer": []}]


def test_reasons_stand_at_their_status(document: dict[str, Any]) -> None:
    responses = document["paths"]["/api/v1/jobs/{job_id}"]["get"]["responses"]
    assert "`JOB_NOT_FOUND`" in responses["404"]["description"]
    schema = responses["404"]["content"]["application/json"]["schema"]
    assert schema == {"$ref": "#/components/schemas/google.rpc.Status"}


def test_a_stream_is_server_sent_events(document: dict[str, Any]) -> None:
    answer = document["paths"]["/api/v1/me/stream"]["get"]["responses"]["200"]
    assert list(answer["content"]) == ["text/event-stream"]


def test_the_comments_name_only_reasons_that_exist() -> None:
    contract = Contract(descriptors())
    for method in contract.methods:
        for name in wording.named_reasons(method):
            assert wording.reason_of(contract, method, name), f"{method.full_name}: {name}"
