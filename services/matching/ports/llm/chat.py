"""Models of OpenAI, Anthropic, Mistral and whoever speaks OpenAI's protocol, through LangChain.

LangChain is an extra (`pip install weneeds-platform[llm]`) and is imported when a model is first
made: a service without a key neither needs nor loads it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from services.matching.app.llm import Completion, ModelFailed
from services.matching.domain.writing.prompts import Prompt

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel
    from langchain_core.messages import BaseMessage

log = logging.getLogger(__name__)

_SECONDS = 60.0


class LlmMisconfigured(ValueError):
    """A model that cannot be asked as it is configured: the service does not start."""


class ChatModel:
    """A chat model of LangChain."""

    def __init__(self, name: str, model: BaseChatModel) -> None:
        self.name = name
        self._model = model

    async def complete(self, prompt: Prompt, max_tokens: int) -> Completion:
        """Answer a prompt; raise ModelFailed.

        What providers and LangChain raise has no common base, and its text may hold the material:
        only the kind of failure goes on.
        """
        try:
            answer = await self._model.ainvoke(_messages(prompt), max_tokens=max_tokens)
        except Exception as error:
            raise ModelFailed(type(error).__name__) from None
        usage = getattr(answer, "usage_metadata", None) or {}
        text = answer.text if isinstance(answer.text, str) else str(answer.text)
        return Completion(
            str(text), int(usage.get("input_tokens", 0)), int(usage.get("output_tokens", 0))
        )


def build(
    models: Sequence[str], keys: Mapping[str, str], urls: Mapping[str, str]
) -> list[ChatModel]:
    """Return the models that have a key, in their order. Raises LlmMisconfigured.

    A model is "<provider>:<name>" with one of the providers openai, anthropic, mistral and
    compatible; the last one wants an address.
    """
    made = []
    for name in models:
        provider, _, model = name.partition(":")
        if provider not in _MAKERS or not model:
            raise LlmMisconfigured(f"{name!r} is not <provider>:<model>: {', '.join(_MAKERS)}")
        if provider == "compatible" and not urls.get(provider):
            raise LlmMisconfigured("the provider 'compatible' wants an address in LLM_URLS")
        key = keys.get(provider, "")
        if not key:
            log.warning("%s has no key and is left out", name)
            continue
        try:
            made.append(ChatModel(name, _MAKERS[provider](model, key, urls.get(provider) or None)))
        except ImportError as error:
            raise LlmMisconfigured("language models take the extra `llm`") from error
    return made


def _openai(model: str, key: str, url: str | None) -> BaseChatModel:
    from langchain_openai import ChatOpenAI
    from pydantic import SecretStr

    return ChatOpenAI(
        model=model,
        api_key=SecretStr(key),
        base_url=url,
        timeout=_SECONDS,
        max_retries=0,
        use_responses_api=False,
    )


def _anthropic(model: str, key: str, url: str | None) -> BaseChatModel:
    from langchain_anthropic import ChatAnthropic
    from pydantic import SecretStr

    address: dict[str, Any] = {"base_url": url} if url else {}
    return ChatAnthropic(
        model_name=model,
        api_key=SecretStr(key),
        timeout=_SECONDS,
        max_retries=0,
        stop=None,
        **address,
    )


def _mistral(model: str, key: str, url: str | None) -> BaseChatModel:
    from langchain_mistralai import ChatMistralAI
    from pydantic import SecretStr

    address: dict[str, Any] = {"base_url": url} if url else {}
    return ChatMistralAI(
        model_name=model, api_key=SecretStr(key), timeout=int(_SECONDS), max_retries=1, **address
    )


_MAKERS: dict[str, Callable[[str, str, str | None], BaseChatModel]] = {
    "openai": _openai,
    "anthropic": _anthropic,
    "mistral": _mistral,
    "compatible": _openai,
}


def _messages(prompt: Prompt) -> list[BaseMessage]:
    from langchain_core.messages import AIMessage, HumanMessage, SystemMessage

    messages: list[BaseMessage] = [SystemMessage(prompt.system), HumanMessage(prompt.material)]
    for completion, problem in prompt.bad:
        messages.append(AIMessage(completion or "(nothing)"))
        messages.append(HumanMessage(f"This could not be used: {problem}. Answer again."))
    return messages
