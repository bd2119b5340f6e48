"""The child process: hostile files end in a typed error, and nothing gets out."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import zipfile
import zlib
from collections.abc import AsyncIterator

import pytest

from services.kit.errors import Refused
from services.matching.ports.documents import lockdown
from services.matching.ports.documents.sandbox import Sandbox
from stack import samples
from stack.samples import cvs


@pytest.fixture(scope="module")
async def sandbox() -> AsyncIterator[Sandbox]:
    opened = Sandbox()
    yield opened
    await opened.close()


async def test_reads_a_cv(sandbox: Sandbox) -> None:
    """What comes out is what was read in the child."""
    sample = samples.candidates()[0]
    reading = await sandbox.read(cvs.pdf(sample, 1))
    assert reading.facts.contact.email is not None
    assert reading.facts.contact.email.value == sample.person.email
    assert reading.kind == "PDF"


def _zip(**members: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name.replace("__", "/"), data)
    return buffer.getvalue()


def _objects(*bodies: bytes) -> bytes:
    """A PDF whose cross-reference table is broken; readers put it together again."""
    parts = [b"%PDF-1.4\n"]
    parts += [b"%d 0 obj\n%s\nendobj\n" % (n, body) for n, body in enumerate(bodies, start=1)]
    return b"".join(parts) + b"xref\n0 1\ntrailer\n<< /Root 1 0 R >>\nstartxref\n9\n%%EOF"


def _flate_bomb() -> bytes:
    inner = zlib.compress(b"BT (A) Tj ET\n" * 20_000_000, 9)
    stream = b"<< /Length %d /Filter /FlateDecode >>\nstream\n%s\nendstream" % (len(inner), inner)
    return _objects(
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Contents 4 0 R >>",
        stream,
    )


def _many_pages() -> bytes:
    kids = b" ".join(b"%d 0 R" % n for n in range(3, 10_003))
    page = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] >>"
    return _objects(
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [" + kids + b"] /Count 10000 >>",
        *([page] * 10_000),
    )


def _cyclic() -> bytes:
    return _objects(
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [2 0 R 2 0 R] /Count 2 /Parent 2 0 R >>",
    )


_LAUGHS = (
    b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
    b"<w:document>&b;</w:document>"
)
HOSTILE = {
    "zip bomb": (lambda: _zip(zeros=b"0" * 100_000_000), "CV_TOO_LARGE"),
    "docx bomb": (lambda: _zip(**{"word/document.xml": b" " * 100_000_000}), "CV_TOO_LARGE"),
    "entities": (lambda: _zip(**{"word/document.xml": _LAUGHS}), "CV_UNREADABLE"),
    "deep xml": (
        lambda: _zip(**{"word/document.xml": b"<a>" * 200_000 + b"</a>" * 200_000}),
        ("CV_UNREADABLE", "CV_NO_TEXT", "CV_TOO_LARGE"),
    ),
    "cut off": (lambda: cvs.pdf(samples.candidates()[0], 0)[:900], "CV_UNREADABLE"),
    "cyclic pages": (_cyclic, ("CV_UNREADABLE", "CV_NO_TEXT", "CV_TOO_LARGE", "CV_TIMEOUT")),
    "ten thousand pages": (_many_pages, "CV_TOO_LARGE"),
    "stream bomb": (_flate_bomb, ("CV_TIMEOUT", "CV_TOO_LARGE", "CV_UNREADABLE", "CV_NO_TEXT")),
    "noise": (lambda: b"%PDF-1.7\n" + bytes(range(256)) * 4_000, "CV_UNREADABLE"),
    "an image": (lambda: b"\x89PNG\r\n\x1a\n" + b"0" * 100, "CV_UNSUPPORTED"),
    "an old word file": (lambda: b"\xd0\xcf\x11\xe0" + b"0" * 100, "CV_UNSUPPORTED"),
    "binary": (lambda: bytes(range(256)) * 10, "CV_UNSUPPORTED"),
    "nothing": (lambda: b"  \n", "CV_UNREADABLE"),
    "eleven megabytes": (lambda: b"a" * (11 * 1024 * 1024), "CV_TOO_LARGE"),
}


@pytest.mark.parametrize("name", HOSTILE)
async def test_hostile_files(sandbox: Sandbox, name: str) -> None:
    """Each ends in a refusal with a reason, and the next file is read as before."""
    make, reasons = HOSTILE[name]
    with pytest.raises(Refused) as refused:
        await sandbox.read(make())
    assert refused.value.reason in ((reasons,) if isinstance(reasons, str) else reasons)
    assert (await sandbox.read(b"Jeanne Exemple\nComptable\n")).kind == "TEXT"


async def test_regular_expressions_take_bounded_time(sandbox: Sandbox) -> None:
    """Text made to send patterns astray."""
    for piece in ("a@", "2020-", "mars ", "(" * 50, "1 2 ", "é, ", "de de ", "A-"):
        await sandbox.read(("Jeanne Exemple\n" + piece * 20_000).encode())


async def test_a_file_that_takes_too_long_is_killed() -> None:
    """The parent does not wait longer than it said."""
    impatient = Sandbox(wall_seconds=0.001)
    try:
        with pytest.raises(Refused) as refused:
            await impatient.read(cvs.pdf(samples.candidates()[0], 1))
        assert refused.value.reason == "CV_TIMEOUT"
    finally:
        await impatient.close()


_PROBE = """
import json, os, socket
from services.matching.ports.documents import lockdown
lockdown.leave_network()
held = lockdown.lock_down()
def refused(act):
    try:
        act()
    except (OSError, PermissionError, MemoryError):
        return True
    return False
os.write(1, json.dumps({
    "held": held,
    "socket": refused(lambda: socket.socket()),
    "open": refused(lambda: open("/etc/passwd")),
    "write": refused(lambda: os.open("/tmp/x", os.O_CREAT | os.O_WRONLY)),
    "fork": refused(os.fork),
    "exec": refused(lambda: os.execv("/bin/true", ["true"])),
    "memory": refused(lambda: bytearray(2 * 1024**3)),
    "kill": refused(lambda: os.kill(os.getppid(), 0)),
}).encode())
os._exit(0)
"""


def test_what_a_child_may_not_do() -> None:
    """No network, no files, no programs, no other processes, bounded memory."""

    ran = subprocess.run(
        [sys.executable, "-c", _PROBE], capture_output=True, timeout=30, check=True
    )
    found = json.loads(ran.stdout)
    held = found.pop("held")
    assert {"rlimits", "audit_hook"} <= set(held)
    if "seccomp" not in held:
        found.pop("kill")
    assert all(found.values()), (held, found)
    assert lockdown.MEMORY_BYTES <= 1024**3
