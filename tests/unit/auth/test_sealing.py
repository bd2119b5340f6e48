"""What is sealed opens for its owner, under its purpose and secret, and nowhere else."""

from __future__ import annotations

import pytest

from services.auth.ports.sealing import AesGcmSealing, SealBroken, SealingSecretTooShort

SECRET = b"s" * 32


def test_what_was_sealed_opens() -> None:
    sealing = AesGcmSealing(SECRET, "totp")
    sealed = sealing.seal("ada", b"secret")
    assert b"secret" not in sealed
    assert sealing.open("ada", sealed) == b"secret"
    assert sealing.seal("ada", b"secret") != sealed


@pytest.mark.parametrize(
    ("owner", "purpose", "secret"),
    [("bob", "totp", SECRET), ("ada", "other", SECRET), ("ada", "totp", b"t" * 32)],
)
def test_it_opens_nowhere_else(owner: str, purpose: str, secret: bytes) -> None:
    sealed = AesGcmSealing(SECRET, "totp").seal("ada", b"secret")
    with pytest.raises(SealBroken):
        AesGcmSealing(secret, purpose).open(owner, sealed)


def test_a_changed_byte_is_noticed() -> None:
    sealing = AesGcmSealing(SECRET, "totp")
    sealed = sealing.seal("ada", b"secret")
    for at in range(len(sealed)):
        broken = sealed[:at] + bytes([sealed[at] ^ 1]) + sealed[at + 1 :]
        with pytest.raises(SealBroken):
            sealing.open("ada", broken)
    for short in (b"", sealed[:1], sealed[:13], sealed[:-1]):
        with pytest.raises(SealBroken):
            sealing.open("ada", short)


def test_a_short_secret_does_not_start() -> None:
    with pytest.raises(SealingSecretTooShort):
        AesGcmSealing(b"s" * 31, "totp")
