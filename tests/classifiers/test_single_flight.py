"""Who runs a shared call, and what the others get."""

from __future__ import annotations

import asyncio

import pytest

from litellm_router_plugin.classifiers.single_flight import SingleFlight


class Work:
    """Counts its runs; waits a moment, then answers or raises."""

    def __init__(self, error: Exception | None = None) -> None:
        self.runs = 0
        self.error = error

    async def __call__(self) -> int:
        self.runs += 1
        run = self.runs
        await asyncio.sleep(0.01)
        if self.error:
            raise self.error
        return run


async def test_callers_at_the_same_time_share_one_run_and_later_ones_do_not() -> None:
    flights, work = SingleFlight[int](), Work()
    assert await asyncio.gather(*[flights.run("k", work) for _ in range(5)]) == [1] * 5
    assert await flights.run("k", work) == 2


async def test_different_keys_do_not_share() -> None:
    flights, work = SingleFlight[int](), Work()
    assert sorted(await asyncio.gather(flights.run("a", work), flights.run("b", work))) == [1, 2]


async def test_an_error_reaches_everybody_and_is_not_kept() -> None:
    flights, work = SingleFlight[int](), Work(OSError("down"))
    results = await asyncio.gather(*[flights.run("k", work) for _ in range(3)], return_exceptions=True)
    assert [type(result) for result in results] == [OSError] * 3
    work.error = None
    assert await flights.run("k", work) == 2


async def test_when_the_one_that_runs_it_is_cancelled_another_takes_over() -> None:
    flights, work = SingleFlight[int](), Work()
    first, second, third = (asyncio.create_task(flights.run("k", work)) for _ in range(3))
    await asyncio.sleep(0.005)
    first.cancel()
    assert await second == await third == 2
    with pytest.raises(asyncio.CancelledError):
        await first


async def test_one_that_waits_can_be_cancelled_without_harm_to_the_rest() -> None:
    flights, work = SingleFlight[int](), Work()
    first, second = (asyncio.create_task(flights.run("k", work)) for _ in range(2))
    await asyncio.sleep(0.005)
    second.cancel()
    with pytest.raises(asyncio.CancelledError):
        await second
    assert await first == 1


async def test_when_all_are_cancelled_nobody_takes_over() -> None:
    flights, work = SingleFlight[int](), Work()
    tasks = [asyncio.create_task(flights.run("k", work)) for _ in range(3)]
    await asyncio.sleep(0.005)
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks, timeout=1)
    assert all(task.cancelled() for task in tasks)
    assert work.runs == 1


def test_event_loops_do_not_share() -> None:
    flights, work = SingleFlight[int](), Work()
    assert [asyncio.run(flights.run("k", work)) for _ in range(2)] == [1, 2]
