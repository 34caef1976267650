"""The rows, the peers' columns and the targets."""

from collections import namedtuple

# name: what --only takes, and what a peer's program measures in one go
# figures: what it prints: (id, label in the table, unit)
Row = namedtuple("Row", "name figures")

ROWS = [
    Row("roundtrip", [("roundtrip-p50", "round trip of a tiny task, p50", "us"),
                      ("roundtrip-p99", "round trip of a tiny task, p99", "us")]),
    Row("submit", [("submit", "submits of (function, item)", "/s")]),
    Row("lambda", [("lambda", "submits of a fresh lambda", "/s")]),
    Row("map", [("map", "map of tiny items, best batches", "/s")]),
    Row("stream", [("stream-one", "unordered stream, defaults", "/s"),
                   ("stream", "unordered stream, best setting", "/s"),
                   ("stream-list", "... from a list", "/s")]),
    Row("bytes", [("bytes", "64 MiB byte[] there", "GB/s"),
                  ("shared", "64 MiB shared argument", "GB/s")]),
    Row("record", [("record-submit", "records, submitted one by one", "/s"),
                   ("record-map", "records, map, best batches", "/s"),
                   ("fory-submit", "records with Fory, one by one", "/s"),
                   ("fory-map", "records with Fory, map", "/s")]),
    Row("start", [("start-first", "new pool to result, first pool", "ms"),
                  ("start-first-cached", "... with an AOT cache of its own", "ms"),
                  ("start-first-fork", "... fork", "ms"),
                  ("start-first-forkserver", "... forkserver", "ms"),
                  ("start-first-spawn", "... spawn", "ms"),
                  ("start-later", "new pool to result, later pools", "ms"),
                  ("start-reserve", "... from a WorkerReserve of two", "ms"),
                  ("start-later-fork", "... fork", "ms"),
                  ("start-later-forkserver", "... forkserver", "ms"),
                  ("start-later-spawn", "... spawn", "ms"),
                  ("start-bare", "two bare JVMs, to a line", "ms"),
                  ("start-cpu", "worker to result, processor time", "ms"),
                  ("start-bare-cpu", "... a bare JVM to its line", "ms"),
                  ("close", "closing an idle pool", "ms")]),
    Row("kill", [("kill-p50", "SIGKILL to failed outcome, p50", "ms"),
                 ("kill-p99", "SIGKILL to failed outcome, p99", "ms"),
                 ("kill-then", "... and then", "")]),
    Row("busy", [("busy-roundtrip-p50", "busy neighbour: round trip, p50", "us"),
                 ("busy-submit", "... submits", "/s"),
                 ("busy-map", "... map, best batches", "/s"),
                 ("busy-kill-p50", "... SIGKILL to outcome, p50", "ms"),
                 ("busy-kill-p99", "... SIGKILL to outcome, p99", "ms")]),
    Row("command", [("command-threads", "fornada run, 3 items, threads", "ms"),
                    ("command-processes", "... worker processes", "ms")]),
    Row("cpu", [("cpu", "10 ms CPU tasks, of ideal", "")]),
    Row("rest", [("memory", "idle worker, resident", "MB"),
                 ("memory-own", "idle worker, proportional share", "MB"),
                 ("idle", "pool at rest, of one core", "%")]),
    Row("lock", [("lock-alone", "lock, acquire and release", "ns"),
                 ("lock-most", "100 ns without a lock", "/s"),
                 ("lock-2", "lock, 2 processes, 100 ns", "/s"),
                 ("lock-wait-2", "... the longest wait", "ms"),
                 ("own-wait-2", "... each with its own lock", "ms"),
                 ("lock-4", "lock, 4 processes, 100 ns", "/s"),
                 ("lock-wait-4", "... the longest wait", "ms"),
                 ("own-wait-4", "... each with its own lock", "ms")]),
    Row("handover", [("handover-p50", "release to a sleeper, p50", "us"),
                     ("handover-p99", "release to a sleeper, p99", "us"),
                     ("handover-first-p50", "... the first 200", "us"),
                     ("handover-early-p50", "... 200 after 1,000", "us"),
                     ("fifo", "... a byte through a FIFO", "us"),
                     ("handover-one", "... both on one processor", "us"),
                     ("fifo-one", "... and a byte", "us"),
                     ("handover-two", "... on two processors", "us"),
                     ("fifo-two", "... and a byte", "us"),
                     ("wait-cpu", "a process that waits, of one core", "%"),
                     ("sleep-cpu", "... a JVM that only sleeps", "%"),
                     ("wait-more", "... the difference", "%")]),
    Row("owner", [("owner-p50", "owner's death to the next, p50", "ms"),
                  ("owner-p99", "owner's death to the next, p99", "ms")]),
    Row("queue", [("queue-1-1", "queue, ints, 1 to 1", "/s"),
                  ("queue-4-4", "queue, ints, 4 to 4", "/s"),
                  ("queue-large", "queue, 1 MiB, 1 to 1", "/s")]),
    Row("array", [("array-memory", "1 GiB in 3 processes, of its size", "")]),
]

# What processes share. CPython's is measured by the peer that is its multiprocessing.
SHARED = {"lock", "handover", "owner", "queue", "array"}

# What is measured beside a process that computes all the time. In Python's pool a kill hangs.
BUSY = {"fornada": ["roundtrip", "submit", "map", "kill"], "executor": ["roundtrip", "submit", "kill"],
        "pool": ["submit", "map"]}

# main: measured in every round; the others once in the quick form
Column = namedtuple("Column", "name heading main")

COLUMNS = [
    Column("fornada", "Fornada", True),
    Column("executor", "Executor", True),
    Column("pool", "mp.Pool", True),
    Column("pebble", "Pebble", False),
    Column("loky", "loky", False),
    Column("dask", "Dask", False),
    Column("hazelcast", "Hazelcast", False),
    Column("spark", "Spark", False),
]

PEERS = [c.name for c in COLUMNS if c.name != "fornada"]


def faster(figure, peers, times):
    """A rate: Fornada's divided by the best of these peers' must be at least this factor."""
    return lambda get: _ratio(get, figure, figure, peers, max, times)


def _ratio(get, own, theirs, peers, best, times):
    mine = get("fornada", own)
    others = [v for v in (get(p, theirs) for p in peers) if v is not None]
    if mine is None or not others:
        return None
    other = best(others)
    ratio = mine / other if best is max else other / mine
    return ratio >= times, f"{ratio:.3g}x"


def against(own, theirs, times):
    """A rate of Fornada's under one name against the Executor's under another."""
    return lambda get: _ratio(get, own, theirs, ["executor"], max, times)


def shorter(figure, peers, times, theirs=None):
    """A time: the shortest of these peers' must be at least this factor times Fornada's."""
    return lambda get: _ratio(get, figure, theirs or figure, peers, min, times)


def at_most(figure, limit, unit):
    def judge(get):
        value = get("fornada", figure)
        return None if value is None else (value <= limit, f"{value:.3g} {unit}")

    return judge


def at_least(figure, limit):
    def judge(get):
        value = get("fornada", figure)
        return None if value is None else (value >= limit, f"{value:.3g}")

    return judge


def shorter_than(figure, peer, times):
    """A time: at most this factor times the peer's."""
    def judge(get):
        mine, theirs = get("fornada", figure), get(peer, figure)
        return None if mine is None or theirs is None else (mine <= times * theirs, f"{mine / theirs:.3g}x")

    return judge


def beside(figure, other, times=None):
    """A figure of Fornada's: at most this factor times another of its own."""
    def judge(get):
        mine, than = get("fornada", figure), get("fornada", other)
        if mine is None or than is None:
            return None
        return times is None or mine <= times * than, f"{mine / than:.3g}x"

    return judge


def part_of(figure, whole):
    """A rate of Fornada's as a part of another of its own."""
    def judge(get):
        mine, all_of_it = get("fornada", figure), get("fornada", whole)
        return None if mine is None or all_of_it is None else (True, f"{mine / all_of_it:.2f}")

    return judge


def stream_against_default(get):
    mine, theirs = get("fornada", "stream"), get("pool", "stream-one")
    return None if mine is None or theirs is None else (mine / theirs >= 30, f"{mine / theirs:.3g}x")


def no_copy(get):
    mine, copied = get("fornada", "shared"), get("fornada", "bytes")
    if mine is None or copied is None:
        return None
    # Time that does not depend on the size: far beyond what any copy could do.
    return mine >= 20 * copied, f"{mine / copied:.3g}x copied"


TARGETS = [
    ("round trip, p50: Executor's", "at least 30x", shorter("roundtrip-p50", ["executor"], 30)),
    ("round trip, p50: the best peer's", "at least 10x", shorter("roundtrip-p50", PEERS, 10)),
    ("submits: of Executor's", "at least 100x", faster("submit", ["executor"], 100)),
    ("submits: of the best peer's", "at least 60x", faster("submit", PEERS, 60)),
    ("fresh lambdas: of Executor's", "at least 10x", faster("lambda", ["executor"], 10)),
    ("map: of mp.Pool.map's", "at least 2x", faster("map", ["pool"], 2)),
    ("map: of mp.Pool.map's, if we can", "at least 3x", faster("map", ["pool"], 3)),
    ("stream: of imap_unordered's", "at least 30x", stream_against_default),
    ("stream: of imap_unordered's, its best chunks", "(no target)", faster("stream", ["pool"], 0)),
    ("64 MiB there: of Executor's", "at least 10x", faster("bytes", ["executor"], 10)),
    ("64 MiB shared: no copy", "20x a copy", no_copy),
    ("records one by one: of Executor's", "at least 5x", faster("record-submit", ["executor"], 5)),
    ("records by map: of Executor's", "at least 5x", faster("record-map", ["executor"], 5)),
    ("records with Fory, one by one: of Executor's", "at least 15x",
     against("fory-submit", "record-submit", 15)),
    ("records with Fory, map: of Executor's", "at least 15x",
     against("fory-map", "record-map", 15)),
    ("first pool: Executor's with forkserver", "at least 1x",
     shorter("start-first", ["executor"], 1, "start-first-forkserver")),
    ("... of a program with an AOT cache", "(no target)",
     shorter("start-first-cached", ["executor"], 0, "start-first-forkserver")),
    ("later pools: Executor's with forkserver", "at least 1x",
     shorter("start-later", ["executor"], 1, "start-later-forkserver")),
    ("later pools from a reserve: the same", "(no target)",
     shorter("start-reserve", ["executor"], 0, "start-later-forkserver")),
    ("later pools: two bare JVMs", "(no target)", beside("start-later", "start-bare")),
    ("processor time to a result: a bare JVM's", "at most 1.6x",
     beside("start-cpu", "start-bare-cpu", 1.6)),
    ("fornada run on processes: on threads", "at most 2.2x",
     beside("command-processes", "command-threads", 2.2)),
    ("one busy neighbour: submits, of Executor's", "at least 50x", faster("busy-submit", ["executor"], 50)),
    ("one busy neighbour: SIGKILL to outcome, p99", "at most 40 ms", at_most("busy-kill-p99", 40, "ms")),
    ("closing an idle pool: Executor's", "(no target)", shorter("close", ["executor"], 0)),
    ("SIGKILL to failed outcome, p99", "at most 20 ms", at_most("kill-p99", 20, "ms")),
    ("idle worker, resident", "at most 60 MB", at_most("memory", 60, "MB")),
    ("pool at rest, of one core", "at most 0.2 %", at_most("idle", 0.2, "%")),
    ("10 ms CPU tasks: of ThreadPool's", "at least 0.97", at_least("cpu", 0.97)),
    ("lock, nobody else", "at most 80 ns", at_most("lock-alone", 80, "ns")),
    ("lock, nobody else: multiprocessing.Lock's", "at least 3x", shorter("lock-alone", ["pool"], 3)),
    ("lock, 2 processes: of multiprocessing.Lock's", "at least 10x", faster("lock-2", ["pool"], 10)),
    ("lock, 4 processes: of multiprocessing.Lock's", "at least 10x", faster("lock-4", ["pool"], 10)),
    ("lock, 2 processes: of what is possible without", "(no target)", part_of("lock-2", "lock-most")),
    ("lock, 4 processes: of what is possible without", "(no target)", part_of("lock-4", "lock-most")),
    ("lock, 2 processes: the longest wait", "at most 10 ms", at_most("lock-wait-2", 10, "ms")),
    ("lock, 4 processes: the longest wait", "at most 10 ms", at_most("lock-wait-4", 10, "ms")),
    ("release to a sleeper, p50: of Python's", "at most 1.5x",
     shorter_than("handover-p50", "pool", 1.5)),
    ("release to a sleeper, both on one processor", "at most 1.5x",
     shorter_than("handover-one", "pool", 1.5)),
    ("release to a sleeper on another processor", "at most 1.5x",
     shorter_than("handover-two", "pool", 1.5)),
    ("a process that waits, of one core", "at most 0.1 %", at_most("wait-cpu", 0.1, "%")),
    ("... beyond a JVM that only sleeps", "at most 0.1 %", at_most("wait-more", 0.1, "%")),
    ("owner's death to the next, p99", "at most 20 ms", at_most("owner-p99", 20, "ms")),
    ("queue, ints, 1 to 1: of multiprocessing.Queue's", "at least 50x", faster("queue-1-1", ["pool"], 50)),
    ("queue, ints, 4 to 4: of multiprocessing.Queue's", "at least 20x", faster("queue-4-4", ["pool"], 20)),
    ("queue, 1 MiB: of multiprocessing.Queue's", "at least 10x", faster("queue-large", ["pool"], 10)),
    ("1 GiB in 3 processes, of its size", "at most 1.05", at_most("array-memory", 1.05, "")),
]
