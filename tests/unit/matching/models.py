"""Language models and a purse that do as they are told."""

from __future__ import annotations

import asyncio

from services.matching.app.llm import Completion, ModelFailed
from services.matching.domain.writing.prompts import Prompt


class Purse:
    """Counts tokens in memory."""

    def __init__(self, most: int = 1_000_000) -> None:
        self.left = most

    async def reserve(self, tokens: int) -> bool:
        if tokens > self.left:
            return False
        self.left -= tokens
        return True

    async def settle(self, reserved: int, used: int) -> None:
        self.left += reserved - used


class Scripted:
    """A model that does as it is told: answers, fails, or never ends."""

    def __init__(self, name: str, *script: str) -> None:
        self.name = name
        self.script = list(script)
        self.calls = 0

    async def complete(self, prompt: Prompt, max_tokens: int) -> Completion:
        said = self.script[min(self.calls, len(self.script) - 1)]
        self.calls += 1
        if said == "FAIL":
            raise ModelFailed("scripted")
        if said == "HANG":
            await asyncio.Event().wait()
        return Completion(said, 40, 10)
