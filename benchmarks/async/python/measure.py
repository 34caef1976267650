"""Rates, memory, and the lines of JSON that benchmarks/async reads, the same for every Python peer."""

import json
import resource
import sys
import time

BODY = "Hello, world!"


def emit(row, value, unit, note=""):
    line = {"row": row, "value": value, "unit": unit}
    if note:
        line["note"] = note
    print(json.dumps(line), flush=True)


def version(text):
    print(json.dumps({"version": text}))


def check(right, what):
    if not right:
        raise SystemExit(f"wrong result: {what}")


async def over_a_second(how, n):
    """The time that these sleeps of a second take beyond one second, in milliseconds."""
    begin = time.perf_counter()
    await how(n, 1.0)
    return (time.perf_counter() - begin - 1) * 1e3


async def rate(seconds, batch, once):
    """Operations a second: once(n) does n of them. Warms up for a third of the time before."""
    end = time.perf_counter() + seconds / 3
    while True:
        await once(batch)
        if time.perf_counter() >= end:
            break
    done = 0
    begin = time.perf_counter()
    while True:
        await once(batch)
        done += batch
        took = time.perf_counter() - begin
        if took >= seconds:
            return done / took


def peak_memory():
    """The peak resident memory of this process, in MB of 10^6 bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6


async def serve(port, loop):
    """For a server: prints its port, and stays until its standard input ends."""
    print(json.dumps({"port": port}), flush=True)
    await loop.run_in_executor(None, sys.stdin.read)
