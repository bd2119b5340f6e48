"""AssistantService and InterviewService: messages in, messages out."""

from __future__ import annotations

from typing import Any

from google.type.date_pb2 import Date
from weneeds.jobs.v1.candidate_pb2 import Experience as ExperienceMessage
from weneeds.jobs.v1.job_pb2 import ContractType
from weneeds.matching.v1 import assistant_service_pb2 as pb
from weneeds.matching.v1 import generated_pb2, interview_service_pb2
from weneeds.matching.v1.assistant_service_pb2_grpc import AssistantServiceServicer
from weneeds.matching.v1.interview_service_pb2_grpc import InterviewServiceServicer

from services.kit.call import current_user
from services.matching.app.assistant import Assessed, Assistant
from services.matching.app.degraded import Origin
from services.matching.app.interviews import Interviews
from services.matching.domain.interview import Question
from services.matching.domain.scoring.facts import Experience, JobFacts, Month
from services.matching.domain.transcript import Analysis
from services.matching.rpc import locale_of_call


class AssistantRpc(AssistantServiceServicer):
    """The one way to language models."""

    def __init__(self, assistant: Assistant) -> None:
        self._assistant = assistant

    async def GenerateText(
        self, request: pb.GenerateTextRequest, context: Any
    ) -> pb.GenerateTextResponse:
        """See the contract."""
        text, origin = await self._assistant.write(
            current_user().id, request.instruction, request.material, locale_of_call()
        )
        return pb.GenerateTextResponse(text=text, generated=_generated(origin))

    async def AssessExperience(
        self, request: pb.AssessExperienceRequest, context: Any
    ) -> pb.AssessExperienceResponse:
        """See the contract."""
        job = _job(request.job) if request.HasField("job") else None
        found = await self._assistant.assess(
            current_user().id, _experience(request.experience), list(request.achievements), job
        )
        return pb.AssessExperienceResponse(
            assessment=_assessment(found),
            prompt_path=pb.PromptPath.Value(f"PROMPT_PATH_{found.path}"),
            achievements=found.achievements,
            generated=_generated(found.origin),
        )


class InterviewRpc(InterviewServiceServicer):
    """Kits and analyses."""

    def __init__(self, interviews: Interviews) -> None:
        self._interviews = interviews

    async def GenerateInterviewKit(
        self, request: interview_service_pb2.GenerateInterviewKitRequest, context: Any
    ) -> interview_service_pb2.GenerateInterviewKitResponse:
        """See the contract."""
        questions, origin = await self._interviews.kit(
            current_user().id, request.receipt_id, request.questions, locale_of_call()
        )
        return interview_service_pb2.GenerateInterviewKitResponse(
            questions=map(_question, questions), generated=_generated(origin)
        )

    async def AnalyseInterview(
        self, request: interview_service_pb2.AnalyseInterviewRequest, context: Any
    ) -> interview_service_pb2.AnalyseInterviewResponse:
        """See the contract."""
        analysis, origin = await self._interviews.analyse(
            current_user().id, request.transcript, locale_of_call()
        )
        return interview_service_pb2.AnalyseInterviewResponse(
            analysis=_analysis(analysis), generated=_generated(origin)
        )


def _generated(origin: Origin) -> generated_pb2.Generated:
    degraded = f"DEGRADED_REASON_{origin.degraded or 'UNSPECIFIED'}"
    return generated_pb2.Generated(
        generated_by=generated_pb2.GeneratedBy.Value(f"GENERATED_BY_{origin.by}"),
        model=origin.model,
        degraded=generated_pb2.DegradedReason.Value(degraded),
        attempts=origin.attempts,
    )


def _assessment(found: Assessed) -> pb.ExperienceAssessment:
    return pb.ExperienceAssessment(
        **found.parts, sum=sum(found.parts.values()), quotes=found.quotes
    )


def _question(question: Question) -> interview_service_pb2.InterviewQuestion:
    kind = f"INTERVIEW_QUESTION_KIND_{question.subject.kind}"
    return interview_service_pb2.InterviewQuestion(
        text=question.text,
        kind=interview_service_pb2.InterviewQuestionKind.Value(kind),
        about=question.subject.about,
    )


def _analysis(analysis: Analysis) -> interview_service_pb2.InterviewAnalysis:
    return interview_service_pb2.InterviewAnalysis(
        summary=analysis.summary,
        topics=[
            interview_service_pb2.InterviewTopic(name=topic.name, quotes=topic.quotes)
            for topic in analysis.topics
        ],
        achievements=analysis.achievements,
        open_questions=analysis.open_questions,
        speakers=[
            interview_service_pb2.InterviewSpeaker(
                name=speaker.name, percent=speaker.percent, questions=speaker.questions
            )
            for speaker in analysis.speakers
        ],
    )


def _job(job: pb.AssessedJob) -> JobFacts:
    return JobFacts(title=job.title, description=job.description, skills=tuple(job.skills))


def _experience(held: ExperienceMessage) -> Experience:
    contract = ContractType.Name(held.contract_type).removeprefix("CONTRACT_TYPE_")
    return Experience(
        title=held.title,
        start=_month(held.start),
        end=_month(held.end) if held.HasField("end") else None,
        contract=contract if held.contract_type else "",
        description=held.description,
    )


def _month(day: Date) -> Month | None:
    """A year without a month counts from its January; no year is no date."""
    return Month(day.year, min(max(day.month, 1), 12)) if day.year else None
