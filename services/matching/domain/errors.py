"""What matching refuses."""

from services.kit.errors import Refused


class JobNotIndexed(Refused):
    """The job is not in the index, and jobs does not know it either where that was asked."""

    reason = "JOB_NOT_INDEXED"


class ProfileNotIndexed(Refused):
    """The candidate has no profile in the index, or none at all."""

    reason = "PROFILE_NOT_INDEXED"


class ReceiptNotFound(Refused):
    """No receipt has this id."""

    reason = "RECEIPT_NOT_FOUND"


class MatchNotFound(Refused):
    """Nothing was told of the candidate for the job."""

    reason = "MATCH_NOT_FOUND"


class ProspectNotFound(Refused):
    """The company has no such prospect."""

    reason = "PROSPECT_NOT_FOUND"


class ProspectConverted(Refused):
    """The prospect became another candidate before."""

    reason = "PROSPECT_CONVERTED"


class ReceiptErased(Refused):
    """The facts behind the receipt were erased with the candidate's account."""

    reason = "RECEIPT_ERASED"


class LlmNotConfigured(Refused):
    """No language model is configured."""

    reason = "LLM_NOT_CONFIGURED"


class LlmBudgetSpent(Refused):
    """The budget for language models does not allow the call."""

    reason = "LLM_BUDGET_SPENT"


class LlmUnavailable(Refused):
    """No language model answered."""

    reason = "LLM_UNAVAILABLE"


class LlmMalformed(Refused):
    """No answer of a language model could be read."""

    reason = "LLM_MALFORMED"
