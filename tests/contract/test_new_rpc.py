"""A new RPC touches one .proto and at most four rooms; all the rest follows by itself.

The proof adds one, ApplicationService.GetFunnel, to a copy of the tree: one edit a file, as in
CONTRIBUTING.md. Then it generates, and asks the copy for everything that should know the RPC by
now. Postgres is played by a connection that answers the one statement; server, mutual TLS, token,
policy and validation are the real ones.
"""

from __future__ import annotations

import ast
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from stack.paths import ROOT

PROTO = "proto/weneeds/jobs/v1/application_service.proto"
ROOMS = {"rpc", "app", "domain", "store", "ports", "events"}
_COPIED = ("proto", "services", "gateway", "stack", "clients/python/weneeds", "buf.yaml")
_DERIVED = shutil.ignore_patterns("__pycache__", "v1", "_facade.py")

_RPC = """\
  // Counts a company's applications: those that wait for a decision, and the
  // decided ones.
  rpc GetFunnel(GetFunnelRequest) returns (GetFunnelResponse) {
    option idempotency_level = NO_SIDE_EFFECTS;
    option (google.api.http) = {get: "/api/v1/companies/{company_id}/funnel"};
    option (weneeds.options.v1.policy) = {
      access: ACCESS_SIGNED_IN
      roles: [USER_ROLE_RECRUITER]
      scope: {
        field: "company_id"
        kind: SCOPE_KIND_COMPANY
        company_roles: [COMPANY_ROLE_ADMIN]
      }
    };
  }

"""
_MESSAGES = """
message GetFunnelRequest {
  string company_id = 1 [(buf.validate.field).string.uuid = true];
}

message GetFunnelResponse {
  int32 waiting = 1;
  int32 decided = 2;
}
"""
_DOMAIN = '''

def funnel(counts: dict[ApplicationStatus, int]) -> tuple[int, int]:
    """Return how many of `counts` wait for a decision, and how many are decided."""
    waiting = sum(count for status, count in counts.items() if status in _OPEN)
    return waiting, sum(counts.values()) - waiting
'''
_PORT = """
    async def counts(self, company_id: str) -> dict[ApplicationStatus, int]: ...
"""
_APP = '''
    async def funnel(self, company_id: str) -> tuple[int, int]:
        """Return how many of a company's applications wait, and how many are decided."""
        from services.jobs.domain.applications import funnel

        return funnel(await self._store.counts(company_id))
'''
_STORE = '''
    async def counts(self, company_id: str) -> dict[ApplicationStatus, int]:
        """Return how many of a company's applications are in each status."""
        rows = await self._reader.fetch(
            Query.text(
                "select status, count(*) as count from applications"
                " where company_id = cast(:company_id as uuid) group by status"
            ),
            company_id=company_id,
        )
        return {ApplicationStatus(row["status"]): row["count"] for row in rows}
'''
_SERVICER = '''
    async def GetFunnel(self, request: pb.GetFunnelRequest, context: Any) -> pb.GetFunnelResponse:
        """See the contract."""
        waiting, decided = await self._applications.funnel(request.company_id)
        return pb.GetFunnelResponse(waiting=waiting, decided=decided)
'''


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project with the new RPC, generated anew."""
    copy: Path = tmp_path_factory.mktemp("tree")
    for name in _COPIED:
        source, target = ROOT / name, copy / name
        if source.is_dir():
            derived = _DERIVED if name.startswith("clients") else None
            shutil.copytree(source, target, ignore=derived)
        else:
            shutil.copy(source, target)
    (copy / "pyproject.toml").touch()
    _add_rpc(copy)
    _run(copy, "-m", "stack.gen", "--force")
    return copy


def _add_rpc(tree: Path) -> None:
    proto = tree / PROTO
    head, opening, rest = proto.read_text().partition("service ApplicationService {\n")
    proto.write_text(head + opening + _RPC + rest + _MESSAGES)
    jobs = tree / "services/jobs"
    domain = jobs / "domain/applications.py"
    domain.write_text(domain.read_text() + _DOMAIN)
    _add_to_class(jobs / "app/stores.py", "ApplicationStore", _PORT)
    _add_to_class(jobs / "app/applications.py", "Applications", _APP)
    _add_to_class(jobs / "store/applications.py", "PgApplicationStore", _STORE)
    _add_to_class(jobs / "rpc/applications.py", "ApplicationRpc", _SERVICER)


def _add_to_class(path: Path, name: str, body: str) -> None:
    lines = path.read_text().splitlines(keepends=True)
    classes = [n for n in ast.parse("".join(lines)).body if isinstance(n, ast.ClassDef)]
    end = next(node.end_lineno for node in classes if node.name == name)
    lines.insert(end or 0, body)
    path.write_text("".join(lines))


def _run(tree: Path, *arguments: str) -> str:
    paths = (tree, tree / "clients/python", tree / "gen/python")
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, paths))}
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=tree, env=environment, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def seen(tree: Path) -> Mapping[str, Any]:
    """What the copy knows of the RPC, told by a process that runs on the copy."""
    script = Path(__file__).with_name("new_rpc_witness.py")
    told: dict[str, Any] = json.loads(_run(tree, str(script), str(tree)).splitlines()[-1])
    return told


def test_it_touches_one_proto_and_at_most_four_rooms(tree: Path) -> None:
    changed = {
        path.relative_to(tree)
        for name in ("proto", "services", "gateway", "stack")
        for path in (tree / name).rglob("*")
        if path.suffix in (".proto", ".py", ".lua", ".toml")
        and path.read_bytes() != (ROOT / path.relative_to(tree)).read_bytes()
    }
    assert [str(path) for path in changed if path.suffix == ".proto"] == [PROTO]
    homes = {path.parts[:3] for path in changed if path.suffix != ".proto"}
    assert {home[:2] for home in homes} == {("services", "jobs")}
    rooms = {home[2].removesuffix(".py") for home in homes}
    assert rooms <= ROOMS
    assert len(rooms) <= 4


def test_the_contract_stays_clean(tree: Path) -> None:
    buf = Path(sys.executable).with_name("buf")
    for command in (["lint"], ["format", "--diff", "--exit-code", "proto"]):
        done = subprocess.run(
            [buf, *command], cwd=tree, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout


def test_the_gateway_routes_it(seen: Mapping[str, Any]) -> None:
    assert seen["rest"] == ["GET", "/api/v1/companies/{company_id}/funnel"]
    assert seen["gateway_asks_for_a_token"]


def test_the_openapi_page_describes_it(seen: Mapping[str, Any]) -> None:
    operation = seen["openapi"]
    assert operation["summary"].startswith("Counts a company's applications")
    assert operation["security"] == [{"bearer": []}]
    assert {"401", "403"} <= set(operation["responses"])


def test_the_permission_table_has_it(seen: Mapping[str, Any]) -> None:
    assert seen["permission"] == (
        "| GetFunnel | `GET /api/v1/companies/{company_id}/funnel` | RECRUITER "
        "| `company_id`: ADMIN |  |  | read |"
    )


def test_the_client_has_it(seen: Mapping[str, Any]) -> None:
    assert seen["client"] == ["get_funnel", "get_funnel"]


def test_the_server_answers_it(seen: Mapping[str, Any]) -> None:
    assert seen["answer"] == {"waiting": 5, "decided": 3}
    assert seen["asked"] == ["00000000-0000-7000-8000-00000000000c"]


def test_the_server_guards_it(seen: Mapping[str, Any]) -> None:
    assert seen["refused"] == {
        "no token": "TOKEN_MISSING",
        "a candidate": "ROLE_REQUIRED",
        "another company": "SCOPE_DENIED",
    }
