import base64
import json

import pytest
from weneeds.jobs.v1.application_service_pb2 import ListApplicationsRequest

from services.kit.errors import PageTokenInvalid
from services.kit.paging import Page

COMPANY = "01a2090a-64c0-7000-830c-acb66bbb8420"
ROW = "01a2090a-64c0-7000-830c-acb66bbb8421"
KEYS = (int, str)


def _token(size: int = 2, **filters: object) -> str:
    page = Page.of(
        ListApplicationsRequest(company_id=COMPANY, page_size=size, **filters), keys=KEYS
    )  # type: ignore[arg-type]
    return page.next_token([0] * (size + 1), (7, ROW))


def test_a_token_leads_to_the_row_after_its_key() -> None:
    request = ListApplicationsRequest(company_id=COMPANY, page_size=5, page_token=_token())
    assert Page.of(request, keys=KEYS).after == (7, ROW)


def test_the_last_page_has_no_token() -> None:
    page = Page.of(ListApplicationsRequest(company_id=COMPANY, page_size=2), keys=KEYS)
    assert page.next_token([0, 0], (7, ROW)) == ""


def test_a_token_of_another_filter_is_refused() -> None:
    request = ListApplicationsRequest(company_id=COMPANY, status=1, page_token=_token())  # type: ignore[arg-type]
    with pytest.raises(PageTokenInvalid) as refused:
        Page.of(request, keys=KEYS)
    assert refused.value.field == "page_token"


@pytest.mark.parametrize(
    "after",
    [
        [ROW, 7],
        [7],
        [7, ROW, 1],
        [True, ROW],
        [None, ROW],
        [7, "x"],
        [-1, ROW],
        [10**30, ROW],
        [7.0, ROW],
    ],
)
def test_a_token_with_other_keys_is_refused(after: list[object]) -> None:
    binding = Page.of(ListApplicationsRequest(company_id=COMPANY), keys=KEYS).binding
    forged = base64.urlsafe_b64encode(json.dumps([binding, *after]).encode()).decode()
    with pytest.raises(PageTokenInvalid):
        Page.of(ListApplicationsRequest(company_id=COMPANY, page_token=forged), keys=KEYS)


@pytest.mark.parametrize("token", ["x", "é", "W10", "e30", "[" * 400, "bnVsbA"])
def test_what_is_no_token_is_refused(token: str) -> None:
    with pytest.raises(PageTokenInvalid):
        Page.of(ListApplicationsRequest(company_id=COMPANY, page_token=token), keys=KEYS)
