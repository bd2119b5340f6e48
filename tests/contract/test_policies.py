"""The contract is the policy: what holds for every RPC, event and reason."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Iterator

import pytest
from google.protobuf.descriptor import EnumDescriptor, ServiceDescriptor
from google.protobuf.descriptor_pb2 import FileDescriptorSet
from google.protobuf.descriptor_pool import Default
from weneeds.options.v1 import policy_pb2

from services.kit import errors as kit_errors
from services.kit.contract import Method, event_of, methods_of, reasons_of
from services.run import NAMES
from stack.gen.__main__ import GEN

_OPTIONAL = {"page_size", "page_token", "skip"}


def _files() -> list[str]:
    described = FileDescriptorSet.FromString((GEN / "descriptors.binpb").read_bytes())
    names = [file.name for file in described.file if file.name.startswith("weneeds/")]
    for name in names:
        importlib.import_module(name.removesuffix(".proto").replace("/", ".") + "_pb2")
    return names


def _services() -> list[ServiceDescriptor]:
    return [
        service
        for name in _files()
        for service in Default().FindFileByName(name).services_by_name.values()
    ]


def _methods() -> list[Method]:
    return [method for service in _services() for method in methods_of(service)]


def _events() -> list[str]:
    return [name for name in _files() if "/events/" in name]


@pytest.mark.parametrize("method", _methods(), ids=lambda method: method.path)
def test_a_method_that_creates_or_pays_has_a_request_id(method: Method) -> None:
    assert method.retryable or not method.name.startswith(("Create", "Fund", "Apply", "Add"))


@pytest.mark.parametrize("method", _methods(), ids=lambda method: method.path)
def test_reads_are_reads_and_lists_are_pages(method: Method) -> None:
    reading = method.name.startswith(("Get", "List", "Rank", "Subscribe"))
    assert reading == method.read_only
    fields = set(method.request.DESCRIPTOR.fields_by_name)
    listing = method.name.startswith(("List", "Rank"))
    if listing and method.policy.access != policy_pb2.ACCESS_INTERNAL:
        assert {"page_size", "page_token"} <= fields
        answer = method.response.DESCRIPTOR.fields_by_name
        assert {"next_page_token", "total_size"} <= set(answer)


@pytest.mark.parametrize("method", _methods(), ids=lambda method: method.path)
def test_nearly_every_request_field_has_a_rule(method: Method) -> None:
    from buf.validate import validate_pb2

    for field in method.request.DESCRIPTOR.fields:
        # Both values of a bool are good.
        plain = field.message_type is None and field.type != field.TYPE_BOOL
        if plain and not field.is_repeated:
            assert field.GetOptions().HasExtension(validate_pb2.field), field.full_name


@pytest.mark.parametrize("name", _events())
def test_every_message_of_an_events_package_is_an_event(name: str) -> None:
    for message in Default().FindFileByName(name).message_types_by_name.values():
        assert event_of(message).subject


def test_no_two_events_share_a_subject() -> None:
    subjects = [
        event_of(message).subject
        for name in _events()
        for message in Default().FindFileByName(name).message_types_by_name.values()
    ]
    assert len(subjects) == len(set(subjects))


def test_events_carry_no_personal_data() -> None:
    from weneeds.options.v1.sensitivity_pb2 import sensitivity

    for name in _events():
        for message in Default().FindFileByName(name).message_types_by_name.values():
            for field in message.fields:
                assert not field.GetOptions().HasExtension(sensitivity), field.full_name


def _refusals(service: str) -> Iterator[type[kit_errors.Refused]]:
    package = importlib.import_module(f"services.{service}")
    for module in pkgutil.walk_packages(package.__path__, f"services.{service}."):
        if ".migrations" in module.name:
            continue
        for _, found in inspect.getmembers(importlib.import_module(module.name), inspect.isclass):
            if issubclass(found, kit_errors.Refused) and found is not kit_errors.Refused:
                yield found


def _reasons(service: str) -> EnumDescriptor:
    module = importlib.import_module(f"weneeds.{service}.v1.error_reason_pb2")
    enum: EnumDescriptor = module.DESCRIPTOR.enum_types_by_name["ErrorReason"]
    return enum


@pytest.mark.parametrize("service", NAMES)
def test_every_refusal_has_a_reason_and_every_reason_a_refusal(service: str) -> None:
    raised = {refusal.reason for refusal in _refusals(service) if hasattr(refusal, "reason")}
    assert raised <= set(reasons_of(_reasons(service)))
    own = {v.name.removeprefix("ERROR_REASON_") for v in _reasons(service).values if v.number}
    assert own <= raised


def test_the_kit_raises_only_common_reasons() -> None:
    known = set(reasons_of())
    for _, found in inspect.getmembers(kit_errors, inspect.isclass):
        if issubclass(found, kit_errors.Refused) and found is not kit_errors.Refused:
            assert found.reason in known
