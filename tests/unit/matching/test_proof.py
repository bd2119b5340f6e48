"""A receipt's document proves itself offline, and nothing that was changed does."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from services.matching.domain import plain_words
from services.matching.domain.notice import NOTICE_ID, notice
from services.matching.domain.proof import Step, Verdict, overall, prove
from services.matching.domain.receipt import document_of, statement_of
from services.matching.ports.engine import engine_hash
from services.matching.ports.receipt_keys import KeySet, ReceiptKeyMissing, ReceiptKeys
from stack import keys
from stack.cli import app
from tests.unit.matching.receipts import edited, jwks, signed, signer


@pytest.fixture
def document(tmp_path: Path) -> str:
    return document_of(signed(tmp_path))


def checked(document: str, folder: Path) -> list[Step]:
    return prove(document, engine_hash(), KeySet.parse(jwks(folder)).check)


def failed(steps: list[Step]) -> set[str]:
    return {step.name for step in steps if step.verdict is Verdict.REFUTED}


def test_a_document_is_proved_step_by_step(document: str, tmp_path: Path) -> None:
    steps = checked(document, tmp_path)
    assert overall(steps) is Verdict.PROVED
    assert [step.name for step in steps] == [
        "form", "signature", "facts", "quotations", "engine", "dimensions", "score", "reasons",
    ]  # fmt: skip


def test_the_answer_of_get_receipt_is_proved_as_it_came(document: str, tmp_path: Path) -> None:
    answer = json.dumps({"receipt": {"id": "r"}, "document": document})
    assert overall(checked(answer, tmp_path)) is Verdict.PROVED


@pytest.mark.parametrize(
    ("path", "value", "names"),
    [
        ("statement.final_score", 99, {"signature", "score"}),
        ("statement.dimensions.skills", 3, {"signature", "dimensions"}),
        ("statement.notice_id", "", {"signature"}),
        ("statement.job_version", 7, {"signature"}),
        ("inputs.job.title", "Infirmière", {"facts", "dimensions", "score", "reasons"}),
        ("evidence", [], {"quotations"}),
        ("reasons", [], {"reasons"}),
        ("signature.value", "AAAA", {"signature"}),
        ("signature.value", "é", {"signature"}),
        ("signature.alg", "none", {"signature"}),
    ],
)
def test_what_was_changed_is_named(
    document: str, tmp_path: Path, path: str, value: object, names: set[str]
) -> None:
    steps = checked(edited(document, path, value), tmp_path)
    assert overall(steps) is Verdict.REFUTED
    assert failed(steps) == names


def test_a_score_as_a_float_is_not_the_same_bytes(document: str, tmp_path: Path) -> None:
    steps = checked(edited(document, "statement.final_score", 85.0), tmp_path)
    assert failed(steps) == {"signature", "score"}


def test_what_is_not_at_hand_is_unknown_and_never_proved(document: str, tmp_path: Path) -> None:
    unsigned = edited(document, "signature", None)
    erased = edited(edited(edited(document, "inputs", None), "evidence", None), "reasons", None)
    for text in (unsigned, erased):
        assert overall(checked(text, tmp_path)) is Verdict.UNKNOWN
    assert overall(prove(document, "0" * 64, KeySet.parse(jwks(tmp_path)).check)) is Verdict.UNKNOWN
    assert overall(prove(document, engine_hash(), KeySet({}).check)) is Verdict.UNKNOWN


@pytest.mark.parametrize("text", ["", "{}", "[]", "1", '{"statement": 1}', "[" * 100_000, "null"])
def test_what_is_no_receipt_is_refuted(text: str, tmp_path: Path) -> None:
    signer(tmp_path)
    assert overall(checked(text, tmp_path)) is Verdict.REFUTED


def test_a_signature_outlives_the_erasure_of_the_facts(tmp_path: Path) -> None:
    receipt = signed(tmp_path)
    gone = replace(receipt, inputs="", reasons=(), evidence=())
    steps = {step.name: step.verdict for step in checked(document_of(gone), tmp_path)}
    assert steps["signature"] is Verdict.PROVED
    assert steps["facts"] is Verdict.UNKNOWN
    assert "Python" not in document_of(gone)


def test_a_rotated_key_signs_and_the_old_one_still_proves(tmp_path: Path) -> None:
    before = signed(tmp_path)
    signing = ReceiptKeys(tmp_path / "keys")
    newer = keys.rotate(tmp_path / "keys", tmp_path / "jwks.json")
    assert signing.sign("x").kid in {newer, before.signature.kid if before.signature else ""}
    assert overall(checked(document_of(before), tmp_path)) is Verdict.PROVED
    assert {key.kid for key in signing.public()} >= {newer}


def test_a_folder_without_keys_stops_the_start(tmp_path: Path) -> None:
    with pytest.raises(ReceiptKeyMissing):
        ReceiptKeys(tmp_path)
    (tmp_path / "k.pem").write_text("no key")
    with pytest.raises(ReceiptKeyMissing):
        ReceiptKeys(tmp_path)


def test_a_statement_holds_no_fact_about_the_candidate(tmp_path: Path) -> None:
    statement = statement_of(signed(tmp_path))
    assert "Python" not in statement
    assert json.loads(statement)["notice_id"] == NOTICE_ID


def test_plain_words_say_that_nothing_is_decided(tmp_path: Path) -> None:
    receipt = signed(tmp_path)
    french, english = plain_words.receipt(receipt, "fr"), plain_words.receipt(receipt, "en")
    assert french.startswith("Score : 85/100, fiabilité haute.")
    assert "ne décide de rien" in french
    assert english.startswith("Score: 85/100, reliability high.")
    assert "a person decides" in english
    assert "decides nothing" in notice("en")
    assert "ne décide de rien" in notice("fr-FR")


def verify(document: str, folder: Path, *arguments: str) -> tuple[int, str]:
    file = folder / "receipt.json"
    file.write_text(document)
    ended = CliRunner().invoke(app, ["score", "verify", str(file), *arguments])
    return ended.exit_code, ended.output


def test_the_command_ends_as_the_proof_does(document: str, tmp_path: Path) -> None:
    known = ("--keys", str(tmp_path / "jwks.json"))
    code, said = verify(document, tmp_path, *known)
    assert code == 0, said
    assert "Proved" in said
    code, said = verify(edited(document, "statement.final_score", 86), tmp_path, *known)
    assert code == 1
    assert "Refuted" in said
    assert verify(edited(document, "signature", None), tmp_path, *known)[0] == 2
    nothing = tmp_path / "none.json"
    nothing.write_text("{}")
    assert verify(document, tmp_path, "--keys", str(nothing))[0] == 2
    assert verify(document, tmp_path, "--keys", str(tmp_path / "absent"))[0] == 2
