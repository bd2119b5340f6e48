from stack.status import Report, Row


def _row(health: str = "serving", lacks: tuple[str, ...] = ()) -> Row:
    return Row("auth", "service", health, "127.0.0.1:1", 1, 2.0, 3, 0, lacks)


def test_a_service_without_a_store_is_not_well() -> None:
    row = _row(lacks=("valkey", "nats"))
    assert not row.is_up
    assert row.condition == "serving without valkey, nats"
    report = Report(True, "127.0.0.1:2", [_row(), row], 0)
    assert not report.is_up
    assert report.summary.startswith("1 of 2 serve")
    assert report.as_json()["rows"][1]["lacks"] == ("valkey", "nats")


def test_a_service_with_all_stores_is_well() -> None:
    assert _row().is_up
    assert _row().condition == "serving"
    assert not _row("down").is_up
