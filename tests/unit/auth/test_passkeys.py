"""Passkeys on real stores, with a software authenticator as the peer."""

from __future__ import annotations

import json
from uuid import uuid4

import pytest

from services.auth.domain.factors import (
    PASSKEYS_MOST,
    FactorInvalid,
    FactorKind,
    Proof,
)
from services.kit.errors import InvalidFields
from tests.unit.auth.conftest import Auth
from tests.unit.auth.factor_person import Person, new_person, one_wins
from tests.unit.auth.factor_rooms import Browser

pytestmark = pytest.mark.filterwarnings("ignore:EdDSA is deprecated")


@pytest.fixture
async def person(auth: Auth) -> Person:
    return await new_person(auth)


async def test_a_passkey_signs_in_and_counts(person: Person) -> None:
    await person.enrol_passkey()
    assert len(person.codes) == 10
    asked = await person.sign_in()
    assert asked.kinds == [FactorKind.RECOVERY_CODE, FactorKind.PASSKEY]
    credential = person.browser.get(asked.passkey_options)
    await person.auth.sign_ins.complete(asked.token, Proof(FactorKind.PASSKEY, credential))
    (passkey,) = (await person.held()).passkeys
    assert (passkey.name, passkey.sign_count) == ("Téléphone", 1)
    assert passkey.last_used_at == person.auth.clock.now()
    # The same answer is not one to another challenge.
    again = await person.sign_in()
    with pytest.raises(FactorInvalid):
        await person.auth.sign_ins.complete(again.token, Proof(FactorKind.PASSKEY, credential))


async def test_a_cloned_passkey_is_told_by_its_counter(person: Person) -> None:
    await person.enrol_passkey()
    for _ in range(2):
        asked = await person.sign_in()
        proof = Proof(FactorKind.PASSKEY, person.browser.get(asked.passkey_options))
        await person.auth.sign_ins.complete(asked.token, proof)
    person.browser.device.sign_count = 0
    asked = await person.sign_in()
    clone = Proof(FactorKind.PASSKEY, person.browser.get(asked.passkey_options))
    with pytest.raises(FactorInvalid):
        await person.auth.sign_ins.complete(asked.token, clone)


async def test_a_passkey_answers_a_step_up_once(person: Person) -> None:
    await person.enrol_passkey()
    step_ups = person.auth.factors.step_ups
    asked = await step_ups.begin(person.user.id, person.session_id)
    proofs = [
        Proof(FactorKind.PASSKEY, person.browser.get(asked.passkey_options)) for _ in range(3)
    ]
    refused = await one_wins(
        *(step_ups.prove(person.user.id, person.session_id, proof) for proof in proofs)
    )
    assert {type(one) for one in refused} == {FactorInvalid}


async def test_a_passkey_of_another_page_is_refused(person: Person) -> None:
    await person.enrol_passkey()
    person.browser.origin = "https://example.test.evil.test"
    asked = await person.sign_in()
    proof = Proof(FactorKind.PASSKEY, person.browser.get(asked.passkey_options))
    with pytest.raises(FactorInvalid):
        await person.auth.sign_ins.complete(asked.token, proof)


@pytest.mark.parametrize(
    "text", ["{}", "[]", "null", '"', "[" * 19_000, '{"id": 1}', '{"id":"é","rawId":"é"}']
)
async def test_what_is_no_passkey_is_refused(person: Person, text: str) -> None:
    await person.enrol_passkey()
    factors = person.auth.factors.second_factors
    asked = await person.sign_in()
    with pytest.raises(FactorInvalid):
        await person.auth.sign_ins.complete(asked.token, Proof(FactorKind.PASSKEY, text))
    await factors.begin_passkey(person.user.id, person.session_id)
    with pytest.raises(FactorInvalid):
        await factors.finish_passkey(person.user.id, person.session_id, text, "x")


async def test_a_registration_is_this_session_s_and_good_once(person: Person) -> None:
    factors = person.auth.factors.second_factors
    options = await factors.begin_passkey(person.user.id, person.session_id)
    credential = person.browser.create(options)
    with pytest.raises(FactorInvalid):
        await factors.finish_passkey(person.user.id, str(uuid4()), credential, "x")
    await factors.finish_passkey(person.user.id, person.session_id, credential, "x")
    with pytest.raises(FactorInvalid):
        await factors.finish_passkey(person.user.id, person.session_id, credential, "x")


async def test_a_credential_belongs_to_one_account(auth: Auth, person: Person) -> None:
    await person.enrol_passkey()
    known = person.browser.device.credential_id
    thief = await new_person(auth)
    device = thief.browser.device
    device.cred_init = _with_id(device.cred_init, device, known)
    with pytest.raises(FactorInvalid):
        await thief.enrol_passkey()
    assert not (await thief.held()).enrolled


def _with_id(cred_init, device, known):  # type: ignore[no-untyped-def]
    def forged(rp_id: str, user_handle: bytes) -> None:
        cred_init(rp_id, user_handle)
        device.credential_id = known

    return forged


async def test_passkeys_are_bounded_and_known_ones_excluded(person: Person) -> None:
    for _ in range(PASSKEYS_MOST):
        await person.enrol_passkey(Browser())
    held = (await person.held()).passkeys
    assert len(held) == PASSKEYS_MOST
    factors = person.auth.factors.second_factors
    with pytest.raises(InvalidFields):
        await factors.begin_passkey(person.user.id, person.session_id)
    await factors.remove_passkey(person.user.id, held[0].id)
    options = json.loads(await factors.begin_passkey(person.user.id, person.session_id))
    assert len(options["excludeCredentials"]) == PASSKEYS_MOST - 1
    assert person.user.id not in options["user"]["id"]
