"""The rows, the peers' columns and the targets."""

from collections import namedtuple

# name: what --only takes
# peers: which have it; those of the list `once` are measured once in the quick form
# figures: what is printed: (id, label in the table, unit)
# more: further programs of some peers, which print figures of the row as well
# server: which side listens: None, "ours" (one program, the same for all), "peer" (and our load comes)
Row = namedtuple("Row", "name peers once figures more server", defaults=({}, None))

LOOPS = ["asyncio", "uvloop"]
GROUPS = "... by TaskGroup"


def both(program):
    return {peer: [program] for peer in LOOPS}


ROWS = [
    Row("sleep-10k", ["fornada", "jdk", *LOOPS, "trio"], ["trio"],
        [("sleep-10k-first", "10,000 sleeps, first, over 1 s", "ms"),
         ("sleep-10k", "10,000 sleeps, later", "ms"),
         ("sleep-10k-memory", "... peak memory", "MB")]),
    Row("sleep-100k", ["fornada", "jdk", *LOOPS, "trio"], [*LOOPS, "trio"],
        [("sleep-100k", "100,000 sleeps, over 1 s", "ms"),
         ("group-100k", GROUPS, "ms"),
         ("sleep-100k-memory", "... peak memory", "MB"),
         ("group-100k-memory", GROUPS, "MB")], both("group-100k")),
    Row("sleep-1m", ["fornada", "jdk", *LOOPS], ["jdk", *LOOPS],
        [("sleep-1m", "1,000,000 sleeps, over 1 s", "ms"),
         ("sleep-1m-memory", "... peak memory", "MB")]),
    Row("fork", ["fornada", "scope", *LOOPS, "trio"], ["scope", *LOOPS, "trio"],
        [("fork-one", "scope, fork, join: one child", "us"),
         ("fork-many", "... of 1,000, for each child", "us")]),
    Row("channel", ["fornada", "jdk", "jox", "kotlin", *LOOPS, "trio"], ["kotlin", *LOOPS, "trio"],
        [("channel-0", "hand-over, rendezvous", "/s"),
         ("channel-0-ltq", "... LinkedTransferQueue", "/s"),
         ("channel-1", "hand-over, capacity 1", "/s"),
         ("channel-16", "hand-over, capacity 16", "/s"),
         ("channel-256", "hand-over, capacity 256", "/s"),
         ("channel-1-ltq", "... LTQ, which has no bound", "/s"),
         ("channel-back", "there and back, capacity 1", "/s"),
         ("channel-back-ltq", "... LinkedTransferQueue", "/s")]),
    Row("http", ["fornada", "jdk", *LOOPS], LOOPS,
        [("http", "requests, 1,000 at once, 50 ms", "/s"),
         ("http-streams", "... asyncio streams", "/s")], both("http-streams"), "ours"),
    Row("echo", ["fornada", "jdk", *LOOPS, "trio"], [*LOOPS, "trio"],
        [("echo", "echo, 10,000 connections", "/s"),
         ("echo-p50", "... p50", "us"),
         ("echo-p99", "... p99", "us"),
         ("echo-memory", "... server's peak memory", "MB"),
         ("echo-streams", "... by streams", "/s"),
         ("echo-streams-p99", "... by streams, p99", "us")], both("echo-streams"), "peer"),
]

FULL_ONLY = {"sleep-1m": [("asyncio", "group-1m"), ("trio", "sleep-1m")]}

Column = namedtuple("Column", "name heading")

COLUMNS = [
    Column("fornada", "Fornada"),
    Column("jdk", "JDK"),
    Column("scope", "preview"),
    Column("jox", "Jox"),
    Column("kotlin", "Kotlin"),
    Column("asyncio", "asyncio"),
    Column("uvloop", "uvloop"),
    Column("trio", "trio"),
]


def _others(get, figures, peers):
    return [v for v in (get(p, f) for p in peers for f in figures) if v is not None]


def times_of(figure, peers, limit, theirs=None):
    """A time or a size: Fornada's over the best of theirs must be at most this factor."""

    def judge(get):
        mine, others = get("fornada", figure), _others(get, [figure, *(theirs or [])], peers)
        if mine is None or not others:
            return None
        ratio = mine / min(others)
        return ratio <= limit, f"{ratio:.3g}x"

    return judge


def rate_of(figures, peers, least, theirs=None):
    """A rate: the worst of Fornada's over the best of theirs, figure by figure."""

    def judge(get):
        ratios = []
        for figure in figures:
            mine, others = get("fornada", figure), _others(get, [figure, *(theirs or [])], peers)
            if mine is not None and others:
                ratios.append(mine / max(others))
        return (min(ratios) >= least, f"{min(ratios):.3g}x") if ratios else None

    return judge


def ratio(figure, limit):
    """What Fornada's program measured itself, against something in the same JVM in turns."""

    def judge(get):
        value = get("fornada", figure)
        return None if value is None else (value <= limit, f"{value:.3g}x")

    return judge


BOUNDED = ["channel-1", "channel-16", "channel-256"]
CHANNELS = ["channel-0", *BOUNDED, "channel-back"]

TARGETS = [
    ("10,000 sleeps, first: asyncio's", "ahead", times_of("sleep-10k-first", LOOPS, 1)),
    ("10,000 sleeps, later: asyncio's", "ahead", times_of("sleep-10k", LOOPS, 1)),
    ("100,000 sleeps: asyncio's", "ahead", times_of("sleep-100k", LOOPS, 1, ["group-100k"])),
    ("1,000,000 sleeps: asyncio's", "at most 0.333x", times_of("sleep-1m", ["asyncio"], 1 / 3)),
    ("1,000,000 sleeps: uvloop's", "at most 0.333x", times_of("sleep-1m", ["uvloop"], 1 / 3)),
    ("1,000,000 sleeps, memory: asyncio's", "at most 0.7x",
     times_of("sleep-1m-memory", ["asyncio"], 0.7)),
    ("1,000,000 sleeps, memory: uvloop's", "(no target)",
     times_of("sleep-1m-memory", ["uvloop"], 0.7)),
    ("scope of one child: startVirtualThread, join", "at most 1.3x", ratio("fork-one-ratio", 1.3)),
    ("a child of 1,000: startVirtualThread, join", "at most 1.3x", ratio("fork-many-ratio", 1.3)),
    ("hand-over: ArrayBlockingQueue's, each capacity", "ahead", rate_of(BOUNDED, ["jdk"], 1)),
    ("there and back: ArrayBlockingQueue's", "ahead", rate_of(["channel-back"], ["jdk"], 1)),
    ("hand-over: SynchronousQueue's", "(no target)", rate_of(["channel-0"], ["jdk"], 1)),
    ("hand-over: asyncio.Queue's, each capacity", "ahead", rate_of(BOUNDED, LOOPS, 1)),
    ("there and back: asyncio.Queue's", "ahead", rate_of(["channel-back"], LOOPS, 1)),
    ("hand-over: Jox's, each capacity", "at least 0.667x", rate_of(CHANNELS, ["jox"], 1 / 1.5)),
    ("hand-over: Kotlin's, each capacity", "at least 0.667x",
     rate_of(CHANNELS, ["kotlin"], 1 / 1.5)),
    ("requests: sendAsync's time", "at most 1.05x", times_of("http-time", ["jdk"], 1.05)),
    ("requests: aiohttp's", "ahead", rate_of(["http"], LOOPS, 1)),
    ("requests: asyncio streams'", "(no target)", rate_of(["http"], LOOPS, 1, ["http-streams"])),
    ("echo: asyncio's", "ahead", rate_of(["echo"], ["asyncio"], 1)),
    ("echo: uvloop's", "ahead", rate_of(["echo"], ["uvloop"], 1)),
    ("echo, p99: asyncio's", "ahead", times_of("echo-p99", ["asyncio"], 1)),
    ("echo, p99: uvloop's", "ahead", times_of("echo-p99", ["uvloop"], 1)),
]
