"""Receipts as both sides get them through the gateway: signed, in plain words, provable offline."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.json_format import MessageToDict
from google.type.date_pb2 import Date
from typer.testing import CliRunner
from weneeds.jobs.v1.candidate_pb2 import Address, Experience, Profile

from services.matching.domain.proof import Verdict, overall, prove
from services.matching.domain.scoring.inputs import read_inputs
from services.matching.domain.scoring.score import score
from services.matching.ports.engine import engine_hash
from services.matching.ports.receipt_keys import KeySet
from stack.cli import app
from tests.mesh.test_matching import PASSWORD, candidate, developer, place

pytestmark = pytest.mark.mesh

CV = """\
Personne Fictive
Développeuse Python

EXPÉRIENCE

Développeuse back-end, Société Fictive
janvier 2021 - aujourd'hui
- Conception d'API avec FastAPI et PostgreSQL

COMPÉTENCES

Python, FastAPI, PostgreSQL, Docker

LANGUES

Français (langue maternelle), Anglais B2
"""


async def test_what_the_gateway_answers_is_proved_with_the_keys_that_it_publishes(
    mesh: Any, rest: httpx.AsyncClient, tmp_path: Path
) -> None:
    here = await place(mesh)
    client, _ = await developer(mesh)
    application = (await client.applications.apply(job_id=here.job_id)).application
    answers = []
    for side in (client, here.recruiter):
        headers = {"authorization": f"Bearer {side.tokens.access_token}", "accept-language": "fr"}
        path = f"/api/v1/score-receipts/{application.receipt_id}"
        answers.append((await rest.get(path, headers=headers)).raise_for_status().json())
    assert answers[0]["document"] == answers[1]["document"]
    published = (await rest.get("/api/v1/receipt-keys")).raise_for_status().text
    steps = prove(json.dumps(answers[0]), engine_hash(), KeySet.parse(published).check)
    assert overall(steps) is Verdict.PROVED, steps

    (tmp_path / "keys.json").write_text(published)
    (tmp_path / "receipt.json").write_text(json.dumps(answers[1]))
    arguments = [str(tmp_path / "receipt.json"), "--keys", str(tmp_path / "keys.json")]
    ended = CliRunner().invoke(app, ["score", "verify", *arguments])
    assert ended.exit_code == 0, ended.output

    receipt = answers[0]["receipt"]
    notice = (await rest.get("/api/v1/scoring-notice", headers={"accept-language": "fr"})).json()
    assert receipt["noticeId"] == notice["noticeId"]
    assert "ne décide de rien" in notice["text"]
    assert "ne décide de rien" in answers[0]["plainWords"]
    assert application.matching_score == receipt["score"]["finalScore"]


async def test_counterfactuals_start_from_the_score_of_the_receipt(mesh: Any) -> None:
    here = await place(mesh)
    client, _ = await candidate(mesh, "Développeuse Python", "Scripts.", ["Python"])
    application = (await client.applications.apply(job_id=here.job_id)).application
    answer = await client.scoring.get_receipt(receipt_id=application.receipt_id)
    final = answer.receipt.score.final_score
    assert answer.counterfactuals
    assert score(*read_inputs(answer.receipt.inputs)).final == final
    for one in answer.counterfactuals:
        assert one.score_before == final < one.score_after
        assert one.text.startswith("With ")
        assert one.text.endswith(f"{final} -> {one.score_after}")


async def test_name_and_address_change_not_one_byte_of_what_is_scored(mesh: Any) -> None:
    here = await place(mesh)
    receipts = []
    for first_name, city in (("Aïcha", "Bobigny"), ("Jean-Eudes", "Versailles")):
        client = mesh.client("en")
        email = f"{first_name[0].lower()}-{uuid4()}@example.org"
        await client.accounts.register(
            email=email,
            password=PASSWORD,
            first_name=first_name,
            last_name="Fictive",
            role="USER_ROLE_CANDIDATE",
        )
        await client.sessions.sign_in(email=email, password=PASSWORD)
        held = Experience(
            title="Développeuse", company=f"Société {city}", start=Date(year=2020, month=2)
        )
        profile = Profile(
            title="Développeuse Python",
            summary=f"{first_name}, {city}.",
            experiences=[held],
            skills=["Python"],
            address=Address(city=city, postal_code="75000", country="FR"),
        )
        paths = ["title", "summary", "experiences", "skills", "address"]
        await client.candidates.update_profile(profile=profile, update_mask=FieldMask(paths=paths))
        application = (await client.applications.apply(job_id=here.job_id)).application
        answer = await client.scoring.get_receipt(receipt_id=application.receipt_id)
        receipts.append(answer.receipt)
    assert receipts[0].inputs == receipts[1].inputs
    assert receipts[0].score == receipts[1].score


async def test_what_the_cv_says_is_quoted_and_proved_with_the_rest(mesh: Any) -> None:
    here = await place(mesh)
    client, _ = await candidate(mesh, "Développeuse Python", "Scripts.", ["Python"])
    cv = (await client.cvs.parse_cv(content=CV.encode())).cv
    paths = ["title", "experiences", "skills", "languages"]
    await client.candidates.update_profile(
        profile=cv.proposed_profile, update_mask=FieldMask(paths=paths)
    )
    application = (await client.applications.apply(job_id=here.job_id)).application
    answer = await client.scoring.get_receipt(receipt_id=application.receipt_id)
    evidence = answer.receipt.evidence
    assert {one.fact for one in evidence} >= {"profile.title", "profile.skills[0]"}
    assert all(one.quote in CV for one in evidence)
    assert not any("Fictive" in one.quote for one in evidence)
    published = await client.scoring.get_receipt_keys()
    keys = [MessageToDict(key) for key in published.keys]
    steps = prove(answer.document, engine_hash(), KeySet.parse(json.dumps({"keys": keys})).check)
    assert overall(steps) is Verdict.PROVED, steps
