"""Lowest, mean and highest of each station: in sequence, and by multiprocessing over chunks.

Usage: large_files.py FILE ROWS, which reads about so many rows from the beginning of the file
"""

import json
import multiprocessing
import os
import sys
import time


def read(chunk):
    name, begin, end = chunk
    stations = {}
    with open(name, "rb") as file:
        file.seek(begin)
        for line in file.read(end - begin).splitlines():
            station, _, value = line.partition(b";")
            tenths = int(value.replace(b".", b""))
            known = stations.get(station)
            if known is None:
                stations[station] = [tenths, tenths, tenths, 1]
            else:
                if tenths < known[0]:
                    known[0] = tenths
                if tenths > known[1]:
                    known[1] = tenths
                known[2] += tenths
                known[3] += 1
    return stations


def merge(parts):
    all_stations = {}
    for part in parts:
        for station, (low, high, total, count) in part.items():
            known = all_stations.setdefault(station, [low, high, 0, 0])
            known[0] = min(known[0], low)
            known[1] = max(known[1], high)
            known[2] += total
            known[3] += count
    return all_stations


def chunks(name, rows, count):
    with open(name, "rb") as file:
        first = file.read(1 << 16)
        size = min(os.path.getsize(name), int(rows * len(first) / max(1, first.count(b"\n"))))
        borders = [0]
        for i in range(1, count):
            file.seek(size * i // count)
            file.readline()
            borders.append(file.tell())
        file.seek(size)
        file.readline()
        borders.append(file.tell())
    return [(name, a, b) for a, b in zip(borders, borders[1:]) if b > a]


def main():
    parts = chunks(sys.argv[1], int(sys.argv[2]), 8)
    begin = time.perf_counter()
    expected = merge(map(read, parts))
    sequential = time.perf_counter() - begin
    with multiprocessing.Pool() as pool:
        pool.map(abs, range(2))
        begin = time.perf_counter()
        results = merge(pool.map(read, parts))
        pick = time.perf_counter() - begin
    assert results == expected
    print(json.dumps({"sequential": sequential, "pick": pick, "name": "multiprocessing"}))


if __name__ == "__main__":
    main()
