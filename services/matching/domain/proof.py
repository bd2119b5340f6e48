"""The proof of a receipt's document, offline: each step by itself, so that a failure has a name."""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from services.matching.domain.receipt import ALGORITHM, STATEMENT_FORMAT, hash_of
from services.matching.domain.scoring.inputs import canonical, read_inputs
from services.matching.domain.scoring.score import ENGINE_VERSION, Score, score

MAX_DOCUMENT_BYTES = 4_000_000


class Verdict(StrEnum):
    """How one step of a proof ended."""

    PROVED = "PROVED"
    REFUTED = "REFUTED"
    UNKNOWN = "UNKNOWN"
    """What is needed to tell is not at hand: a key, the facts, or that engine."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a proof."""

    name: str
    verdict: Verdict
    detail: str = ""


CheckSignature = Callable[[str, str, bytes], bool | None]
"""Takes kid, signature and signed bytes; None when there is no such key at hand."""


def overall(steps: list[Step]) -> Verdict:
    """Return REFUTED when one step is, else UNKNOWN when one step is, else PROVED."""
    verdicts = {step.verdict for step in steps}
    for verdict in (Verdict.REFUTED, Verdict.UNKNOWN):
        if verdict in verdicts:
            return verdict
    return Verdict.PROVED


def prove(text: str, engine_hash: str, check: CheckSignature) -> list[Step]:
    """Check a receipt's document, or the answer of GetReceipt that holds one."""
    try:
        document = _document(text)
        statement = document["statement"]
        steps = [
            _form(statement),
            _signature(statement, document.get("signature"), check),
            _hashed("facts", document["inputs"], statement["inputs_hash"]),
            _hashed("quotations", document["evidence"], statement["evidence_hash"]),
        ]
        steps += _score(document, statement, engine_hash)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        return [Step("document", Verdict.REFUTED, f"is no receipt: {type(error).__name__}")]
    return steps


def _document(text: str) -> dict[str, Any]:
    value = json.loads(text)
    if "statement" not in value and isinstance(value.get("document"), str):
        value = json.loads(value["document"])
    if not isinstance(value["statement"], dict):
        raise TypeError("statement")
    return dict(value)


def _form(statement: dict[str, Any]) -> Step:
    known = statement["format"] == STATEMENT_FORMAT
    return Step("form", Verdict.PROVED if known else Verdict.UNKNOWN, str(statement["format"])[:40])


def _signature(
    statement: dict[str, Any], signature: dict[str, str] | None, check: CheckSignature
) -> Step:
    if signature is None:
        return Step("signature", Verdict.UNKNOWN, "the receipt is not signed")
    if signature["alg"] != ALGORITHM:
        return Step("signature", Verdict.REFUTED, "another algorithm than EdDSA")
    kid = str(signature["kid"])
    good = check(kid, str(signature["value"]), canonical(statement).encode())
    if good is None:
        return Step("signature", Verdict.UNKNOWN, f"no key {kid[:64]} at hand")
    return Step("signature", Verdict.PROVED if good else Verdict.REFUTED, f"key {kid[:64]}")


def _hashed(name: str, value: object, stated: str) -> Step:
    if value is None:
        return Step(name, Verdict.UNKNOWN, "erased with the candidate's account")
    found = hash_of(canonical(value))
    return Step(name, Verdict.PROVED if found == stated else Verdict.REFUTED, f"SHA-256 {found}")


def _score(document: dict[str, Any], statement: dict[str, Any], engine_hash: str) -> list[Step]:
    stated = (statement["engine_version"], statement["engine_hash"])
    if stated != (ENGINE_VERSION, engine_hash):
        mine = f"this is {ENGINE_VERSION}, {engine_hash[:12]}"
        told = f"scored by {str(stated[0])[:20]}, {str(stated[1])[:12]}; {mine}"
        return [Step("engine", Verdict.UNKNOWN, told)]
    steps = [Step("engine", Verdict.PROVED, f"{ENGINE_VERSION}, SHA-256 {engine_hash}")]
    if document["inputs"] is None:
        return [*steps, Step("score", Verdict.UNKNOWN, "erased with the candidate's account")]
    again = score(*read_inputs(canonical(document["inputs"])))
    return [
        *steps,
        _same("dimensions", asdict(again.dimensions), statement["dimensions"]),
        _same("score", _total(again), [statement["final_score"], statement["reliability"]]),
        _same("reasons", [asdict(reason) for reason in again.reasons], document["reasons"]),
    ]


def _same(name: str, found: object, stated: object) -> Step:
    ours, theirs = canonical(found), canonical(stated)
    if ours == theirs:
        return Step(name, Verdict.PROVED, "" if name == "reasons" else ours)
    return Step(name, Verdict.REFUTED, f"stated {theirs[:300]}, computed {ours[:300]}")


def _total(found: Score) -> list[object]:
    return [found.final, found.reliability.value]
