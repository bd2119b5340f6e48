"""Second factors on real stores: enrolling, signing in, stepping up, each proof once."""

from __future__ import annotations

import base64
from uuid import uuid4

import protovalidate
import pytest
from weneeds.auth.v1.session_service_pb2 import FactorProof

from services.auth.app.challenges import Challenged
from services.auth.app.proofs import CODES_AN_HOUR
from services.auth.app.sessions import SignedIn
from services.auth.app.sign_in_log import Attempt
from services.auth.domain.factors import (
    CHALLENGE_LIFETIME,
    CHALLENGE_TRIES,
    CONFIRM_WITHIN,
    ChallengeInvalid,
    FactorExists,
    FactorInvalid,
    FactorKind,
    FactorMissing,
    Factors,
    Proof,
    recovery_code,
    recovery_digest,
)
from services.kit.errors import AccountBanned, RateLimited, Refused
from tests.support.sql import Sql
from tests.unit.auth.conftest import PASSWORD, Auth
from tests.unit.auth.factor_person import STEP, Person, new_person, one_wins, session_id

pytestmark = pytest.mark.filterwarnings("ignore:EdDSA is deprecated")


@pytest.fixture
async def person(auth: Auth) -> Person:
    return await new_person(auth)


def test_a_recovery_code_is_its_bytes_and_forgives_hyphens() -> None:
    code = recovery_code(bytes(range(16)))
    assert code == "aaaq-eaye-auda-ocaj-bifq-ydio-b4"
    assert recovery_digest(code) == recovery_digest(code.replace("-", ""))


async def test_recovery_codes_that_are_handed_out_carry_128_bits(person: Person) -> None:
    await person.enrol_totp()
    texts = [code.replace("-", "").upper() for code in person.codes]
    # Base32 wants its padding back.
    bits = {base64.b32decode(text + "=" * (-len(text) % 8)) for text in texts}
    assert [len(each) * 8 for each in bits] == [128] * 10
    for code in person.codes:
        # The contract's pattern takes what is handed out.
        assert not protovalidate.collect_violations(FactorProof(recovery_code=code))


async def test_an_app_counts_once_it_is_confirmed(person: Person) -> None:
    await person.begin_totp()
    assert not (await person.held()).enrolled
    assert isinstance(await person.auth.sign_ins.sign_in(person.user.email, PASSWORD), SignedIn)
    factors = person.auth.factors.second_factors
    with pytest.raises(FactorInvalid):
        await factors.confirm_totp(person.user.id, person.session_id, "000000")
    codes = await factors.confirm_totp(person.user.id, person.session_id, person.code())
    assert len(set(codes)) == 10
    assert await person.held() == Factors(True, 10, ())
    assert await person.enrolled()
    # The first code was a proof.
    assert await person.fresh()
    with pytest.raises(FactorExists):
        await factors.begin_totp(person.user.id)


async def test_confirming_wants_something_begun_lately(person: Person) -> None:
    factors = person.auth.factors.second_factors
    with pytest.raises(FactorMissing):
        await factors.confirm_totp(person.user.id, person.session_id, "123456")
    await person.begin_totp()
    person.auth.clock.move(CONFIRM_WITHIN + STEP)
    with pytest.raises(FactorMissing):
        await factors.confirm_totp(person.user.id, person.session_id, person.code())


async def test_the_secret_is_sealed_and_codes_are_hashed(person: Person) -> None:
    await person.enrol_totp()
    writer = Sql(person.auth.database)
    sealed = await writer.fetchval(
        "select secret from authenticators where user_id = $1", person.user.id
    )
    digests = await writer.fetch(
        "select digest from recovery_codes where user_id = $1", person.user.id
    )
    assert person.secret not in sealed
    assert {row["digest"] for row in digests} == {recovery_digest(code) for code in person.codes}


async def test_a_sign_in_waits_for_the_second_factor(person: Person) -> None:
    await person.enrol_totp()
    before = await person.auth.sessions.ids_of(person.user.id)
    asked = await person.sign_in()
    assert asked.kinds == [FactorKind.TOTP, FactorKind.RECOVERY_CODE]
    assert asked.passkey_options == ""
    assert await person.auth.sessions.ids_of(person.user.id) == before
    opened = await person.auth.sign_ins.complete(asked.token, person.proof(), "Firefox")
    session = await person.auth.sessions.load(session_id(opened))
    assert session is not None
    assert (session.factor_at, session.device) == (person.auth.clock.now(), "Firefox")
    # A refresh keeps it.
    await person.auth.sign_ins.refresh(opened.tokens.refresh)
    turned = await person.auth.sessions.load(session.id)
    assert turned is not None
    assert turned.current != session.current
    assert turned.factor_at == session.factor_at


async def test_a_code_is_good_once_for_all_challenges(person: Person) -> None:
    await person.enrol_totp()
    asked = [await person.sign_in() for _ in range(4)]
    proof = person.proof()
    refused = await one_wins(*(person.auth.sign_ins.complete(one.token, proof) for one in asked))
    assert {type(one) for one in refused} == {FactorInvalid}
    person.auth.clock.move(STEP)
    with pytest.raises(FactorInvalid):
        await person.auth.sign_ins.complete((await person.sign_in()).token, proof)


async def test_a_challenge_is_good_once(person: Person) -> None:
    await person.enrol_totp()
    token = (await person.sign_in()).token
    proofs = [Proof(FactorKind.RECOVERY_CODE, code) for code in person.codes[:3]]
    refused = await one_wins(*(person.auth.sign_ins.complete(token, one) for one in proofs))
    assert {type(one) for one in refused} == {ChallengeInvalid}
    with pytest.raises(ChallengeInvalid):
        await person.auth.sign_ins.complete(token, person.proof())


async def test_wrong_proofs_leave_a_challenge_five_tries(person: Person) -> None:
    await person.enrol_totp()
    patient, hasty = await person.sign_in(), await person.sign_in()
    wrong = Proof(FactorKind.RECOVERY_CODE, "aaaa-aaaa-aaaa-aaaa")
    for asked, tries in ((patient, CHALLENGE_TRIES - 1), (hasty, CHALLENGE_TRIES)):
        for _ in range(tries):
            with pytest.raises(FactorInvalid):
                await person.auth.sign_ins.complete(asked.token, wrong)
    with pytest.raises(ChallengeInvalid):
        await person.auth.sign_ins.complete(hasty.token, person.proof())
    await person.auth.sign_ins.complete(patient.token, person.proof())


async def test_codes_cannot_be_guessed_with_ever_new_challenges(person: Person) -> None:
    await person.enrol_totp()
    wrong = Proof(FactorKind.TOTP, "000000" if person.code() != "000000" else "000001")
    for _ in range(CODES_AN_HOUR):
        with pytest.raises(FactorInvalid):
            await person.auth.factors.step_ups.prove(person.user.id, person.session_id, wrong)
    asked = await person.sign_in()
    with pytest.raises(RateLimited):
        await person.auth.sign_ins.complete(asked.token, person.proof())


async def test_a_challenge_ends(person: Person) -> None:
    await person.enrol_totp()
    asked = await person.sign_in()
    assert asked.expires_at == person.auth.clock.now() + CHALLENGE_LIFETIME
    person.auth.clock.move(CHALLENGE_LIFETIME)
    for token in (asked.token, "x" * 43):
        with pytest.raises(ChallengeInvalid):
            await person.auth.sign_ins.complete(token, person.proof())


async def test_a_password_changed_meanwhile_ends_the_challenge(person: Person) -> None:
    await person.enrol_totp()
    asked = await person.sign_in()
    fresh = await person.auth.passwords.hash("another password of theirs")
    await Sql(person.auth.database).execute(
        "update users set password_hash = $2 where id = $1", person.user.id, fresh
    )
    before = await person.auth.sessions.ids_of(person.user.id)
    with pytest.raises(ChallengeInvalid):
        await person.auth.sign_ins.complete(asked.token, person.proof())
    assert await person.auth.sessions.ids_of(person.user.id) == before


async def test_an_identity_provider_s_word_does_not_replace_the_factor(person: Person) -> None:
    await person.enrol_totp()
    attempt = Attempt("site")
    asked = await person.auth.sign_ins.admit(attempt, person.user)
    assert isinstance(asked, Challenged)
    assert attempt.awaits_factor
    opened = await person.auth.sign_ins.complete(asked.token, person.proof())
    assert opened.user == person.user


async def test_the_banned_do_not_complete(person: Person) -> None:
    await person.enrol_totp()
    asked = await person.sign_in()
    await Sql(person.auth.database).execute(
        "update users set status = 'BANNED' where id = $1", person.user.id
    )
    with pytest.raises(AccountBanned):
        await person.auth.sign_ins.complete(asked.token, person.proof())


async def test_another_account_s_codes_do_not_fit(auth: Auth, person: Person) -> None:
    await person.enrol_totp()
    other = await new_person(auth)
    await other.enrol_totp()
    for proof in (other.proof(), Proof(FactorKind.RECOVERY_CODE, other.codes[0])):
        asked = await person.sign_in()
        with pytest.raises(FactorInvalid):
            await auth.sign_ins.complete(asked.token, proof)
    assert (await other.held()).recovery_codes_left == 10


async def test_recovery_codes_are_good_once_and_replaced_together(person: Person) -> None:
    await person.enrol_totp()
    step_ups, factors = person.auth.factors.step_ups, person.auth.factors.second_factors
    first = Proof(FactorKind.RECOVERY_CODE, person.codes[0])
    refused = await one_wins(
        *(step_ups.prove(person.user.id, person.session_id, first) for _ in range(3))
    )
    assert {type(one) for one in refused} == {FactorInvalid}
    assert (await person.held()).recovery_codes_left == 9
    fresh = await factors.replace_codes(person.user.id)
    assert (await person.held()).recovery_codes_left == 10
    with pytest.raises(FactorInvalid):
        await step_ups.prove(
            person.user.id, person.session_id, Proof(FactorKind.RECOVERY_CODE, person.codes[1])
        )
    await step_ups.prove(
        person.user.id, person.session_id, Proof(FactorKind.RECOVERY_CODE, fresh[1])
    )


async def test_a_step_up_makes_this_session_fresh_and_no_other(person: Person) -> None:
    other = await person.auth.sign_ins.sign_in(person.user.email, PASSWORD)
    assert isinstance(other, SignedIn)
    with pytest.raises(FactorMissing):
        await person.auth.factors.step_ups.prove(
            person.user.id, person.session_id, Proof(FactorKind.TOTP, "123456")
        )
    await person.enrol_totp()
    elsewhere = Person(person.auth, person.user, session_id(other))
    assert not await elsewhere.fresh()
    await person.auth.factors.step_ups.prove(person.user.id, elsewhere.session_id, person.proof())
    standing = await person.auth.directory.standing(person.user.id, elsewhere.session_id)
    assert standing.factor_at == person.auth.clock.now()


async def test_removing_the_last_factor_takes_the_codes_along(person: Person) -> None:
    factors = person.auth.factors.second_factors
    await person.enrol_totp()
    passkey_id = await person.enrol_passkey()
    await factors.remove_totp(person.user.id)
    assert await person.enrolled()
    assert (await person.held()).recovery_codes_left == 10
    await factors.remove_passkey(person.user.id, str(uuid4()))
    await factors.remove_passkey(person.user.id, passkey_id)
    assert await person.held() == Factors(False, 0, ())
    assert not await person.enrolled()
    await factors.remove_totp(person.user.id)
    with pytest.raises(FactorMissing):
        await factors.replace_codes(person.user.id)
    assert isinstance(await person.auth.sign_ins.sign_in(person.user.email, PASSWORD), SignedIn)


async def test_nobody_gets_in_while_valkey_is_away(
    auth_without_sessions: Auth, person: Person
) -> None:
    await person.enrol_totp()
    with pytest.raises(Refused) as refused:
        await auth_without_sessions.sign_ins.sign_in(person.user.email, PASSWORD)
    assert refused.value.reason == "DEPENDENCY_DOWN"


async def test_factors_leave_with_the_account(person: Person) -> None:
    await person.enrol_totp()
    await person.enrol_passkey()
    writer = Sql(person.auth.database)
    await writer.execute("delete from users where id = $1", person.user.id)
    for table in ("authenticators", "recovery_codes", "passkeys"):
        count = f"select count(*) from {table} where user_id = $1"
        assert await writer.fetchval(count, person.user.id) == 0
