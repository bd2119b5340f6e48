"""Dates and periods as people write them."""

from __future__ import annotations

import pytest

from services.matching.domain.parsing.dates import find_period
from services.matching.domain.parsing.document import Item
from services.matching.domain.parsing.entry_lines import dated
from services.matching.domain.parsing.experiences import month


@pytest.mark.parametrize(
    ("text", "start", "end", "current"),
    [
        ("mars 2020 \u2013 août 2021", "2020-03", "2021-08", False),
        ("de mars 2020 à août 2021", "2020-03", "2021-08", False),
        ("Sept. 2018 - présent", "2018-09", "", True),
        ("depuis janvier 2019", "2019-01", "", True),
        ("Since June 2019", "2019-06", "", True),
        ("03/2020 - 08/2021", "2020-03", "2021-08", False),
        ("2020-03 \u2013 present", "2020-03", "", True),
        ("01/03/2020 au 31/08/2021", "2020-03", "2021-08", False),
        ("2018-2020", "2018", "2020", False),
        ("2018-20", "2018", "2020", False),
        ("janvier - mars 2020", "2020-01", "2020-03", False),
        ("from May 2017 to now", "2017-05", "", True),
        ("2019 à aujourd'hui", "2019", "", True),
        ("2019 à aujourd\u2019hui", "2019", "", True),
        ("Mar '19 \u2013 Feb '21", "2019-03", "2021-02", False),
        ("March 2015 until December 2016", "2015-03", "2016-12", False),
        ("2016", "2016", "2016", False),
    ],
)
def test_periods(text: str, start: str, end: str, current: bool) -> None:
    """French and English, words and figures."""
    period = find_period(text)
    assert period is not None
    assert month(period.start) == start
    assert (month(period.end) if period.end else "") == end
    assert period.current is current


@pytest.mark.parametrize("text", ["", "Python 3", "06 12 34 56 78", "44000 Nantes", "4 personnes"])
def test_no_period(text: str) -> None:
    """Numbers are no dates."""
    assert find_period(text) is None


def test_a_year_within_a_sentence_begins_nothing() -> None:
    """Otherwise each mention of a year would be a position."""
    line = "Refonte du site en 2019 avec une équipe de quatre personnes"
    assert dated(Item(line, 0, 1)) is None
    assert dated(Item("Refonte, 2019", 0, 1)) is not None
