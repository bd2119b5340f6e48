"""One-time passwords: the vectors of RFC 4226 and RFC 6238, the window, single use."""

from __future__ import annotations

import pytest

from services.auth.domain import totp

SECRET = b"12345678901234567890"
NOW = 1_111_111_109.0


# RFC 6238, appendix B, SHA1: the last six of the eight digits shown there.
@pytest.mark.parametrize(
    ("at", "code"),
    [
        (59, "287082"),
        (1_111_111_109, "081804"),
        (1_111_111_111, "050471"),
        (1_234_567_890, "005924"),
        (2_000_000_000, "279037"),
        (20_000_000_000, "353130"),
    ],
)
def test_the_vectors_of_rfc_6238(at: int, code: str) -> None:
    assert totp.code_at(SECRET, totp.step_at(at)) == code


# RFC 4226, appendix D.
def test_the_vectors_of_rfc_4226() -> None:
    codes = [totp.code_at(SECRET, counter) for counter in range(10)]
    assert codes == [
        "755224", "287082", "359152", "969429", "338314",
        "254676", "287922", "162583", "399871", "520489",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("steps", "passes"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)]
)
def test_one_step_of_drift_passes(steps: int, passes: bool) -> None:
    step = totp.step_at(NOW) + steps
    accepted = totp.accepted_step(SECRET, totp.code_at(SECRET, step), NOW, None)
    assert accepted == (step if passes else None)


def test_a_code_passes_once_and_none_before_it() -> None:
    now = totp.step_at(NOW)
    last = totp.accepted_step(SECRET, totp.code_at(SECRET, now), NOW, None)
    assert last == now
    for step in (now, now - 1):
        assert totp.accepted_step(SECRET, totp.code_at(SECRET, step), NOW, last) is None
    assert totp.accepted_step(SECRET, totp.code_at(SECRET, now + 1), NOW, last) == now + 1


@pytest.mark.parametrize("code", ["", "12345", "1234567", "abcdef", "٠٨١٨٠٤"])
def test_what_is_no_code_does_not_pass(code: str) -> None:
    assert totp.accepted_step(SECRET, code, NOW, None) is None


def test_the_uri_that_apps_read() -> None:
    uri = totp.provisioning_uri(SECRET, "ada@example.test", "WeNeeds Staff")
    assert uri == (
        "otpauth://totp/WeNeeds%20Staff%3Aada%40example.test"
        "?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=WeNeeds%20Staff"
        "&algorithm=SHA1&digits=6&period=30"
    )
