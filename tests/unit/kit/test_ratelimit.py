from services.kit.ratelimit import RateLimiter
from services.kit.redis import connect


class Time:
    now = 0.0

    def __call__(self) -> float:
        return self.now


async def test_without_valkey_each_process_counts_for_itself() -> None:
    time = Time()
    # Nothing listens on port 1.
    limiter = RateLimiter(connect("redis://127.0.0.1:1/0"), time)
    assert [await limiter.take("k", 3, 60) for _ in range(3)] == [0, 0, 0]
    assert await limiter.take("k", 3, 60) == 20
    assert await limiter.take("other", 3, 60) == 0
    time.now = 20.0
    assert await limiter.take("k", 3, 60) == 0
    assert await limiter.take("k", 3, 60) == 20
