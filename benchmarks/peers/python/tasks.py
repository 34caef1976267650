"""The tasks that all Python peers run. In a module of their own, so that every worker can import them."""

import os
import time
from dataclasses import dataclass


@dataclass
class Point:
    """The small record: a number, a word, a measure."""

    id: int
    name: str
    x: float


def increment(n):
    return n + 1


def add(a, b):
    return a + b


def length(data):
    return len(data)


def next_point(p):
    return Point(p.id + 1, p.name, p.x * 2)


def own_pid(seconds):
    """Sleeps first, so that two of these go to two workers."""
    time.sleep(seconds)
    return os.getpid()


def hang(path):
    """Reports the pid of its worker, then waits to be killed."""
    with open(path + ".part", "w") as f:
        f.write(str(os.getpid()))
    os.rename(path + ".part", path)
    time.sleep(60)


def pause(seconds):
    time.sleep(seconds)
    return seconds


def spin(rounds):
    """Uses only processor time."""
    x = 1
    for _ in range(rounds):
        x = (x * 1103515245 + 12345) & 0x7FFFFFFF
    return x


def shared_length(name):
    """The length of a block of shared memory. Each worker maps it once; it is not copied."""
    from multiprocessing import shared_memory

    block = _blocks.get(name)
    if block is None:
        block = _blocks[name] = shared_memory.SharedMemory(name)
    return len(block.buf)


_blocks = {}
