"""What is measured, the same for every Python peer.

A peer's program makes a Peer with what it can do and calls main(). Each call measures one row in this
process, and prints one JSON object a line.
"""

import functools
import json
import os
import platform
import signal
import statistics
import sys
import tempfile
import time

import tasks

MIB64 = 64 << 20


class Peer:
    """One pool of two workers. A method that stays None means that the peer does not support it."""

    version = ""
    start_methods = [None]
    chunks = None  # sizes to try in map; None where the peer has no map of its own
    map_items = 1_000_000
    batch = 5_000  # tasks in flight in the one-by-one rows
    kills = 8
    kill_limit = 20.0  # seconds until a lost task that has not failed counts as hanging
    sends_lambdas = False
    shares_memory = False

    def open(self, start_method=None):
        raise NotImplementedError

    def close(self, pool):
        raise NotImplementedError

    def submit(self, pool, function, argument):
        """Submits one task; returns a handle."""
        raise NotImplementedError

    def result(self, handle, limit=None):
        """Waits for a handle's result. Raises TimeoutError after the limit, in seconds."""
        raise NotImplementedError

    def map(self, pool, function, items, chunk):
        """All results in order, as a list."""
        raise NotImplementedError

    def large(self, pool, data):
        """A large argument, in the form that the peer needs."""
        return data

    stream = None  # (pool, function, items, chunk) -> iterable of results as they come
    stream_chunks = [1]


def emit(row, value, unit, note=""):
    line = {"row": row, "value": value, "unit": unit}
    if note:
        line["note"] = note
    print(json.dumps(line), flush=True)


def say(row, text, note=""):
    """A row whose answer is a word."""
    line = {"row": row, "text": text}
    if note:
        line["note"] = note
    print(json.dumps(line), flush=True)


def quantile(sorted_values, q):
    return sorted_values[min(len(sorted_values) - 1, int(q * len(sorted_values)))]


def bound(peer, i):
    """A new function that has captured a value: a lambda if the peer can send one."""
    if peer.sends_lambdas:
        return lambda x: x + i
    return functools.partial(tasks.add, i)


def rate(seconds, batch, once):
    """Operations a second: once(n) does n of them. Warms up for a third of the time before."""
    end = time.perf_counter() + seconds / 3
    once(max(1, batch // 10))
    while time.perf_counter() < end:
        once(batch)
    done = 0
    begin = time.perf_counter()
    while True:
        once(batch)
        done += batch
        took = time.perf_counter() - begin
        if took >= seconds:
            return done / took


# ---- the rows


def roundtrip(peer, seconds):
    pool = peer.open()
    times = []

    def once(n):
        for i in range(n):
            begin = time.perf_counter()
            peer.result(peer.submit(pool, tasks.increment, i))
            times.append(time.perf_counter() - begin)

    once(20)
    end = time.perf_counter() + seconds / 3
    while time.perf_counter() < end:
        once(20)
    times.clear()
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        once(20)
    times.sort()
    emit("roundtrip-p50", quantile(times, 0.5) * 1e6, "us", f"{len(times)} tasks")
    emit("roundtrip-p99", quantile(times, 0.99) * 1e6, "us")
    peer.close(pool)


def one_by_one(peer, pool, make, arguments, expected):
    def once(n):
        handles = [peer.submit(pool, make(i), arguments(i)) for i in range(n)]
        last = None
        for handle in handles:
            last = peer.result(handle)
        if last != expected(n - 1):
            raise SystemExit(f"wrong result: {last}")

    return once


def submit(peer, seconds):
    pool = peer.open()
    once = one_by_one(peer, pool, lambda i: tasks.increment, lambda i: i, lambda i: i + 1)
    emit("submit", rate(seconds, peer.batch, once), "tasks/s")
    peer.close(pool)


def lambdas(peer, seconds):
    pool = peer.open()
    once = one_by_one(peer, pool, lambda i: bound(peer, i), lambda i: 1, lambda i: i + 1)
    note = "lambda" if peer.sends_lambdas else "functools.partial: it cannot send a lambda"
    emit("lambda", rate(seconds, peer.batch, once), "tasks/s", note)
    peer.close(pool)


def best_map(peer, pool, function, items):
    """Tries each chunk size on a part of the items, then does all with the best; gives (rate, chunk)."""
    trial = items[: max(1, len(items) // 10)]
    peer.map(pool, function, trial, peer.chunks[0])
    best = None
    for chunk in peer.chunks:
        begin = time.perf_counter()
        peer.map(pool, function, trial, chunk)
        took = time.perf_counter() - begin
        if best is None or took < best[0]:
            best = (took, chunk)
    begin = time.perf_counter()
    results = peer.map(pool, function, items, best[1])
    took = time.perf_counter() - begin
    if len(results) != len(items):
        raise SystemExit(f"wrong number of results: {len(results)}")
    return len(items) / took, best[1]


def mapped(peer, seconds):
    if not peer.chunks:
        return
    pool = peer.open()
    items = list(range(peer.map_items))
    value, chunk = best_map(peer, pool, tasks.increment, items)
    emit("map", value, "items/s", f"{len(items)} items, {of_chunk(peer, chunk)}")
    peer.close(pool)


def of_chunk(peer, chunk):
    return "chunks as it chooses" if chunk is None else f"chunks of {chunk}"


def stream(peer, seconds):
    if not peer.stream:
        return
    pool = peer.open()
    best = None
    for chunk in peer.stream_chunks:

        def once(n):
            seen = 0
            for _ in peer.stream(pool, tasks.increment, (i for i in range(n)), chunk):
                seen += 1
            if seen != n:
                raise SystemExit(f"wrong number of results: {seen}")

        size = 10_000 if chunk == 1 else 200_000
        value = rate(seconds / 2, min(size, peer.batch) if chunk == 1 else size, once)
        if chunk == 1:
            emit("stream-one", value, "items/s")
        if best is None or value > best[0]:
            best = (value, chunk)
    emit("stream", best[0], "items/s", f"chunks of {best[1]}")
    peer.close(pool)


def large(peer, seconds):
    data = bytes(MIB64)
    pool = peer.open()
    gigabytes(peer, pool, seconds, "bytes", tasks.length, lambda: peer.large(pool, data))
    peer.close(pool)
    if not peer.shares_memory:
        return
    from multiprocessing import shared_memory

    block = shared_memory.SharedMemory(create=True, size=MIB64)
    try:
        block.buf[:] = data
        pool = peer.open()
        gigabytes(peer, pool, seconds / 2, "shared", tasks.shared_length, lambda: block.name)
        peer.close(pool)
    finally:
        block.close()
        block.unlink()


def gigabytes(peer, pool, seconds, row, function, argument):
    def once(n):
        for _ in range(n):
            if peer.result(peer.submit(pool, function, argument())) != MIB64:
                raise SystemExit("wrong length")

    emit(row, rate(seconds, 1, once) * MIB64 / 1e9, "GB/s")


def record(peer, seconds):
    pool = peer.open()
    make = lambda i: tasks.Point(i, "point", i / 3)
    once = one_by_one(
        peer, pool, lambda i: tasks.next_point, make, lambda i: tasks.Point(i + 1, "point", i / 3 * 2)
    )
    emit("record-submit", rate(seconds, peer.batch, once), "items/s")
    if peer.chunks:
        items = [make(i) for i in range(peer.map_items // 5)]
        value, chunk = best_map(peer, pool, tasks.next_point, items)
        emit("record-map", value, "items/s", f"{len(items)} items, {of_chunk(peer, chunk)}")
    peer.close(pool)


def start(peer, seconds, method=None):
    times, closes = [], []
    for i in range(6):
        begin = time.perf_counter()
        pool = peer.open(method)
        if peer.result(peer.submit(pool, tasks.increment, 1)) != 2:
            raise SystemExit("wrong result")
        times.append(time.perf_counter() - begin)
        begin = time.perf_counter()
        peer.close(pool)
        closes.append(time.perf_counter() - begin)
        if i > 0 and sum(times) > 4 * seconds:
            break
    name = f"-{method}" if method else ""
    emit("start-first" + name, times[0] * 1e3, "ms")
    emit("start-later" + name, statistics.median(times[1:]) * 1e3, "ms", f"{len(times) - 1} pools")
    if method in (None, "forkserver"):
        emit("close", statistics.median(closes) * 1e3, "ms", f"{len(closes)} pools")


def kill(peer, seconds):
    """Kills a busy worker; time until its task has failed, and what happens to the other tasks."""
    times, verdict = [], None
    folder = tempfile.mkdtemp(prefix="peers-")
    pool = peer.open()
    for k in range(peer.kills):
        peer.result(peer.submit(pool, tasks.increment, 1))
        path = os.path.join(folder, str(k))
        victim = peer.submit(pool, tasks.hang, path)
        others = [peer.submit(pool, tasks.pause, 0.05) for _ in range(4)]
        until = time.perf_counter() + peer.kill_limit
        while not os.path.exists(path) and time.perf_counter() < until:
            time.sleep(0.002)
        with open(path) as f:
            pid = int(f.read())
        begin = time.perf_counter()
        os.kill(pid, signal.SIGKILL)
        try:
            peer.result(victim, peer.kill_limit)
            raise SystemExit("the task gave a result after its worker was killed")
        except TimeoutError:
            say("kill", "hangs", f"the lost task has not failed after {peer.kill_limit:.0f} s")
            verdict = "lost task hangs"
            break
        except Exception as e:
            times.append(time.perf_counter() - begin)
            cause = type(e).__name__
        lost = 0
        for other in others:
            try:
                peer.result(other, peer.kill_limit)
            except TimeoutError:
                verdict = "others hang"
            except Exception:
                lost += 1
        if verdict is None or lost:
            verdict = "others go on" if not lost else "others fail"
        try:
            if peer.result(peer.submit(pool, tasks.increment, 1), peer.kill_limit) != 2:
                raise SystemExit("wrong result")
        except Exception:
            verdict = "pool broken"
            peer.close(pool)
            pool = peer.open()
    if times:
        samples = [t * 1e3 for t in times]
        print(json.dumps({"row": "kill", "samples": samples, "unit": "ms", "note": cause}), flush=True)
    if verdict:
        say("kill-then", verdict)
    sys.stdout.flush()
    os._exit(0)  # a pool that hangs would hang its close as well; what is left is the run's to end


def cpu(peer, seconds):
    rounds = 10_000
    tasks.spin(rounds)
    while True:
        begin = time.perf_counter()
        tasks.spin(rounds)
        took = time.perf_counter() - begin
        if took > 0.005:
            break
        rounds *= 2
    rounds = int(rounds * 0.010 / took)
    pool = peer.open()
    work = [rounds] * 100
    run = lambda: [peer.result(h) for h in [peer.submit(pool, tasks.spin, r) for r in work]]
    run()
    alone = together = 0.0
    for _ in range(2):
        begin = time.perf_counter()
        for r in work:
            tasks.spin(r)
        alone += time.perf_counter() - begin
        begin = time.perf_counter()
        run()
        together += time.perf_counter() - begin
    emit("cpu", alone / together / 2, "of ideal", "against two times one process without a pool")
    peer.close(pool)


def rest(peer, seconds):
    """Opens a pool, prints its workers' pids, and stays until its standard input ends."""
    pool = peer.open()
    pids = set()
    until = time.perf_counter() + 20
    while len(pids) < 2 and time.perf_counter() < until:
        handles = [peer.submit(pool, tasks.own_pid, 0.1) for _ in range(2)]
        pids.update(peer.result(h) for h in handles)
    print(json.dumps({"pids": sorted(pids)}), flush=True)
    sys.stdin.read()
    peer.close(pool)


ROWS = {
    "roundtrip": roundtrip,
    "submit": submit,
    "lambda": lambdas,
    "map": mapped,
    "stream": stream,
    "bytes": large,
    "record": record,
    "start": start,
    "kill": kill,
    "cpu": cpu,
    "rest": rest,
}


def main(peer):
    """Arguments: the row (start may have a method, as in start:spawn), and the seconds to measure."""
    row, seconds = sys.argv[1], float(sys.argv[2])
    if row == "version":
        own = f"{peer.version}, " if peer.version else ""
        print(json.dumps({"version": f"{own}CPython {platform.python_version()}"}))
    elif ":" in row:
        start(peer, seconds, row.split(":")[1])
    else:
        ROWS[row](peer, seconds)
