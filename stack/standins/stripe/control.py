"""What tests tell the stand-in to do."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from stack.standins.stripe.api import Api
from stack.standins.stripe.faults import ApiError, Fault, Faults, Mode
from stack.standins.stripe.webhooks import Manner, Webhooks

Json = dict[str, Any]


class Control:
    """/_control/<what>"""

    def __init__(self, api: Api, faults: Faults, webhooks: Webhooks) -> None:
        self._api = api
        self._faults = faults
        self._webhooks = webhooks
        self._posts = {
            "faults": self._set_faults,
            "webhooks": self._set_manner,
            "disputes": self._open_dispute,
            "decisions": self._decide,
            "events": self._resend,
        }

    async def handle(self, request: Request) -> Response:
        """Answer a control call."""
        what = request.path_params["what"]
        if request.method == "GET" and what == "totals":
            return JSONResponse(self._totals())
        run = self._posts.get(what)
        if request.method != "POST" or run is None:
            return JSONResponse({"error": "unknown"}, status_code=404)
        try:
            with self._api.store.transaction():
                answer = run(json.loads(await request.body()))
        except ApiError as error:
            return JSONResponse(error.body, status_code=error.status)
        self._webhooks.wake()
        return JSONResponse(answer)

    def _set_faults(self, wish: Json) -> Json:
        """{"seed": 1, "rules": [{"mode": "slow", "path": "/v1/refunds", "chance": 0.1}]}"""
        rules = [Fault(**{**rule, "mode": Mode(rule["mode"])}) for rule in wish["rules"]]
        self._faults.replace(rules, int(wish.get("seed", 1)))
        return {"rules": len(rules)}

    def _set_manner(self, wish: Json) -> Json:
        """{"duplicates": 0.1, "shuffle_seconds": 1, "paused": false}"""
        self._webhooks.manner = Manner(**wish)
        return wish

    def _open_dispute(self, wish: Json) -> Json:
        """{"payment_intent": "pi_...", "reason": "fraudulent"}"""
        intent = self._api.store.get("payment_intent", wish["payment_intent"])
        return self._api.disputes.open(intent["latest_charge"], wish.get("reason", "fraudulent"))

    def _decide(self, wish: Json) -> Json:
        """{"dispute": "dp_...", "won": true}"""
        return self._api.disputes.close(wish["dispute"], won=bool(wish["won"]))

    def _resend(self, wish: Json) -> Json:
        """{"kind": "payment_intent", "id": "pi_...", "type": "payment_intent.succeeded"}"""
        self._api.store.emit(wish["type"], self._api.store.get(wish["kind"], wish["id"]))
        return {}

    def _totals(self) -> Json:
        """How many objects there are and what they add up to, in cents."""
        store = self._api.store
        intents = store.listed("payment_intent", limit=10_000_000)
        refunds = store.listed("refund", limit=10_000_000)
        paid = [one for one in intents if one["status"] == "succeeded"]
        references = Counter(one["metadata"].get("charge", "") for one in paid)
        return {
            "intents": len(intents),
            "succeeded": len(paid),
            "received": sum(one["amount_received"] for one in paid),
            "refunded": sum(one["amount"] for one in refunds if one["status"] == "succeeded"),
            # Our charges that were paid more than once: there must be none.
            "doubled": [name for name, times in references.items() if name and times > 1],
            "waiting_webhooks": store.next_due() is not None,
            "faults": self._faults.struck,
        }
