from services.kit.housekeeping import _until_next


def test_a_minute_job_runs_at_the_full_minute() -> None:
    assert _until_next(60.0, 1_800_000_000.0 + 15.5) == 44.5
    assert _until_next(60.0, 1_800_000_000.0) == 60.0
