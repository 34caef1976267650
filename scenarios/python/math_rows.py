"""The computations of the row math, in plain Python and by multiprocessing.

Usage: math_rows.py primes|mandelbrot|montecarlo|matrix SIZE
Prints one line of JSON: the seconds of each, and what the guide picks.
"""

import json
import multiprocessing
import random
import sys
import time


def primes(bounds):
    count = 0
    for n in range(*bounds):
        if n < 2 or (n % 2 == 0 and n != 2):
            continue
        d = 3
        while d * d <= n and n % d:
            d += 2
        count += d * d > n
    return count


def mandelbrot(row):
    y, size = row
    counts = []
    for x in range(size):
        c = complex(3.2 * x / size - 2.2, 2.4 * y / size - 1.2)
        z, n = 0j, 0
        while n < 200 and z.real * z.real + z.imag * z.imag <= 4:
            z = z * z + c
            n += 1
        counts.append(n)
    return counts


def montecarlo(part):
    index, points = part
    draw = random.Random(index)
    return sum(draw.random() ** 2 + draw.random() ** 2 <= 1 for _ in range(points))


def matrix(rows):
    begin, end, n = rows
    a = [[(i * 7 + j * 3) % 11 - 5.0 for j in range(n)] for i in range(begin, end)]
    b = [[(i * 5 + j * 2) % 13 - 6.0 for j in range(n)] for i in range(n)]
    columns = list(zip(*b))
    return [[sum(x * y for x, y in zip(row, column)) for column in columns] for row in a]


def work(name, size):
    if name == "primes":
        step = max(1, size // 40)
        return primes, [(i, min(size, i + step)) for i in range(0, size, step)]
    if name == "mandelbrot":
        return mandelbrot, [(y, size) for y in range(size)]
    if name == "montecarlo":
        return montecarlo, [(i, size) for i in range(40)]
    return matrix, [(i, min(size, i + 8), size) for i in range(0, size, 8)]


def main():
    function, items = work(sys.argv[1], int(sys.argv[2]))
    begin = time.perf_counter()
    expected = [function(item) for item in items]
    sequential = time.perf_counter() - begin
    with multiprocessing.Pool() as pool:
        pool.map(abs, range(2))
        begin = time.perf_counter()
        results = pool.map(function, items)
        pick = time.perf_counter() - begin
    assert results == expected
    print(json.dumps({"sequential": sequential, "pick": pick, "name": "multiprocessing"}))


if __name__ == "__main__":
    main()
