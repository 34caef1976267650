"""Tiny tasks in plain Python and by a thread pool; on stderr what a thread, a task and a process cost."""

import asyncio
import json
import multiprocessing
import threading
import time
from concurrent.futures import ThreadPoolExecutor


def increment(i):
    return i + 1


def nothing():
    pass


def mean(action, count):
    begin = time.perf_counter()
    for _ in range(count):
        action()
    return (time.perf_counter() - begin) / count


def thread():
    one = threading.Thread(target=nothing)
    one.start()
    one.join()


def process():
    one = multiprocessing.Process(target=nothing)
    one.start()
    one.join()


async def coroutines(count):
    async def nothing_async():
        pass

    begin = time.perf_counter()
    for _ in range(count):
        await asyncio.create_task(nothing_async())
    return (time.perf_counter() - begin) / count


def main():
    items = range(20_000)
    begin = time.perf_counter()
    expected = [increment(item) for item in items]
    sequential = time.perf_counter() - begin
    with ThreadPoolExecutor(2) as pool:
        begin = time.perf_counter()
        results = list(pool.map(increment, items))
        pick = time.perf_counter() - begin
    assert results == expected
    costs = {
        "thread": mean(thread, 1_000),
        "asyncio task": asyncio.run(coroutines(10_000)),
        "process": mean(process, 10),
    }
    print(json.dumps({
        "sequential": sequential,
        "pick": pick,
        "name": "a thread pool",
        "notes": [f"CPython: to create and end one {name}: {1e6 * cost:.0f} µs"
                  for name, cost in costs.items()],
    }))


if __name__ == "__main__":
    main()
