"""Unknown keys of a JSON body."""

from __future__ import annotations

import pytest
from google.api import http_pb2
from google.protobuf import descriptor_pb2, descriptor_pool, struct_pb2
from google.protobuf.descriptor import Descriptor
from weneeds.jobs.v1 import candidate_service_pb2, job_service_pb2
from weneeds.payment.v1 import budget_service_pb2

from services.kit.json_fields import unknown_fields

CREATE_JOB = job_service_pb2.CreateJobRequest.DESCRIPTOR
UPDATE_PROFILE = candidate_service_pb2.UpdateProfileRequest.DESCRIPTOR


def test_known_paths_pass_by_json_name_and_by_proto_name() -> None:
    paths = ["requestId", "job.companyId", "request_id", "job.company_id", "job.languages.code"]
    assert unknown_fields(CREATE_JOB, paths, "*") == []


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("tittle", "tittle"),
        ("job.tittle", "job.tittle"),
        ("job.tittle.deeper.still", "job.tittle"),
        ("job.languages.colour", "job.languages.colour"),
        ("job.title.x", "job.title.x"),
        ("Job.title", "Job"),
        ("job.ti%2Etle", "job.ti%2Etle"),
        ("", ""),
    ],
)
def test_a_path_is_reported_up_to_its_first_unknown_key(path: str, expected: str) -> None:
    assert unknown_fields(CREATE_JOB, [path], "*") == ([expected] if expected else [])


def test_each_unknown_path_is_reported_once_and_in_order() -> None:
    paths = ["b.x", "job.title", "a", "b.y"]
    assert unknown_fields(CREATE_JOB, paths, "*") == ["b", "a"]


def test_money_and_date_are_ordinary_messages() -> None:
    fund = budget_service_pb2.FundBudgetRequest.DESCRIPTOR
    assert unknown_fields(fund, ["amount.currencyCode", "amount.units"], "*") == []
    assert unknown_fields(fund, ["amount.cents"], "*") == ["amount.cents"]
    paths = ["profile.experiences.start.year", "profile.experiences.start.hour"]
    assert unknown_fields(UPDATE_PROFILE, paths, "*") == ["profile.experiences.start.hour"]


def test_well_known_types_and_maps_take_anything_below() -> None:
    request = _request_with_map_and_struct()
    assert unknown_fields(UPDATE_PROFILE, ["updateMask.paths"], "*") == []
    assert unknown_fields(request, ["labels.any.key", "extra.deep.key", "extra"], "*") == []
    assert unknown_fields(request, ["label.any"], "*") == ["label"]


def test_a_body_selector_roots_the_paths_at_its_field() -> None:
    assert unknown_fields(CREATE_JOB, ["title", "languages.code"], "job") == []
    assert unknown_fields(CREATE_JOB, ["requestId"], "job") == ["job.requestId"]


def test_without_a_body_every_key_is_unknown() -> None:
    assert unknown_fields(CREATE_JOB, ["requestId"], "") == ["requestId"]


def test_a_self_describing_message_is_walked() -> None:
    rule = http_pb2.HttpRule.DESCRIPTOR
    paths = ["additionalBindings.additionalBindings.get", "additionalBindings.got"]
    assert unknown_fields(rule, paths, "*") == ["additionalBindings.got"]


def _request_with_map_and_struct() -> Descriptor:
    file = descriptor_pb2.FileDescriptorProto(
        name="test/json_fields.proto",
        package="test.json_fields",
        syntax="proto3",
        dependency=["google/protobuf/struct.proto"],
    )
    message = file.message_type.add(name="Request")
    entry = message.nested_type.add(name="LabelsEntry")
    entry.options.map_entry = True
    entry.field.add(name="key", number=1, type=9, label=1)
    entry.field.add(name="value", number=2, type=9, label=1)
    name = ".test.json_fields.Request.LabelsEntry"
    message.field.add(name="labels", number=1, type=11, label=3, type_name=name)
    message.field.add(name="extra", number=2, type=11, label=1, type_name=".google.protobuf.Struct")
    pool = descriptor_pool.DescriptorPool()
    pool.AddSerializedFile(struct_pb2.DESCRIPTOR.serialized_pb)
    pool.AddSerializedFile(file.SerializeToString())
    return pool.FindMessageTypeByName("test.json_fields.Request")
