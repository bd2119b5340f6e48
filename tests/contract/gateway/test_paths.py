"""The REST route table."""

from __future__ import annotations

import re

import pytest

from gateway import paths
from gateway.contract import Contract, ContractError
from tests.contract.gateway.world import descriptors


def test_no_two_rest_paths_of_the_contract_collide() -> None:
    routes = paths.table(Contract(descriptors()).methods)
    assert len(routes) > 30
    assert paths.collisions(routes) == []


@pytest.mark.parametrize(
    ("one", "other", "collide"),
    [
        ("/api/v1/jobs/{job_id}", "/api/v1/jobs/{id}", True),
        ("/api/v1/jobs/{job_id}", "/api/v1/jobs/mine", True),
        ("/api/v1/jobs/{job_id}", "/api/v1/jobs/{job_id}:publish", False),
        ("/api/v1/jobs/{job_id}:open", "/api/v1/jobs/{job_id}:publish", False),
        ("/api/v1/jobs/{job_id}", "/api/v1/jobs", False),
        ("/api/v1/{kind}/list", "/api/v1/jobs/{job_id}", True),
        ("/api/v1/jobs/{job_id}/budget", "/api/v1/jobs/{job_id}/actions", False),
    ],
)
def test_overlap_of_templates(one: str, other: str, collide: bool) -> None:
    assert paths.parse(one).overlaps(paths.parse(other)) is collide
    assert paths.parse(other).overlaps(paths.parse(one)) is collide


@pytest.mark.parametrize(
    "path", ["api/v1", "/api/v1/{a=**}", "/api/V1", "/api/v1/", "/api//v1", "/api/v1/{A}", "/a:b:c"]
)
def test_other_templates_are_refused(path: str) -> None:
    with pytest.raises(ContractError):
        paths.parse(path)


@pytest.mark.parametrize(
    ("path", "matches"),
    [
        ("/api/v1/jobs/1/budget:fund", True),
        ("/api/v1/jobs/1/budget", False),
        ("/api/v1/jobs/1/2/budget:fund", False),
        ("/api/v1/jobs//budget:fund", False),
    ],
)
def test_the_expression_of_a_template(path: str, matches: bool) -> None:
    template = paths.parse("/api/v1/jobs/{job_id}/budget:fund")
    assert (re.fullmatch(template.regex, path) is not None) is matches
