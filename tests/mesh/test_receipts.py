"""Receipts as both sides get them through the gateway: signed, in plain words, provable offline."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner

from services.matching.domain.proof import Verdict, overall, prove
from services.matching.domain.scoring.inputs import read_inputs
from services.matching.domain.scoring.score import score
from services.matching.ports.engine import engine_hash
from services.matching.ports.receipt_keys import KeySet
from stack.cli import app
from tests.mesh.test_matching import candidate, developer, place

pytestmark = pytest.mark.mesh


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
