"""A forgotten password is no way around the second factor."""

from __future__ import annotations

import pytest

from services.auth.app.challenges import Challenged
from tests.unit.auth.conftest import Auth
from tests.unit.auth.factor_person import new_person
from tests.unit.auth.life import build_life

pytestmark = pytest.mark.filterwarnings("ignore:EdDSA is deprecated")

NEW = "another fictitious password"


async def test_a_reset_leaves_the_second_factor_in_place(auth: Auth) -> None:
    person = await new_person(auth)
    await person.enrol_totp()
    held = await person.held()
    life = build_life(auth)
    email = person.user.email
    await life.passwords.request_reset(email)
    await life.passwords.reset(await life.code_to(email), NEW)
    await life.endings.settle()
    assert await auth.sessions.of_user(person.user.id) == []
    assert await person.held() == held
    assert held.enrolled
    assert isinstance(await auth.sign_ins.sign_in(email, NEW), Challenged)
