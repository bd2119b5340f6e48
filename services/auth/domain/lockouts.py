"""How long an account rests after wrong passwords in a row."""

from __future__ import annotations

from datetime import timedelta

# Wrong passwords that cost nothing but the rate limit.
FREE_FAILURES = 9
# The rest after the tenth failure in a row, the eleventh, ...; the last one for all that follow.
RESTS = tuple(timedelta(seconds=seconds) for seconds in (30, 60, 120, 240, 480, 900))
# How long failures count that locked nothing. Short, because anybody can make up
# any number of e-mails to fail with.
FORGOTTEN_AFTER = timedelta(hours=1)
# How long failures count that did: an account takes about a hundred guesses a day.
REMEMBERED_FOR = timedelta(days=1)
