"""pypeln's design with Python's own parts: each stage has its workers, and a bounded queue between two.

Its manual: each worker takes an item from the stage's queue, runs the function and puts the result in the
next queue; at the end it says that it is done. Arguments: the row, and the seconds to measure.
"""

import json
import multiprocessing
import platform
import queue
import sys
import threading
import time

WORKERS = 2
PLACES = 4096
MIB64 = 64 << 20
DONE = None


def increment(n):
    return n + 1


def make(n):
    return bytes(MIB64)


def work(function, source, sink):
    while True:
        item = source.get()
        if item is DONE:
            sink.put(DONE)
            return
        sink.put(function(item))


def feed(items, sink, workers):
    for item in items:
        sink.put(item)
    for _ in range(workers):
        sink.put(DONE)


class Stages:
    """Two stages, as threads or as processes."""

    def __init__(self, kind, functions, workers, places):
        of_processes = kind == "processes"
        make_queue = multiprocessing.Queue if of_processes else queue.Queue
        make_worker = multiprocessing.Process if of_processes else threading.Thread
        self.queues = [make_queue(maxsize=places) for _ in range(len(functions) + 1)]
        self.sizes = workers
        self.workers = []
        for k, function in enumerate(functions):
            for _ in range(workers):
                args = (function, self.queues[k], self.queues[k + 1])
                self.workers.append(make_worker(target=work, args=args, daemon=True))
        for worker in self.workers:
            worker.start()

    def run(self, items):
        """The results, as they come; the source is read on a thread of its own."""
        threading.Thread(target=feed, args=(items, self.queues[0], self.sizes), daemon=True).start()
        ended = 0
        while ended < self.sizes:
            item = self.queues[-1].get()
            if item is DONE:
                # A stage's queue gets one end from each worker, and each of the next takes one.
                ended += 1
            else:
                yield item
        for worker in self.workers:
            worker.join()


def emit(row, value, unit, note):
    print(json.dumps({"row": row, "value": value, "unit": unit, "note": note}), flush=True)


def tiny(kind, seconds):
    items = 20_000
    done, took = 0, 0.0
    first = True
    while took < seconds:
        stages = Stages(kind, [increment, increment], WORKERS, PLACES)
        begin = time.perf_counter()
        total = sum(stages.run(range(items)))
        if not first:  # the first is the warm-up
            took += time.perf_counter() - begin
            done += items
        first = False
        assert total == items * (items - 1) // 2 + 2 * items
    emit(kind, done / took, "items/s", "two stages of two")


def large(seconds):
    items = max(8, int(12 * seconds))
    stages = Stages("processes", [make, len], 1, 16)
    begin = time.perf_counter()
    assert sum(stages.run(range(items))) == items * MIB64
    emit("large", (time.perf_counter() - begin) * 1e3 / items, "ms", f"{items} arrays")


def main():
    row, seconds = sys.argv[1], float(sys.argv[2])
    if row == "version":
        print(json.dumps({"row": "version", "text": platform.python_version()}))
    elif row == "large":
        large(seconds)
    else:
        tiny(row, seconds)


if __name__ == "__main__":
    main()
