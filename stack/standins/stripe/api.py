"""The routes of the API, and which parameters each of them knows."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from stack.standins.stripe.disputes import Disputes, Refunds
from stack.standins.stripe.faults import ApiError, invalid
from stack.standins.stripe.forms import Params, items
from stack.standins.stripe.intents import Intents
from stack.standins.stripe.methods import Methods, public
from stack.standins.stripe.store import Json, Store

_ANY = frozenset({"expand", "metadata"})
_LIST = frozenset({"limit", "starting_after", "created"})
_MOST = 100


@dataclass(frozen=True)
class Route:
    """One call."""

    method: str
    path: re.Pattern[str]
    known: frozenset[str]
    run: Callable[[tuple[str, ...], Params], Json]


class Api:
    """Answers calls. Knows nothing of HTTP."""

    def __init__(self, store: Store, page: str) -> None:
        self.store = store
        self.disputes = Disputes(store)
        self.methods = Methods(store, page)
        self.intents = Intents(store, self.methods, self.disputes)
        self.refunds = Refunds(store)
        self._routes = [*self._posts(), *self._gets()]

    def call(self, method: str, path: str, params: Params) -> Json:
        """Run a call. Raises ApiError."""
        for route in self._routes:
            found = route.path.fullmatch(path)
            if route.method != method or found is None:
                continue
            for name in params:
                if name not in route.known and name not in _ANY:
                    raise invalid(
                        f"Received unknown parameter: {name}",
                        code="parameter_unknown",
                        param=name,
                    )
            answer = route.run(found.groups(), params)
            return self._expanded(answer, items(params, "expand"))
        message = f"Unrecognized request URL ({method}: {path})."
        raise ApiError(404, "invalid_request_error", message)

    def _posts(self) -> list[Route]:
        methods, intents, refunds = self.methods, self.intents, self.refunds
        setup = (
            "allowed_payment_method_types confirm customer mandate_data payment_method return_url "
            "usage"
        )
        intent = (
            "allowed_payment_method_types amount automatic_payment_methods confirm currency "
            "customer description off_session payment_method return_url"
        )
        confirm = "mandate_data off_session payment_method return_url"
        return [
            _post(
                "/v1/customers", "description email name", lambda _, p: methods.create_customer(p)
            ),
            _post("/v1/payment_methods", "card type", lambda _, p: methods.create_method(p)),
            _post(
                "/v1/payment_methods/(pm_\\w+)/attach",
                "customer",
                lambda ids, p: methods.attach(ids[0], p),
            ),
            _post("/v1/payment_methods/(pm_\\w+)/detach", "", lambda ids, _: methods.detach(*ids)),
            _post("/v1/setup_intents", setup, lambda _, p: methods.create_setup(p)),
            _post(
                "/v1/setup_intents/(seti_\\w+)/confirm",
                confirm,
                lambda ids, p: methods.confirm_setup(ids[0], p),
            ),
            _post("/v1/payment_intents", intent, lambda _, p: intents.create(p)),
            _post(
                "/v1/payment_intents/(pi_\\w+)/confirm",
                confirm,
                lambda ids, p: intents.confirm(ids[0], p),
            ),
            _post("/v1/payment_intents/(pi_\\w+)/cancel", "", lambda ids, _: intents.cancel(*ids)),
            _post(
                "/v1/refunds",
                "amount charge payment_intent reason",
                lambda _, p: refunds.create(p),
            ),
        ]

    def _gets(self) -> list[Route]:
        found = []
        for kind, plural, filters in (
            ("customer", "customers", ""),
            ("payment_method", "payment_methods", "customer type"),
            ("setup_intent", "setup_intents", "customer"),
            ("payment_intent", "payment_intents", "customer"),
            ("charge", "charges", "customer payment_intent"),
            ("refund", "refunds", "payment_intent"),
            ("dispute", "disputes", "payment_intent"),
            ("event", "events", "type"),
        ):
            found.append(_get(f"/v1/{plural}/(\\w+)", frozenset(), self._reader(kind)))
            known = _LIST | frozenset(filters.split())
            found.append(_get(f"/v1/{plural}", known, self._lister(kind, plural)))
        return found

    def _reader(self, kind: str) -> Callable[[tuple[str, ...], Params], Json]:
        return lambda ids, _: self.store.get(kind, ids[0])

    def _lister(self, kind: str, plural: str) -> Callable[[tuple[str, ...], Params], Json]:
        def listed(_: tuple[str, ...], params: Params) -> Json:
            limit = int(params.get("limit", 10))
            if not 1 <= limit <= _MOST:
                raise invalid("limit is 1 to 100", param="limit")
            created = params.get("created", {})
            rows = self.store.listed(
                kind,
                customer=str(params.get("customer", "")),
                parent=str(params.get("payment_intent", "")),
                after=str(params.get("starting_after", "")),
                since=int(created.get("gte", 0)) if isinstance(created, dict) else int(created),
                limit=limit + 1,
            )
            return {
                "object": "list",
                "url": f"/v1/{plural}",
                "has_more": len(rows) > limit,
                "data": [public(row) for row in rows[:limit]],
            }

        return listed

    def _expanded(self, answer: Json, names: list[str]) -> Json:
        answer = public(answer)
        for name in names:
            if name != "latest_charge":
                raise invalid(f"This property cannot be expanded ({name}).", param="expand")
            if answer.get(name):
                answer[name] = public(self.store.get("charge", answer[name]))
        return answer


def _post(path: str, known: str, run: Callable[[tuple[str, ...], Params], Json]) -> Route:
    return Route("POST", re.compile(path), frozenset(known.split()), run)


def _get(path: str, known: frozenset[str], run: Callable[[tuple[str, ...], Params], Json]) -> Route:
    return Route("GET", re.compile(path), known, run)
