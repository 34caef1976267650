"""Cakes: one after the other, and by asyncio. Usage: cakes.py COUNT"""

import asyncio
import json
import sys
import time


def rounds_in_a_millisecond():
    begin = time.perf_counter()
    spin(1, 200_000)
    return int(200 / (time.perf_counter() - begin))


def spin(seed, rounds):
    state = seed | 1
    for _ in range(rounds):
        state = (state * 1664525 + 1013904223) & 0xFFFFFFFF
    return state


def make(number, per_ms):
    dough = spin(number, 12 * per_ms)
    time.sleep(0.05)
    return spin(dough, 5 * per_ms)


async def make_async(number, per_ms):
    dough = spin(number, 12 * per_ms)
    await asyncio.sleep(0.05)
    return spin(dough, 5 * per_ms)


async def make_all(numbers, per_ms):
    return await asyncio.gather(*(make_async(number, per_ms) for number in numbers))


def main():
    numbers = range(1, int(sys.argv[1]) + 1)
    per_ms = rounds_in_a_millisecond()
    begin = time.perf_counter()
    expected = [make(number, per_ms) for number in numbers]
    sequential = time.perf_counter() - begin
    begin = time.perf_counter()
    results = asyncio.run(make_all(numbers, per_ms))
    pick = time.perf_counter() - begin
    assert results == expected
    print(json.dumps({"sequential": sequential, "pick": pick, "name": "asyncio"}))


if __name__ == "__main__":
    main()
