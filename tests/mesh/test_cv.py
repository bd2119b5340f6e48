"""A CV goes through the gateway, facts come out, and the candidate makes a profile of them."""

from __future__ import annotations

import base64
from typing import Any
from uuid import uuid4

import httpx
import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from weneeds import AsyncWeNeeds, InvalidArgument, WeNeedsError
from weneeds.matching.v1.cv_pb2 import (
    CV_FILE_KIND_PDF,
    CV_FILE_KIND_TEXT,
    HIDDEN_TEXT_REASON_ZERO_WIDTH,
)

from stack import samples
from stack.samples import cvs

pytestmark = pytest.mark.mesh

PASSWORD = "correct horse battery"
PATHS = ["title", "summary", "experiences", "skills", "languages", "address", "locale"]
TEXT = "Jeanne Exemple\nComptable\nCompétences\nPaie, Excel\n"
MEBIBYTE = 1024 * 1024


async def person(mesh: Any, role: Any = "USER_ROLE_CANDIDATE") -> AsyncWeNeeds:
    client: AsyncWeNeeds = mesh.client("en")
    email = f"cv-{uuid4()}@example.org"
    await client.accounts.register(
        email=email, password=PASSWORD, first_name="Fictive", last_name="Personne", role=role
    )
    await client.sessions.sign_in(email=email, password=PASSWORD)
    return client


def headers(client: AsyncWeNeeds) -> dict[str, str]:
    return {"authorization": f"Bearer {client.tokens.access_token}"}


async def put(rest: httpx.AsyncClient, client: AsyncWeNeeds, content: bytes) -> httpx.Response:
    body = {"content": base64.b64encode(content).decode()}
    return await rest.put("/api/v1/me/cv", json=body, headers=headers(client))


async def test_from_a_file_to_a_profile(mesh: Any) -> None:
    """Over gRPC: nothing is written to the profile until the candidate says so."""
    sample = samples.candidates()[3]
    client = await person(mesh)
    parsed = (await client.cvs.parse_cv(content=cvs.pdf(sample, 1))).cv
    assert parsed.file_kind == CV_FILE_KIND_PDF
    assert parsed.vocabulary == "builtin/1"
    assert parsed.generated_by == "rules/1"
    assert not parsed.hidden
    with pytest.raises(WeNeedsError) as missing:
        await client.candidates.get_my_profile()
    assert missing.value.reason == "PROFILE_MISSING"
    answer = await client.candidates.update_profile(
        profile=parsed.proposed_profile, update_mask=FieldMask(paths=PATHS)
    )
    profile, wanted = answer.profile, sample.profile
    assert profile.title == wanted.title
    assert list(profile.skills) == list(wanted.skills)
    assert [h.title for h in profile.experiences] == [h.title for h in wanted.experiences]
    assert [h.start for h in profile.experiences] == [h.start for h in wanted.experiences]
    assert [h.contract_type for h in profile.experiences] == [
        h.contract_type for h in wanted.experiences
    ]
    assert (await client.cvs.get_my_cv()).cv == parsed


async def test_over_rest(mesh: Any, rest: httpx.AsyncClient) -> None:
    """Facts with their quotations and pages, as JSON; a second file takes the first one's place."""
    client = await person(mesh)
    sample = samples.candidates()[0]
    answer = await put(rest, client, cvs.pdf(sample, 0))
    assert answer.status_code == 200, answer.text
    facts = answer.json()["cv"]["facts"]
    assert facts["contact"]["email"]["value"] == sample.person.email
    title = facts["experiences"][0]["title"]
    assert title["quote"] == title["value"] == sample.profile.experiences[0].title
    assert title["page"] == 1
    assert facts["skills"][0]["concepts"]
    second = await put(rest, client, TEXT.encode())
    kept = await rest.get("/api/v1/me/cv", headers=headers(client))
    assert kept.json()["cv"]["id"] == second.json()["cv"]["id"]
    assert kept.json()["cv"]["fileKind"] == "CV_FILE_KIND_TEXT"
    gone = await rest.delete("/api/v1/me/cv", headers=headers(client))
    assert gone.status_code == 200
    assert (await rest.get("/api/v1/me/cv", headers=headers(client))).status_code == 404


async def test_ten_mebibytes_and_no_more(mesh: Any, rest: httpx.AsyncClient) -> None:
    """Both doors take a file of 10 MiB; other methods keep their bound."""
    client = await person(mesh)
    full = TEXT.encode().ljust(10 * MEBIBYTE, b"\n")
    assert (await client.cvs.parse_cv(content=full)).cv.file_kind == CV_FILE_KIND_TEXT
    answer = await put(rest, client, full)
    assert answer.status_code == 200, answer.text
    with pytest.raises(InvalidArgument):
        await client.cvs.parse_cv(content=full + b"\n")
    assert (await put(rest, client, full + b" " * 2 * MEBIBYTE)).status_code == 413
    other = await rest.patch(
        "/api/v1/me/profile", json={"x": "y" * 2 * MEBIBYTE}, headers=headers(client)
    )
    assert other.status_code == 413


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"\x89PNG\r\n\x1a\n" + b"0" * 64, "CV_UNSUPPORTED"),
        (b"%PDF-1.7 and nothing else", "CV_UNREADABLE"),
        (b"PK\x03\x04 and nothing else", "CV_UNREADABLE"),
    ],
)
async def test_what_cannot_be_read(mesh: Any, content: bytes, reason: str) -> None:
    """A reason, in words and as a code; the CV before stays."""
    client = await person(mesh)
    await client.cvs.parse_cv(content=TEXT.encode())
    with pytest.raises(InvalidArgument) as refused:
        await client.cvs.parse_cv(content=content)
    assert refused.value.reason == reason
    assert (await client.cvs.get_my_cv()).cv.file_kind == CV_FILE_KIND_TEXT


async def test_hidden_text_is_told(mesh: Any) -> None:
    """Flagged in the answer; the skill is read as it looks."""
    client = await person(mesh)
    cv = (await client.cvs.parse_cv(content=TEXT.replace("Paie", "Pa\u200bie").encode())).cv
    assert [found.reason for found in cv.hidden] == [HIDDEN_TEXT_REASON_ZERO_WIDTH]
    assert [skill.name.value for skill in cv.facts.skills] == ["Paie", "Excel"]
