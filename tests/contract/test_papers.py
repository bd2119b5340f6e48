"""What the papers say is what the code does."""

from __future__ import annotations

import ast
import inspect
import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path

import pytest
from google.protobuf.descriptor_pb2 import FileDescriptorSet
from weneeds.options.v1 import event_pb2

from services.kit import errors as kit_errors
from services.run import NAMES
from stack.gen import permissions, reasons
from stack.paths import ROOT, contract

_SKIPPED = {".venv", ".state", "node_modules", "third_party", "gen"}
_LINK = re.compile(r"\[[^\]]*\]\(([^)#\s]+)(?:#[^)]*)?\)")
# The answer to an event that contradicts a recorded action; it reaches no caller.
_NEVER_ANSWERED = {("payment", "REQUEST_ID_REUSED", "key")}


@pytest.mark.parametrize(
    ("target", "render", "command"),
    [
        (permissions.TARGET, permissions.render, permissions.COMMAND),
        (reasons.TARGET, reasons.render, reasons.COMMAND),
    ],
    ids=["permissions", "errors"],
)
def test_a_generated_page_is_current(
    target: Path, render: Callable[[bytes], str], command: str
) -> None:
    current = (ROOT / target).read_text() == render(contract())
    assert current, f"{target} is not what the contract says; run `.venv/bin/{command}`"


def test_the_table_of_events_is_current() -> None:
    text = (ROOT / "docs/architecture.md").read_text()
    line = r"^\| `([a-z._]+)` \| (\w+) \| ([\w, ]+) \| ([\w, ]+) \|$"
    rows = re.findall(line, text, re.MULTILINE)
    told = {row[0]: row for row in rows}
    assert told == {row[0]: row for row in _events()}, "mend the table in docs/architecture.md"


def test_every_metadata_key_is_documented() -> None:
    documented = reasons.metadata(contract())
    for service, reason, key in _metadata():
        known = documented.get((service, reason), set()) | documented.get(("common", reason), set())
        assert key in known or (service, reason, key) in _NEVER_ANSWERED, (
            f"{service} answers {reason} with {key!r}, which its comment in error_reason.proto "
            "does not name (Metadata: ...)"
        )


def test_links_between_the_papers_lead_somewhere() -> None:
    papers = list(_papers())
    assert ROOT / "README.md" in papers
    for paper in papers:
        for link in _LINK.findall(paper.read_text()):
            if "://" not in link:
                assert (paper.parent / link).exists(), f"{paper.relative_to(ROOT)}: {link}"


def test_every_service_has_a_page_with_the_same_outline() -> None:
    for service in NAMES:
        headings = re.findall(
            r"^## (.+)$", (ROOT / f"services/{service}/README.md").read_text(), re.M
        )
        assert [h for h in headings if h in ("Owns", "Answers, consumes, publishes", "Rules")] == [
            "Owns", "Answers, consumes, publishes", "Rules",
        ], service  # fmt: skip


def _papers() -> Iterator[Path]:
    for path in ROOT.rglob("*.md"):
        if not _SKIPPED & set(path.relative_to(ROOT).parts):
            yield path


def _events() -> Iterator[tuple[str, str, str, str]]:
    """Subject, message, publishers and consumers of each event, from contract and code."""
    publishers, consumers = _publishers(), _consumers()
    for file in FileDescriptorSet.FromString(contract()).file:
        if not re.fullmatch(r"weneeds\.\w+\.events\.v1", file.package):
            continue
        for message in file.message_type:
            subject = message.options.Extensions[event_pb2.event].subject
            who = [", ".join(sorted(found[message.name])) for found in (publishers, consumers)]
            yield subject, message.name, who[0] or "nobody", who[1] or "nobody"


def _publishers() -> dict[str, set[str]]:
    """Services by the names of what their `app` makes."""
    found: dict[str, set[str]] = defaultdict(set)
    for service, call in _calls("app"):
        if isinstance(call.func, ast.Name):
            found[call.func.id].add(service)
    return found


def _consumers() -> dict[str, set[str]]:
    """Services by the names of the events that their consumers take."""
    found: dict[str, set[str]] = defaultdict(set)
    for service, call in _calls(""):
        if isinstance(call.func, ast.Name) and call.func.id == "Consumer":
            event = call.args[1]
            assert isinstance(event, ast.Name)
            found[event.id].add(service)
    return found


def _metadata() -> Iterator[tuple[str, str, str]]:
    """Each metadata key with which some code refuses: service, reason, key."""
    for service, call in _calls("", "kit"):
        if not isinstance(call.func, ast.Name):
            continue
        reason = _reasons(service).get(call.func.id)
        for keyword in call.keywords if reason else ():
            names = [keyword.arg] if keyword.arg else _keys_of(keyword.value)
            for name in names:
                if name != "field":
                    yield service, str(reason), str(name)


def _keys_of(expanded: ast.expr) -> list[str]:
    assert isinstance(expanded, ast.Dict), "metadata is to be read off the code"
    return [ast.literal_eval(key) for key in expanded.keys if key is not None]


def _reasons(service: str) -> dict[str, str]:
    """Reason by the name of the class that stands for it."""
    known = dict(inspect.getmembers(kit_errors, inspect.isclass))
    for path in (ROOT / "services" / service).rglob("*.py"):
        if {"migrations", "alembic"} & set(path.parts):
            continue
        module = import_module(".".join(path.relative_to(ROOT).with_suffix("").parts))
        known |= dict(inspect.getmembers(module, inspect.isclass))
    refusals = {n: c for n, c in known.items() if issubclass(c, kit_errors.Refused)}
    return {name: found.reason for name, found in refusals.items() if hasattr(found, "reason")}


def _calls(room: str, *more: str) -> Iterator[tuple[str, ast.Call]]:
    """Each call in the code of the services, with the service's name."""
    for service in (*NAMES, *more):
        home = ROOT / "services" / service / room
        for path in (
            [home.with_suffix(".py")] if home.with_suffix(".py").is_file() else home.rglob("*.py")
        ):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Call):
                    yield service, node
