from datetime import UTC, datetime, timedelta
from typing import Any

from weneeds.auth.v1.session_service_pb2 import Tokens

from services.auth.rpc.cookies import BrowserCookies
from services.auth.rpc.messages import timestamp
from services.kit.clock import FakeClock

NOW = datetime(2026, 5, 1, tzinfo=UTC)


class Context:
    """What a handler gets of gRPC: metadata in, metadata out."""

    def __init__(self, *metadata: tuple[str, str]) -> None:
        self._metadata = metadata
        self.sent: list[str] = []

    def invocation_metadata(self) -> Any:
        return self._metadata

    async def send_initial_metadata(self, metadata: Any) -> None:
        assert {name for name, _ in metadata} == {"set-cookie"}
        self.sent += [value for _, value in metadata]


BROWSER = ("x-weneeds-client", "browser")


def _cookies(*, secure: bool = True) -> BrowserCookies:
    return BrowserCookies(FakeClock(NOW), secure=secure)


def _tokens() -> Tokens:
    return Tokens(
        access_token="access",
        access_expires_at=timestamp(NOW + timedelta(minutes=10)),
        refresh_token="refresh",
        refresh_expires_at=timestamp(NOW + timedelta(days=30)),
    )


async def test_cookies_are_for_https_but_on_a_local_machine() -> None:
    context = Context(BROWSER)
    await _cookies().keep(context, _tokens())
    await _cookies().bind(context, "bound")
    assert context.sent == [
        "wToken=access; Max-Age=600; Path=/; HttpOnly; SameSite=Lax; Secure",
        "__Host-wRefresh=refresh; Max-Age=2592000; Path=/; HttpOnly; SameSite=Strict; Secure",
        "__Host-wBinding=bound; Max-Age=600; Path=/; HttpOnly; SameSite=Strict; Secure",
    ]
    local = Context(BROWSER)
    await _cookies(secure=False).keep(local, _tokens())
    await _cookies(secure=False).bind(local, "bound")
    assert [cookie.partition("=")[0] for cookie in local.sent] == ["wToken", "wRefresh", "wBinding"]
    assert not [cookie for cookie in local.sent if "Secure" in cookie]


async def test_the_answer_of_a_browser_keeps_the_times_alone() -> None:
    tokens = _tokens()
    await _cookies().keep(Context(BROWSER), tokens)
    assert (tokens.access_token, tokens.refresh_token) == ("", "")
    assert tokens.HasField("access_expires_at")


async def test_other_callers_get_no_cookie() -> None:
    context, tokens = Context(("x-weneeds-client", "app")), _tokens()
    await _cookies().keep(context, tokens)
    await _cookies().forget(context)
    assert context.sent == []
    assert tokens == _tokens()


async def test_the_refresh_token_is_read_in_browser_mode_alone() -> None:
    cookie = ("cookie", "a=b; wRefresh=kept; xwRefresh=other")
    local = _cookies(secure=False)
    assert local.refresh_token(Context(BROWSER, cookie)) == "kept"
    assert local.refresh_token(Context(cookie)) == ""
    assert local.refresh_token(Context(BROWSER)) == ""


async def test_a_cookie_that_another_host_may_have_set_is_none() -> None:
    tossed = ("cookie", "wRefresh=tossed; wBinding=tossed")
    assert _cookies().refresh_token(Context(BROWSER, tossed)) == ""
    assert _cookies().binding(Context(BROWSER, tossed)) == ""
    own = ("cookie", "wRefresh=tossed; __Host-wRefresh=kept; __Host-wBinding=bound")
    assert _cookies().refresh_token(Context(BROWSER, own)) == "kept"
    assert _cookies().binding(Context(BROWSER, own)) == "bound"


async def test_a_binding_is_a_browsers_cookie_and_an_answer_of_others() -> None:
    browser, other = Context(BROWSER), Context()
    assert await _cookies().bind(browser, "bound") == ""
    assert await _cookies().bind(other, "bound") == "bound"
    assert other.sent == []
