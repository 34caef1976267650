"""The rows, the columns and the targets."""

from collections import namedtuple

# figures: what its program prints: (id, label in the table, unit)
Row = namedtuple("Row", "name figures")
Column = namedtuple("Column", "name heading")

COLUMNS = [
    Column("fornada", "SparkPool"),
    Column("rdd", "RDD by hand"),
]

ROWS = [
    Row("equal", [("equal", "equal items of 10 ms", "items/s")]),
    Row("heavy", [("heavy", "heavy-tailed items that wait, 32 at once", "items/s"),
                  ("heavy-of-most", "... of what 32 at once can do", "of 1")]),
    Row("heavy-long", [("heavy-long", "... five times as many", "items/s"),
                       ("heavy-long-of-most", "... of what 32 at once can do", "of 1")]),
    Row("heavy-two", [("heavy-two", "heavy-tailed items that compute, 2 at once", "items/s")]),
    Row("tiny", [("tiny", "tiny items; RDD: one in a partition", "items/s"),
                 ("tiny-best", "... RDD: at its best partitioning", "items/s")]),
    Row("first", [("first", "first result of endless input; a one-task job", "ms")]),
    Row("poison", [("poison-named", "items that halt their JVM: named", "of 1"),
                   ("poison-executors", "... executors lost", ""),
                   ("poison-wrong", "... other items not done once", ""),
                   ("poison", "... items, with those that halt", "items/s")]),
    Row("flat", [("flat", "many tiny items as a stream", "items/s"),
                 ("flat-heap", "... heap in use at the end, of that at a fifth", "x")]),
]


def ratio(figure, wanted, higher):
    """SparkPool's figure divided by that of the RDD: at least, or at most, so much."""

    def judge(get):
        mine, other = get("fornada", figure), get("rdd", figure)
        if mine is None or not other:
            return None
        value = mine / other
        return (value >= wanted if higher else value <= wanted), f"{value:.3g}x"

    return judge


def bound(figure, wanted):
    def judge(get):
        value = get("fornada", figure)
        return None if value is None else (value <= wanted, f"{value:.3g}")

    return judge


def all_named(get):
    value = get("fornada", "poison-named")
    return None if value is None else (value >= 1, f"{value:.0%}")


TARGETS = [
    ("equal items: of an RDD at its best partitioning", "at least 0.95x", ratio("equal", 1 / 1.05, True)),
    ("heavy-tailed items, 32 at once: of an RDD at its best", "at least 1.3x", ratio("heavy", 1.3, True)),
    ("... five times as many: of an RDD at its best", "(no target)", ratio("heavy-long", 1, True)),
    ("heavy-tailed items, 2 at once: of an RDD at its best", "(no target)", ratio("heavy-two", 1, True)),
    ("tiny items: of an RDD with one in a partition", "at least 20x", ratio("tiny", 20, True)),
    ("tiny items: of an RDD at its best", "(no target)", ratio("tiny-best", 1, True)),
    ("first result: of a one-task job", "at most 2x", ratio("first", 2, False)),
    ("items that halt their JVM: named", "all", all_named),
    ("... executors lost", "0", bound("poison-executors", 0)),
    ("... other items not done once", "0", bound("poison-wrong", 0)),
    ("many items: heap at the end, of that at a fifth", "at most 1.2x", bound("flat-heap", 1.2)),
]
