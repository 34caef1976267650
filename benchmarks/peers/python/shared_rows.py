"""What processes share, by CPython's multiprocessing: locks, queues, shared memory.

SharedRows.java has the same for Fornada. Every process is started by multiprocessing.Process.
"""

import multiprocessing
import os
import signal
import time

from rows import emit, quantile, rate, say

MIB = 1 << 20
GIB = 1 << 30
HAND_OVERS_BEFORE = 8_000  # so many, because a JVM compiles meanwhile
EARLY = 1_000


def start(function, *arguments):
    process = multiprocessing.Process(target=function, args=arguments, daemon=True)
    process.start()
    return process


# ---- the lock


def lock(peer, seconds):
    one = multiprocessing.Lock()

    def once(n):
        for _ in range(n):
            with one:
                pass

    emit("lock-alone", 1e9 / rate(seconds, 10_000, once), "ns", "with lock: pass, nobody else")
    for processes in (2, 4):
        contended(processes, seconds)


def contend(one, ready, measure, stop, results):
    ready.release()
    times, longest, measuring = 0, 0.0, False
    now = time.perf_counter
    began = now()
    x = 1
    while not stop.value:
        if not measuring and measure.value:
            measuring, times, longest, began = True, 0, 0.0, now()
        before = now()
        with one:
            longest = max(longest, now() - before)
            x = x * 3 & 0xFFFF  # about 100 ns
        times += 1
    results.put((times / (now() - began), longest))


def contended(processes, seconds):
    one = multiprocessing.Lock()
    ready = multiprocessing.Semaphore(0)
    measure, stop = (multiprocessing.Value("b", 0, lock=False) for _ in range(2))
    results = multiprocessing.SimpleQueue()
    all_of = [start(contend, one, ready, measure, stop, results) for _ in range(processes)]
    for _ in range(processes):
        ready.acquire()
    time.sleep(seconds / 3)
    measure.value = 1
    time.sleep(seconds)
    stop.value = 1
    got = [results.get() for _ in range(processes)]
    for process in all_of:
        process.join()
    emit(f"lock-{processes}", sum(each for each, _ in got), "/s", "sections of about 100 ns")
    emit(f"lock-wait-{processes}", max(wait for _, wait in got) * 1e3, "ms", "the longest wait of any")


# ---- waiting


def hold(one, begin, held, released, rounds, processor):
    if processor is not None:
        os.sched_setaffinity(0, {processor})
    for _ in range(rounds):
        begin.acquire()
        with one:
            held.release()
            time.sleep(0.001)  # the other sleeps by now
            released.value = time.monotonic_ns()


def hand_overs(counted, there=None):
    rounds = HAND_OVERS_BEFORE + counted
    one = multiprocessing.Lock()
    begin, held = multiprocessing.Semaphore(0), multiprocessing.Semaphore(0)
    released = multiprocessing.Value("q", 0, lock=False)
    holder = start(hold, one, begin, held, released, rounds, there)
    times = []
    for _ in range(rounds):
        begin.release()
        held.acquire()
        with one:
            times.append((time.monotonic_ns() - released.value) / 1e3)
    holder.join()
    return times


def hand_over_on(here, there, counted):
    os.sched_setaffinity(0, {here})
    return quantile(sorted(hand_overs(counted, there)[HAND_OVERS_BEFORE:]), 0.5)


def handover(peer, seconds):
    counted = int(200 * max(1, seconds))
    times = hand_overs(counted)
    first, later = sorted(times[:200]), sorted(times[HAND_OVERS_BEFORE:])
    early = sorted(times[EARLY:EARLY + 200])
    after = f"{counted} times, after {HAND_OVERS_BEFORE}"
    emit("handover-p50", quantile(later, 0.5), "us", after)
    emit("handover-p99", quantile(later, 0.99), "us")
    emit("handover-first-p50", quantile(first, 0.5), "us", f"the first {len(first)}")
    emit("handover-early-p50", quantile(early, 0.5), "us", f"{len(early)}, after {EARLY}")
    cost(seconds)
    processors = sorted(os.sched_getaffinity(0))
    if len(processors) > 1:
        one, other = processors[:2]
        emit("handover-one", hand_over_on(one, one, counted), "us", after)
        emit("handover-two", hand_over_on(one, other, counted), "us", after)
        os.sched_setaffinity(0, processors)


def wait(event):
    event.wait()


def cpu_nanos(pid):
    with open(f"/proc/{pid}/schedstat") as f:
        return int(f.read().split()[0])


def cost(seconds):
    event = multiprocessing.Event()
    waiter = start(wait, event)
    time.sleep(1)
    length = 3 + seconds
    before = cpu_nanos(waiter.pid)
    began = time.perf_counter()
    time.sleep(length)
    used = (cpu_nanos(waiter.pid) - before) / 1e9 / (time.perf_counter() - began)
    event.set()
    waiter.join()
    emit("wait-cpu", used * 100, "%", f"the whole process, for {length:.1f} s")


def own(one, held):
    one.acquire()
    held.set()
    time.sleep(60)


def owner(peer, seconds):
    one = multiprocessing.Lock()
    held = multiprocessing.Event()
    process = start(own, one, held)
    held.wait()
    os.kill(process.pid, signal.SIGKILL)
    process.join()
    if one.acquire(timeout=5):
        raise SystemExit("the lock of a killed process was free")
    say("owner", "never", "not acquired within 5 s: CPython issue 88304")


# ---- the queue


def send(queue, stop):
    i = 0
    while not stop.value:
        queue.put(i)
        i += 1


def receive(queue, ready, measure, results):
    queue.get()
    ready.release()
    times, measuring = 0, False
    began = time.perf_counter()
    while True:
        if not measuring and measure.value:
            measuring, times, began = True, 0, time.perf_counter()
        if queue.get() is None:
            break
        times += 1
    results.put(times / (time.perf_counter() - began))


def transfer(each, seconds):
    queue = multiprocessing.Queue(10_000)
    ready = multiprocessing.Semaphore(0)
    measure, stop = (multiprocessing.Value("b", 0, lock=False) for _ in range(2))
    results = multiprocessing.SimpleQueue()
    senders = [start(send, queue, stop) for _ in range(each)]
    receivers = [start(receive, queue, ready, measure, results) for _ in range(each)]
    for _ in range(each):
        ready.acquire()
    time.sleep(seconds / 3)
    measure.value = 1
    time.sleep(seconds)
    stop.value = 1
    for process in senders:  # each ends when all that it has put was received
        process.join()
    for _ in receivers:
        queue.put(None)
    value = sum(results.get() for _ in receivers)
    for process in receivers:
        process.join()
    return value


def send_large(queue, stop):
    element = bytes(MIB)
    while not stop.value:
        queue.put(element)
    queue.put(None)


def queue(peer, seconds):
    length = max(1, seconds)
    emit("queue-1-1", transfer(1, length), "/s", "int, one by one")
    emit("queue-4-4", transfer(4, length), "/s", "int, one by one")
    large = multiprocessing.Queue(16)
    stop = multiprocessing.Value("b", 0, lock=False)
    sender = start(send_large, large, stop)

    def once(n):
        for _ in range(n):
            if len(large.get()) != MIB:
                raise SystemExit("wrong length")

    emit("queue-large", rate(length, 10, once), "/s", "bytes of 1 MiB, one to one")
    stop.value = 1
    while large.get() is not None:
        pass
    sender.join()


# ---- the array


def touch(name, here, done):
    from multiprocessing import shared_memory

    block = shared_memory.SharedMemory(name, track=False)
    view = memoryview(block.buf)
    for at in range(0, GIB, MIB):
        view[at : at + MIB] = bytes([1]) * MIB
    here.release()
    done.wait()
    view.release()
    block.close()


def pss(pids):
    total = 0
    for pid in pids:
        with open(f"/proc/{pid}/smaps_rollup") as f:
            total += sum(1024 * int(line.split()[1]) for line in f if line.startswith("Pss:"))
    return total


def array(peer, seconds):
    from multiprocessing import shared_memory

    block = shared_memory.SharedMemory(create=True, size=GIB)
    try:
        here, done = multiprocessing.Semaphore(0), multiprocessing.Event()
        both = [start(touch, block.name, here, done) for _ in range(2)]
        for _ in both:
            here.acquire()
        taken = pss([p.pid for p in both] + [os.getpid()])
        done.set()
        for process in both:
            process.join()
        emit("array-memory", taken / GIB, "", "of its size, with the three interpreters")
    finally:
        block.close()
        block.unlink()


ROWS = {"lock": lock, "handover": handover, "owner": owner, "queue": queue, "array": array}
