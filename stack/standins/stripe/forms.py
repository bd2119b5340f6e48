"""Form-encoded requests with nested keys: `card[number]=42&expand[0]=latest_charge`."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qsl

_PART = re.compile(r"\[([^\[\]]*)\]")
_MAX_FIELDS = 500

Params = dict[str, Any]


def decode(text: str) -> Params:
    """Return the parameters as nested dicts; lists are dicts with the keys "0", "1", ...

    Raises ValueError for more than 500 fields.
    """
    params: Params = {}
    pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=_MAX_FIELDS)
    for name, value in pairs:
        head = name.split("[", 1)[0]
        path = [head, *_PART.findall(name[len(head) :])]
        _put(params, path, value)
    return params


def _put(params: Params, path: list[str], value: str) -> None:
    for part in path[:-1]:
        inner = params.setdefault(part, {})
        if not isinstance(inner, dict):
            raise ValueError(f"{part} is a value and an object at once")
        params = inner
    last = path[-1] or str(len(params))
    params[last] = value


def flag(params: Params, name: str) -> bool:
    """Read a boolean."""
    return params.get(name) == "true"


def items(params: Params, name: str) -> list[str]:
    """Read a list of texts."""
    found = params.get(name, {})
    return [str(value) for value in found.values()] if isinstance(found, dict) else [str(found)]
