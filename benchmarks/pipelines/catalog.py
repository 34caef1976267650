"""The rows, the peers' columns and the targets."""

from collections import namedtuple

# peers: whose programs measure it
# figures: what they print: (id, label in the table, unit)
Row = namedtuple("Row", "name peers figures")
Column = namedtuple("Column", "name heading")

COLUMNS = [
    Column("fornada", "Fornada"),
    Column("queues", "queues by hand"),
    Column("jox", "Jox channels"),
    Column("python", "Python's queues"),
]

ROWS = [
    Row("empty", ["fornada", "queues", "jox"],
        [("empty", "three empty stages", "items/s"),
         ("empty-cpu", "... processor time of an item", "ns"),
         ("batches", "... in batches of 500", "items/s"),
         ("batches-cpu", "... processor time of an item", "ns")]),
    Row("threads", ["fornada", "jox", "python"],
        [("threads", "tiny items, two stages of threads", "items/s")]),
    Row("processes", ["fornada", "python"],
        [("processes", "tiny items, two stages of processes", "items/s")]),
    Row("bound", ["fornada"],
        [("bound", "wait 20 ms, compute 10 ms: of the bound", "")]),
    Row("total", ["fornada"],
        [("total", "sizes found: best sizes' rate over theirs", "x"),
         ("total-whole", "... finding them included", "x")]),
    Row("large", ["fornada", "python"],
        [("large", "64 MiB, process to process", "ms"),
         ("large-hand", "... by two threads and files, by hand", "ms"),
         ("large-copy", "... one copy of them", "ms")]),
]


def quotient(own, peer, theirs, bound, higher):
    """Fornada's figure divided by the other: at least, or at most, the bound."""

    def judge(get):
        mine, other = get("fornada", own), get(peer, theirs)
        if mine is None or not other:
            return None
        ratio = mine / other
        return (ratio >= bound if higher else ratio <= bound), f"{ratio:.3g}x"

    return judge


def at_least(own, peer, theirs, bound):
    return quotient(own, peer, theirs, bound, True)


def at_most(own, peer, theirs, bound):
    return quotient(own, peer, theirs, bound, False)


def at_most_itself(figure, bound):
    """Fornada's figure, which is a ratio already: at most the bound."""

    def judge(get):
        value = get("fornada", figure)
        return None if value is None else (value <= bound, f"{value:.4g}x")

    return judge


TARGETS = [
    ("three empty stages: of queues by hand", "at least 1x", at_least("empty", "queues", "empty", 1)),
    ("... in batches: of queues by hand", "at least 3x", at_least("batches", "queues", "empty", 3)),
    ("... processor time: of queues by hand", "(no target)", at_most("empty-cpu", "queues", "empty-cpu", 1)),
    ("three empty stages: of Jox's channels", "(no target)", at_least("empty", "jox", "empty", 0)),
    ("threads: of Python's", "at least 5x", at_least("threads", "python", "threads", 5)),
    ("processes: of Python's", "at least 20x", at_least("processes", "python", "processes", 20)),
    ("20 ms, then 10 ms: of the bound", "at most 1.03x", at_most_itself("bound", 1.03)),
    ("withTotal: of the best sizes", "at most 1.05x", at_most_itself("total", 1.05)),
    ("64 MiB: of two threads and files by hand", "at most 1.2x",
     at_most("large", "fornada", "large-hand", 1.2)),
    ("64 MiB: in copies", "(no target)", at_most("large", "fornada", "large-copy", 1)),
    ("64 MiB: of Python's", "(no target)", at_most("large", "python", "large", 1)),
]
