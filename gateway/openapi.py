"""OpenAPI 3.1 of the public REST paths, from the descriptors that the gateway runs on."""

from __future__ import annotations

from typing import Any

from weneeds.options.v1 import policy_pb2

from gateway import paths, wording
from gateway.contract import Contract, Method, reachable
from gateway.paths import RestRoute
from gateway.schemas import Schemas, is_required

Document = dict[str, Any]

_STATUS = "google.rpc.Status"
_SSE_HINT = "One message an event, as long as the connection lasts."


def render(descriptors: bytes) -> Document:
    """The OpenAPI document as a dict.

    Raises:
        ContractError: when two REST paths collide or a template is malformed.
    """
    contract = Contract(descriptors)
    methods = {m.full_name: m for m in contract.methods if reachable(m, admins=True)}
    schemas = Schemas(contract)
    document: Document = {
        "openapi": "3.1.0",
        "info": {
            "title": "WeNeeds",
            "version": "v1",
            "description": wording.INTRODUCTION,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "tags": _tags(list(methods.values())),
        "paths": {},
    }
    for route in paths.table(methods.values()):
        operations = document["paths"].setdefault(route.path, {})
        operations[route.method.lower()] = _operation(contract, schemas, methods[route.rpc], route)
    schemas.reference(_STATUS)
    document["components"] = {
        "schemas": dict(sorted(schemas.components.items())),
        "securitySchemes": {name: _bearer() for name in ("bearer", "adminBearer")},
    }
    return document


def _operation(contract: Contract, schemas: Schemas, method: Method, route: RestRoute) -> Document:
    comment = method.comment
    operation: Document = {
        "operationId": f"{method.service}_{method.proto.name}",
        "tags": [method.service],
        "summary": wording.first_sentence(comment),
        "description": f"{comment}\n\n{wording.policy(method.policy)}",
        "parameters": [*_path_parameters(schemas, method, route),
                       *_query_parameters(schemas, method, route)],
        "responses": _responses(contract, schemas, method),
        "security": _security(method),
    }  # fmt: skip
    if body := _body(schemas, method, route):
        operation["requestBody"] = body
    return operation


def _tags(methods: list[Method]) -> list[Document]:
    services = {m.service: m.service_comment for m in methods if m.bindings}
    return [{"name": name, "description": comment} for name, comment in services.items()]


def _bearer() -> Document:
    return {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}


def _security(method: Method) -> list[Document]:
    access = method.policy.access
    if access == policy_pb2.ACCESS_PUBLIC:
        return []
    return [{"adminBearer" if access == policy_pb2.ACCESS_ADMIN else "bearer": []}]


def _request(method: Method) -> str:
    return method.proto.input_type.lstrip(".")


def _path_parameters(schemas: Schemas, method: Method, route: RestRoute) -> list[Document]:
    found = []
    for path in route.template.variables:
        owner, field = schemas.path_field(_request(method), path)
        schema = schemas.field(owner, field, in_path=True)
        found.append(_parameter("path", path, schema, required=True))
    return found


def _query_parameters(schemas: Schemas, method: Method, route: RestRoute) -> list[Document]:
    """What stands neither in the path nor in the body. With the body "*" that is nothing."""
    if route.body == "*":
        return []
    taken = {*route.template.variables, route.body}
    return [
        _parameter("query", _json_path(path), schemas.field(owner, field),
                   required=is_required(field))
        for path, owner, field in schemas.query_fields(_request(method))
        if path not in taken and path.split(".")[0] != route.body
    ]  # fmt: skip


def _json_path(path: str) -> str:
    """job.company_id -> job.companyId"""
    head, *tail = path.split("_")
    return head + "".join(part[:1].upper() + part[1:] for part in tail)


def _parameter(place: str, name: str, schema: Document, *, required: bool) -> Document:
    description = schema.pop("description", "")
    parameter = {"name": name, "in": place, "required": required, "schema": schema}
    return parameter | ({"description": description} if description else {})


def _body(schemas: Schemas, method: Method, route: RestRoute) -> Document:
    if not route.body:
        return {}
    if route.body == "*":
        schema = schemas.body(_request(method), route.template.variables)
        required = bool(schema.get("required"))
    else:
        owner, field = schemas.path_field(_request(method), route.body)
        schema, required = schemas.field(owner, field), is_required(field)
    return {"required": required, "content": {"application/json": {"schema": schema}}}


def _responses(contract: Contract, schemas: Schemas, method: Method) -> Document:
    schema = schemas.reference(method.proto.output_type.lstrip("."))
    kind = "application/json"
    text = "Done."
    if method.proto.server_streaming:
        kind, text = "text/event-stream", _SSE_HINT
    responses: Document = {"200": {"description": text, "content": {kind: {"schema": schema}}}}
    for status, reasons in wording.refusals(contract, method).items():
        responses[str(status)] = _error(schemas, reasons)
    responses["default"] = _error(schemas, ["Any other failure has the same shape."])
    return responses


def _error(schemas: Schemas, lines: list[str]) -> Document:
    schema = schemas.reference(_STATUS)
    return {"description": "\n".join(lines), "content": {"application/json": {"schema": schema}}}
