"""CvService: files in, facts out."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from google.protobuf.timestamp_pb2 import Timestamp
from google.type.date_pb2 import Date
from weneeds.jobs.v1 import candidate_pb2 as candidate_pb
from weneeds.jobs.v1 import job_pb2 as job_pb
from weneeds.matching.v1 import cv_pb2 as cv_pb
from weneeds.matching.v1 import cv_service_pb2 as pb
from weneeds.matching.v1.cv_service_pb2_grpc import CvServiceServicer

from services.kit.call import current_user
from services.matching.app.cv import Cv, Cvs, Vocabulary
from services.matching.domain.parsing.document import Flag, Quoted
from services.matching.domain.parsing.facts import Contact, CvFacts, Held, Studied
from services.matching.domain.parsing.proposal import ProposedExperience, propose
from services.matching.domain.vocabulary import Concept


class CvRpc(CvServiceServicer):
    """Turns messages into calls of Cvs and back."""

    def __init__(self, cvs: Cvs, vocabulary: Vocabulary) -> None:
        self._cvs = cvs
        self._vocabulary = vocabulary

    async def ParseCv(self, request: pb.ParseCvRequest, context: Any) -> pb.ParseCvResponse:
        """See the contract."""
        cv = await self._cvs.parse(current_user().id, request.content)
        return pb.ParseCvResponse(cv=cv_message(cv, self._vocabulary))

    async def GetMyCv(self, request: pb.GetMyCvRequest, context: Any) -> pb.GetMyCvResponse:
        """See the contract."""
        cv = await self._cvs.of(current_user().id)
        return pb.GetMyCvResponse(cv=cv_message(cv, self._vocabulary))

    async def DeleteMyCv(
        self, request: pb.DeleteMyCvRequest, context: Any
    ) -> pb.DeleteMyCvResponse:
        """See the contract."""
        await self._cvs.forget(current_user().id)
        return pb.DeleteMyCvResponse()


def cv_message(cv: Cv, vocabulary: Vocabulary) -> cv_pb.Cv:
    """Turn a CV into its message; names are linked to the vocabulary of this moment."""
    created = Timestamp()
    created.FromDatetime(cv.created_at)
    return cv_pb.Cv(
        id=cv.id,
        facts=_facts(cv.facts, vocabulary),
        proposed_profile=_profile(cv.facts),
        hidden=[_hidden(flag) for flag in cv.flags],
        file_kind=cv_pb.CvFileKind.Value(f"CV_FILE_KIND_{cv.kind}"),
        pages=cv.pages,
        truncated=cv.truncated,
        vocabulary=vocabulary.name,
        generated_by=cv.generated_by,
        created_at=created,
    )


def _facts(facts: CvFacts, vocabulary: Vocabulary) -> cv_pb.CvFacts:
    title = facts.title
    return cv_pb.CvFacts(
        title=_quote(title),
        title_concepts=_concepts(vocabulary.occupations(title.value)) if title else [],
        contact=_contact(facts.contact),
        experiences=[_held(held, vocabulary) for held in facts.experiences],
        education=[_studied(studied) for studied in facts.education],
        skills=[
            cv_pb.CvSkill(name=_quote(skill), concepts=_concepts(vocabulary.skills(skill.value)))
            for skill in facts.skills
        ],
        languages=[
            cv_pb.CvLanguage(
                code=spoken.code, level=_level(spoken.level), words=_quote(spoken.words)
            )
            for spoken in facts.languages
        ],
        summary=_quote(facts.summary),
        locale=facts.locale,
    )


def _contact(contact: Contact) -> cv_pb.CvContact:
    return cv_pb.CvContact(
        name=_quote(contact.name),
        email=_quote(contact.email),
        phone=_quote(contact.phone),
        city=_quote(contact.city),
        postal_code=_quote(contact.postal_code),
        links=_quotes(contact.links),
    )


def _held(held: Held, vocabulary: Vocabulary) -> cv_pb.CvExperience:
    title = held.title
    return cv_pb.CvExperience(
        title=_quote(title),
        company=_quote(held.company),
        period=_quote(held.period),
        start=held.start,
        end=held.end,
        current=held.current,
        contract_type=_contract(held.contract),
        contract=_quote(held.contract_quote),
        description=_quotes(held.description),
        title_concepts=_concepts(vocabulary.occupations(title.value)) if title else [],
    )


def _studied(studied: Studied) -> cv_pb.CvEducation:
    return cv_pb.CvEducation(
        school=_quote(studied.school),
        degree=_quote(studied.degree),
        field=_quote(studied.field),
        period=_quote(studied.period),
        start=studied.start,
        end=studied.end,
    )


def _profile(facts: CvFacts) -> candidate_pb.Profile:
    proposed = propose(facts)
    return candidate_pb.Profile(
        title=proposed.title,
        summary=proposed.summary,
        experiences=[_experience(held) for held in proposed.experiences],
        skills=proposed.skills,
        languages=[
            job_pb.LanguageSkill(code=code, level=_level(level))
            for code, level in proposed.languages
        ],
        address=candidate_pb.Address(
            city=proposed.city, postal_code=proposed.postal_code, country="FR"
        ),
        locale=proposed.locale,
    )


def _experience(held: ProposedExperience) -> candidate_pb.Experience:
    ends = bool(held.end_year)
    return candidate_pb.Experience(
        title=held.title,
        company=held.company,
        start=Date(year=held.start_year, month=held.start_month),
        end=Date(year=held.end_year, month=held.end_month) if ends else None,
        contract_type=_contract(held.contract),
        description=held.description,
    )


def _quote(quoted: Quoted | None) -> cv_pb.Quote | None:
    if quoted is None:
        return None
    span = quoted.span
    return cv_pb.Quote(
        value=quoted.value, quote=quoted.quote, page=span.page, start=span.start, end=span.end
    )


def _quotes(quoted: Iterable[Quoted]) -> list[cv_pb.Quote]:
    return [message for one in quoted if (message := _quote(one)) is not None]


def _concepts(concepts: Iterable[Concept]) -> list[cv_pb.Concept]:
    return [
        cv_pb.Concept(uri=each.uri, label=each.label, likeness=each.likeness) for each in concepts
    ]


def _hidden(flag: Flag) -> cv_pb.HiddenText:
    reason = cv_pb.HiddenTextReason.Value(f"HIDDEN_TEXT_REASON_{flag.hidden}")
    return cv_pb.HiddenText(
        reason=reason, page=flag.page, characters=flag.characters, sample=flag.sample
    )


def _contract(name: str) -> job_pb.ContractType.ValueType:
    return job_pb.ContractType.Value(f"CONTRACT_TYPE_{name or 'UNSPECIFIED'}")


def _level(name: str) -> job_pb.LanguageLevel.ValueType:
    return job_pb.LanguageLevel.Value(f"LANGUAGE_LEVEL_{name or 'UNSPECIFIED'}")
