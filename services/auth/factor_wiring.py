"""Wiring of second factors, part of main.py."""

from __future__ import annotations

import os
from dataclasses import dataclass

from weneeds.auth.v1 import factor_service_pb2

from services.auth.app.challenges import SignInChallenges
from services.auth.app.devices import Devices
from services.auth.app.factors import SecondFactors
from services.auth.app.lockouts import Lockouts
from services.auth.app.own_password import OwnPassword
from services.auth.app.ports import Passwords, Sessions
from services.auth.app.proofs import Proofs
from services.auth.app.reauthentication import Reauthentication
from services.auth.app.step_up import StepUps
from services.auth.app.stores import UserStore
from services.auth.ports.challenges import ValkeyChallenges
from services.auth.ports.passkeys import WebAuthnCeremonies
from services.auth.ports.sealing import AesGcmSealing
from services.auth.rpc.factors import FactorRpc
from services.auth.settings import AuthSettings
from services.auth.store.factors import PostgresFactors
from services.kit.ratelimit import RateLimiter
from services.kit.service import Endpoint, Resources

_FACTOR = factor_service_pb2.DESCRIPTOR.services_by_name["FactorService"]


@dataclass(frozen=True)
class FactorWiring:
    """Second factors as the rest of the service meets them."""

    sign_in_challenges: SignInChallenges
    step_ups: StepUps
    reauthentication: Reauthentication
    endpoint: Endpoint


def wire_factors(
    kit: Resources[AuthSettings],
    *,
    users: UserStore,
    sessions: Sessions,
    devices: Devices,
    passwords: Passwords,
    lockouts: Lockouts,
) -> FactorWiring:
    """Put the rooms of second factors together."""
    settings = kit.settings
    factors = PostgresFactors()
    sealing = AesGcmSealing(settings.factor_secret_file.read_bytes(), "totp")
    challenges = ValkeyChallenges(kit.redis)
    ceremonies = WebAuthnCeremonies(
        settings.passkey_rp_id, settings.passkey_rp_name, settings.passkey_origins
    )
    proofs = Proofs(
        work=kit.work,
        reader=kit.reader,
        factors=factors,
        sealing=sealing,
        ceremonies=ceremonies,
        attempts=RateLimiter(kit.redis),
        clock=kit.clock,
    )
    step_ups = StepUps(
        sessions=sessions,
        proofs=proofs,
        challenges=challenges,
        ceremonies=ceremonies,
        clock=kit.clock,
        random=os.urandom,
    )
    sign_in_challenges = SignInChallenges(
        proofs=proofs,
        challenges=challenges,
        ceremonies=ceremonies,
        clock=kit.clock,
        random=os.urandom,
    )
    second_factors = SecondFactors(
        work=kit.work,
        reader=kit.reader,
        users=users,
        factors=factors,
        sealing=sealing,
        ceremonies=ceremonies,
        challenges=challenges,
        step_ups=step_ups,
        issuer=settings.passkey_rp_name,
        clock=kit.clock,
        ids=kit.ids,
        random=os.urandom,
    )
    own_password = OwnPassword(kit.reader, users, passwords, lockouts)
    reauthentication = Reauthentication(sessions, proofs, own_password, kit.clock)
    rpc = FactorRpc(second_factors, reauthentication, devices)
    return FactorWiring(sign_in_challenges, step_ups, reauthentication, Endpoint(_FACTOR, rpc))
