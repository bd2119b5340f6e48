"""Second factors, from domain to contract and back."""

from __future__ import annotations

from collections.abc import Sequence

from weneeds.auth.v1 import factor_service_pb2, session_service_pb2

from services.auth.app.challenges import Challenged
from services.auth.domain.factors import FactorKind, Passkey, Proof
from services.auth.rpc.messages import moment, timestamp

_KINDS = {
    FactorKind.TOTP: session_service_pb2.FACTOR_KIND_TOTP,
    FactorKind.RECOVERY_CODE: session_service_pb2.FACTOR_KIND_RECOVERY_CODE,
    FactorKind.PASSKEY: session_service_pb2.FACTOR_KIND_PASSKEY,
}


def kinds(held: Sequence[FactorKind]) -> list[session_service_pb2.FactorKind.ValueType]:
    """Return kinds as the contract numbers them."""
    return [_KINDS[kind] for kind in held]


def challenge(asked: Challenged) -> session_service_pb2.SecondFactorChallenge:
    """Return a challenge as a message."""
    return session_service_pb2.SecondFactorChallenge(
        challenge=asked.token,
        expires_at=timestamp(asked.expires_at),
        kinds=kinds(asked.kinds),
        passkey_options=asked.passkey_options,
    )


def proof(message: session_service_pb2.FactorProof) -> Proof:
    """Return what a message proves; validation saw to it that it proves something."""
    match message.WhichOneof("proof"):
        case "totp_code":
            return Proof(FactorKind.TOTP, message.totp_code)
        case "recovery_code":
            return Proof(FactorKind.RECOVERY_CODE, message.recovery_code)
        case _:
            return Proof(FactorKind.PASSKEY, message.passkey)


def passkey(held: Passkey) -> factor_service_pb2.Passkey:
    """Return a passkey as a message."""
    return factor_service_pb2.Passkey(
        id=held.id,
        name=held.name,
        created_at=timestamp(held.created_at),
        last_used_at=moment(held.last_used_at),
    )
