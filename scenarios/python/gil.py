"""A computation in plain Python: in sequence, and by multiprocessing, the way around the GIL."""

import json
import multiprocessing
import time


def checksum(seed):
    state, result = seed | 1, seed
    for _ in range(40_000):
        state = (state * 1664525 + 1013904223) & 0xFFFFFFFF
        result ^= state >> 7
    return result


def main():
    items = range(100)
    begin = time.perf_counter()
    expected = [checksum(item) for item in items]
    sequential = time.perf_counter() - begin
    with multiprocessing.Pool() as pool:
        pool.map(abs, range(2))
        begin = time.perf_counter()
        results = pool.map(checksum, items)
        pick = time.perf_counter() - begin
    assert results == expected
    print(json.dumps({"sequential": sequential, "pick": pick, "name": "multiprocessing"}))


if __name__ == "__main__":
    main()
