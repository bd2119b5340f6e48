"""Histories of sign-ins with a second factor against a model that remembers everything."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.auth.domain import totp
from services.auth.domain.factors import (
    CHALLENGE_TRIES,
    ChallengeInvalid,
    FactorInvalid,
    FactorKind,
    Proof,
)
from services.kit.errors import Refused
from tests.unit.auth.conftest import Auth
from tests.unit.auth.factor_person import Person, new_person

pytestmark = pytest.mark.filterwarnings("ignore:EdDSA is deprecated")

_CHALLENGE = st.integers(min_value=0, max_value=2)
_OPERATIONS = st.one_of(
    st.tuples(st.just("ask"), st.just(0), st.just(0)),
    st.tuples(st.just("wait"), st.just(0), st.sampled_from([1, 30, 60, 299, 300])),
    # The code of a time step so many away from the present one.
    st.tuples(st.just("totp"), _CHALLENGE, st.integers(min_value=-2, max_value=2)),
    # One of three recovery codes; the fourth is nobody's.
    st.tuples(st.just("code"), _CHALLENGE, st.integers(min_value=0, max_value=3)),
)


@dataclass
class Asked:
    """What the model knows of a challenge."""

    token: str
    expires_at: datetime
    tries: int = 0
    gone: bool = False


class Model:
    """Says what each attempt has to come to."""

    def __init__(self, person: Person, last_step: int) -> None:
        self.person = person
        self.asked: list[Asked] = []
        self.last_step = last_step
        self.spent: set[int] = set()

    @property
    def now(self) -> datetime:
        return self.person.auth.clock.now()

    async def ask(self) -> None:
        answer = await self.person.sign_in()
        self.asked.append(Asked(answer.token, answer.expires_at))

    def _open(self, asked: Asked) -> bool:
        """Count a try; tell whether the challenge still stands."""
        if asked.gone:
            return False
        asked.tries += 1
        asked.gone = asked.tries > CHALLENGE_TRIES
        return not asked.gone and self.now < asked.expires_at

    def _spend(self, kind: str, which: int) -> bool:
        """Tell whether a proof is good, and spend it."""
        if kind == "code":
            good = which < 3 and which not in self.spent
            self.spent |= {which}
            return good
        step = totp.step_at(self.now.timestamp()) + which
        good = abs(which) <= 1 and step > self.last_step
        self.last_step = step if good else self.last_step
        return good

    def proof(self, kind: str, which: int) -> Proof:
        if kind == "code":
            codes = [*self.person.codes[:3], "aaaa-aaaa-aaaa-aaaa"]
            return Proof(FactorKind.RECOVERY_CODE, codes[which])
        step = totp.step_at(self.now.timestamp()) + which
        return Proof(FactorKind.TOTP, totp.code_at(self.person.secret, step))

    def expected(self, asked: Asked, kind: str, which: int) -> type[Refused] | None:
        if not self._open(asked):
            return ChallengeInvalid
        if not self._spend(kind, which):
            return FactorInvalid
        asked.gone = True
        return None


@settings(
    max_examples=30,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(history=st.lists(_OPERATIONS, min_size=4, max_size=18))
async def test_each_challenge_and_each_proof_opens_one_session_at_most(
    auth: Auth, history: list[tuple[str, int, int]]
) -> None:
    person = await new_person(auth)
    await person.enrol_totp()
    # The code that confirmed the app was that of the step before.
    model = Model(person, totp.step_at(auth.clock.now().timestamp()) - 1)
    await model.ask()
    opened = 1
    for name, number, which in history:
        if name == "ask":
            await model.ask()
        elif name == "wait":
            auth.clock.move(timedelta(seconds=which))
        else:
            asked = model.asked[number % len(model.asked)]
            proof = model.proof(name, which)
            expected = model.expected(asked, name, which)
            assert await outcome(auth, asked.token, proof) is expected
            opened += expected is None
    assert len(await auth.sessions.ids_of(person.user.id)) == opened


async def outcome(auth: Auth, token: str, proof: Proof) -> type[Refused] | None:
    """What an attempt comes to; None when it opens a session."""
    try:
        await auth.sign_ins.complete(token, proof)
    except Refused as refused:
        return type(refused)
    return None
