"""What is stored or hashed holds no secret, at any depth."""

from __future__ import annotations

from weneeds.auth.v1 import admin_service_pb2, session_service_pb2, user_pb2

from services.kit.sensitivity import without_secrets


def test_secrets_are_cleared_at_any_depth() -> None:
    tokens = session_service_pb2.Tokens(access_token="a", refresh_token="r")
    tokens.access_expires_at.seconds = 5
    answer = session_service_pb2.SignInResponse(tokens=tokens, user=user_pb2.User(id="u"))
    bare = without_secrets(answer)
    assert (bare.tokens.access_token, bare.tokens.refresh_token) == ("", "")
    assert (bare.tokens.access_expires_at.seconds, bare.user.id) == (5, "u")
    assert answer.tokens.access_token == "a"


def test_what_has_no_secrets_stays_as_it_is() -> None:
    created = admin_service_pb2.CreateAdminResponse(totp_uri="otpauth://")
    created.admin.id = "a"
    assert without_secrets(created) == admin_service_pb2.CreateAdminResponse(admin=created.admin)
    plain = user_pb2.User(id="u", email="e")
    assert without_secrets(plain) is plain
