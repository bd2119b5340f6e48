"""HTTP: authentication, idempotency, faults; and the bank's page of 3-D Secure."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
from collections.abc import AsyncIterator

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from stack.standins.stripe import forms
from stack.standins.stripe.api import Api
from stack.standins.stripe.control import Control
from stack.standins.stripe.faults import ApiError, Fault, Faults, Mode, invalid
from stack.standins.stripe.store import Answer, Store
from stack.standins.stripe.webhooks import Webhooks

_MAX_BODY = 64 * 1024
_OK, _SEE_OTHER = 200, 303
_KEY = "idempotency-key"


class Dropped(Response):
    """An answer that never comes: the connection ends in the middle of nothing."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Promise a body and send none; the server then closes the connection."""
        headers = [(b"content-length", b"1000")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        # The server refuses to end a body that is shorter than promised, and hangs up.
        with contextlib.suppress(RuntimeError):
            await send({"type": "http.response.body", "body": b"", "more_body": False})


class Door:
    """Everything between the socket and the API."""

    def __init__(self, api: Api, faults: Faults) -> None:
        self._api = api
        self._faults = faults
        # Keys whose first request is still at it.
        self._busy: set[str] = set()

    async def handle(self, request: Request) -> Response:
        """Answer a call under /v1."""
        try:
            return await self._checked(request)
        except ApiError as error:
            return _json(error.status, json.dumps(error.body))

    async def _checked(self, request: Request) -> Response:
        if not request.headers.get("authorization", "").startswith("Bearer sk_test_"):
            raise ApiError(401, "invalid_request_error", "Invalid API Key provided.")
        body = await request.body()
        if len(body) > _MAX_BODY:
            raise invalid("The request is too large.")
        if request.method == "GET":
            params = forms.decode(request.url.query)
            answer = self._api.call("GET", request.url.path, params)
            return _json(_OK, json.dumps(answer))
        fault = self._faults.strike(request.url.path)
        if fault and (early := _before(fault)):
            return early
        return await self._post(request, body.decode(), fault)

    async def _post(self, request: Request, body: str, fault: Fault | None) -> Response:
        path = request.url.path
        key = request.headers.get(_KEY, "")
        asked = hashlib.sha256(f"{path}\n{body}".encode()).hexdigest()
        known = self._api.store.answer(key) if key else None
        if known:
            return _replayed(known, asked)
        if key and key in self._busy:
            raise ApiError(
                409,
                "idempotency_error",
                "There is currently another in-progress request using this Idempotent Key.",
                code="idempotency_key_in_use",
            )
        self._busy.add(key)
        try:
            answer = self._run(path, body, key, asked, fault)
            if fault and fault.mode is Mode.SLOW:
                await asyncio.sleep(fault.seconds)
        finally:
            self._busy.discard(key)
        if fault and fault.mode is Mode.DROP_REPLY:
            return Dropped()
        return _json(answer.status, answer.body)

    def _run(self, path: str, body: str, key: str, asked: str, fault: Fault | None) -> Answer:
        """Run the call and keep its answer, in one transaction with its objects."""
        store = self._api.store
        params = forms.decode(body)
        try:
            with store.transaction():
                try:
                    done = self._api.call("POST", path, params)
                    answer = Answer(asked, _OK, json.dumps(done))
                except ApiError as error:
                    if not error.keeps:
                        raise
                    answer = Answer(asked, error.status, json.dumps(error.body))
                if fault and fault.mode is Mode.COMMIT_THEN_500:
                    answer = Answer(asked, 500, _broken())
                if key:
                    store.keep_answer(key, answer)
                return answer
        except ApiError as error:
            answer = Answer(asked, error.status, json.dumps(error.body))
            if key and error.body["error"].get("code") != "parameter_unknown":
                with store.transaction():
                    store.keep_answer(key, answer)
            return answer

    async def bank(self, request: Request) -> Response:
        """The page on which the owner of a card agrees or does not."""
        object_id = request.path_params["id"]
        if request.method == "GET":
            return HTMLResponse(_PAGE)
        agreed = "outcome=fail" not in (await request.body()).decode() + request.url.query
        try:
            with self._api.store.transaction():
                back = self._decide(object_id, agreed=agreed)
        except ApiError as error:
            return _json(error.status, json.dumps(error.body))
        return RedirectResponse(back, status_code=_SEE_OTHER)

    def _decide(self, object_id: str, *, agreed: bool) -> str:
        kind = "setup_intent" if object_id.startswith("seti_") else "payment_intent"
        found = self._api.store.get(kind, object_id)
        if found["status"] != "requires_action":
            raise invalid("Nothing is to be confirmed.")
        back = str(found["next_action"]["redirect_to_url"]["return_url"])
        methods, intents = self._api.methods, self._api.intents
        if kind == "setup_intent":
            (methods.finish_setup if agreed else methods.refuse_setup)(found)
        else:
            (intents.finish if agreed else intents.refuse)(found)
        return back


_PAGE = """<!doctype html><meta charset="utf-8"><title>3-D Secure (stand-in)</title>
<h1>3-D Secure</h1><p>This is the bank of a test card. No money moves.</p>
<form method="post"><button name="outcome" value="ok">Agree</button>
<button name="outcome" value="fail">Refuse</button></form>
"""


def create(store: Store, *, page: str, webhook_url: str, webhook_secret: str) -> Starlette:
    """The stand-in as an ASGI application. `page` is its own address, "http://127.0.0.1:1234"."""
    api, faults = Api(store, page), Faults()
    webhooks = Webhooks(store, webhook_url, webhook_secret)
    door, control = Door(api, faults), Control(api, faults, webhooks)

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        sending = asyncio.create_task(webhooks.run())
        yield
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)

    return Starlette(
        routes=[
            Route("/healthz", _healthy),
            Route("/3ds/{id}", door.bank, methods=["GET", "POST"]),
            Route("/_control/{what}", control.handle, methods=["GET", "POST"]),
            Route("/v1/{path:path}", door.handle, methods=["GET", "POST"]),
        ],
        lifespan=lifespan,
    )


async def _healthy(_: Request) -> Response:
    return Response("ok")


def _before(fault: Fault) -> Response | None:
    """What goes wrong before anything was done."""
    if fault.mode is Mode.DROP_REQUEST:
        return Dropped()
    if fault.mode is Mode.ERROR_500:
        return _json(500, _broken())
    if fault.mode is Mode.RATE_LIMIT:
        error = {"type": "invalid_request_error", "code": "rate_limit", "message": "Too many."}
        return _json(429, json.dumps({"error": error}))
    return None


def _replayed(known: Answer, asked: str) -> Response:
    if known.request != asked:
        raise ApiError(
            400,
            "idempotency_error",
            "Keys for idempotent requests can only be used with the same parameters they were "
            "first used with.",
        )
    answer = _json(known.status, known.body)
    answer.headers["idempotent-replayed"] = "true"
    return answer


def _broken() -> str:
    return json.dumps({"error": {"type": "api_error", "message": "Something went wrong."}})


def _json(status: int, body: str) -> Response:
    return Response(body, status_code=status, media_type="application/json")
