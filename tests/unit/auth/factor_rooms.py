"""Second factors on real stores, put together as the service does."""

from __future__ import annotations

import base64
import json
import os
from dataclasses import dataclass
from typing import Any

from redis.asyncio import Redis
from soft_webauthn import SoftWebauthnDevice

from services.auth.app.challenges import SignInChallenges
from services.auth.app.factors import SecondFactors
from services.auth.app.proofs import Proofs
from services.auth.app.step_up import StepUps
from services.auth.ports.challenges import ValkeyChallenges
from services.auth.ports.passkeys import WebAuthnCeremonies
from services.auth.ports.sealing import AesGcmSealing
from services.auth.ports.sessions import ValkeySessions
from services.auth.store.factors import PostgresFactors
from services.auth.store.users import PostgresUsers
from services.kit.clock import FakeClock
from services.kit.db import Database
from services.kit.ids import Ids
from services.kit.ratelimit import RateLimiter
from services.kit.work import UnitsOfWork

RP_ID = "example.test"
ORIGIN = "https://example.test"


@dataclass
class FactorRooms:
    """The use cases of second factors."""

    second_factors: SecondFactors
    sign_in_challenges: SignInChallenges
    step_ups: StepUps
    proofs: Proofs


def build_factors(database: Database, redis: Redis, clock: FakeClock, ids: Ids) -> FactorRooms:
    """Put the rooms together."""
    units = UnitsOfWork(database, clock, ids)
    factors = PostgresFactors()
    sealing = AesGcmSealing(b"f" * 32, "totp")
    ceremonies = WebAuthnCeremonies(RP_ID, "Tests", [ORIGIN])
    challenges = ValkeyChallenges(redis)
    proofs = Proofs(
        work=units,
        reader=database.reader,
        factors=factors,
        sealing=sealing,
        ceremonies=ceremonies,
        attempts=RateLimiter(redis),
        clock=clock,
    )
    step_ups = StepUps(
        sessions=ValkeySessions(redis),
        proofs=proofs,
        challenges=challenges,
        ceremonies=ceremonies,
        clock=clock,
        random=os.urandom,
    )
    second_factors = SecondFactors(
        work=units,
        reader=database.reader,
        users=PostgresUsers(),
        factors=factors,
        sealing=sealing,
        ceremonies=ceremonies,
        challenges=challenges,
        step_ups=step_ups,
        issuer="Tests",
        clock=clock,
        ids=ids,
        random=os.urandom,
    )
    sign_in_challenges = SignInChallenges(
        proofs=proofs,
        challenges=challenges,
        ceremonies=ceremonies,
        clock=clock,
        random=os.urandom,
    )
    return FactorRooms(second_factors, sign_in_challenges, step_ups, proofs)


class Browser:
    """A browser with one software authenticator: takes and gives JSON as a page does."""

    def __init__(self, origin: str = ORIGIN) -> None:
        self.origin = origin
        self.device = SoftWebauthnDevice()

    def create(self, options: str) -> str:
        """Do what `navigator.credentials.create` does."""
        asked = json.loads(options)
        asked["challenge"] = _raw(asked["challenge"])
        asked["user"]["id"] = _raw(asked["user"]["id"])
        return _json(self.device.create({"publicKey": _plain(asked)}, self.origin))

    def get(self, options: str) -> str:
        """Do what `navigator.credentials.get` does."""
        asked = json.loads(options)
        asked["challenge"] = _raw(asked["challenge"])
        return _json(self.device.get({"publicKey": asked}, self.origin))


def _plain(asked: dict[str, Any]) -> dict[str, Any]:
    kept = [{"alg": one["alg"], "type": one["type"]} for one in asked["pubKeyCredParams"]]
    return {**asked, "pubKeyCredParams": kept}


def _raw(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _json(credential: dict[str, Any]) -> str:
    answer = {
        key: _text(value) if isinstance(value, bytes) else value
        for key, value in credential["response"].items()
    }
    raw_id = _text(credential["rawId"])
    return json.dumps(
        {"id": raw_id, "rawId": raw_id, "type": credential["type"], "response": answer}
    )
