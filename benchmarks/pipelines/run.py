"""Measures Fornada's pipelines and their peers in turns, prints ratios with their spread, writes the JSON."""

import argparse
import datetime
import glob
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections import namedtuple

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))

import processes
from choosing import chosen
from figures import Figures, machine, progress
from finding import ROOT, build_fornada, java_home, maven, newest_python
from text import cell

HERE = os.path.dirname(os.path.abspath(__file__))
OUT = os.path.join(ROOT, "benchmarks", "target", "pipelines.json")
PACKAGE = "io.github.fornada.benchmarks.pipelines."
LIMIT_SECONDS = 180  # for one program

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
    Row("large", ["fornada", "python"],
        [("large", "64 MiB, process to process", "ms"),
         ("large-copy", "... one copy of them", "ms")]),
]


class Module:
    """What `chosen` needs to know."""

    ROWS = ROWS
    COLUMNS = COLUMNS


# what, target, figure of Fornada's, (peer, figure) that it is divided by or None, wanted, higher is better
Target = namedtuple("Target", "what wanted own other bound higher")
TARGETS = [
    Target("three empty stages: of queues by hand", "at least 1x", "empty", ("queues", "empty"), 1, True),
    Target("... in batches: of queues by hand", "at least 3x", "batches", ("queues", "empty"), 3, True),
    Target("... processor time: of queues by hand", "(no target)", "empty-cpu", ("queues", "empty-cpu"), 1, False),
    Target("three empty stages: of Jox's channels", "(no target)", "empty", ("jox", "empty"), 0, True),
    Target("threads: of Python's", "at least 5x", "threads", ("python", "threads"), 5, True),
    Target("processes: of Python's", "at least 20x", "processes", ("python", "processes"), 20, True),
    Target("20 ms, then 10 ms: of the bound", "at most 1.03x", "bound", None, 1.03, False),
    Target("64 MiB: in copies", "(no target)", "large", ("fornada", "large-copy"), 1, False),
    Target("64 MiB: of Python's", "(no target)", "large", ("python", "large"), 1, False),
]


class Commands:
    def __init__(self, peers, build):
        self.missing = {}
        self.class_path = build_fornada(build)
        home = java_home()
        self.java = [os.path.join(home, "bin", "java"), "-XX:+UseParallelGC", "-Xmx1g",
                     "-Dio.github.fornada.aotCache=use"]
        self.jox = self.build_jox(home, build) if "jox" in peers else None

    def of(self, peer, row, seconds):
        arguments = [row, str(seconds)]
        if peer in self.missing:
            return None
        if peer == "python":
            return [newest_python(), os.path.join(HERE, "python", "queues.py"), *arguments]
        if peer == "jox":
            path, version = self.jox
            return [*self.java, f"-Dpeer.version={version}", "-cp", path, PACKAGE + "jox.JoxPeer", *arguments]
        main = {"fornada": "FornadaPeer", "queues": "QueuesPeer"}[peer]
        return [*self.java, "-cp", self.class_path, PACKAGE + main, *arguments]

    def build_jox(self, home, build):
        folder = os.path.join(HERE, "jox")
        trouble = build and maven(["-f", os.path.join(folder, "pom.xml"), "package"], "fetching Jox's channels")
        jars = glob.glob(os.path.join(folder, "target", "lib", "channels-*.jar"))
        if trouble or not jars:
            self.missing["jox"] = trouble or "its jar was not fetched"
            return None
        classes = os.path.join(folder, "target", "classes")
        os.makedirs(classes, exist_ok=True)
        path = f"{classes}:{jars[0]}:{self.class_path}"
        javac = [os.path.join(home, "bin", "javac"), "-nowarn", "-cp", path, "-d", classes]
        done = subprocess.run([*javac, os.path.join(folder, "JoxPeer.java")], capture_output=True, text=True)
        if done.returncode != 0:
            self.missing["jox"] = f"it does not compile: {(done.stderr.splitlines() or ['no message'])[0]}"
            return None
        return path, os.path.basename(jars[0])[len("channels-"):-len(".jar")]


def measured(program):
    lines, trouble = program.finish(LIMIT_SECONDS)
    return [line for line in lines if "row" in line], trouble


def judged(figures):
    """Ratios of each round's figures, as the peers' programs of one round run one after the other."""
    lines = []
    for target in TARGETS:
        own = figures.values.get(target.own, {}).get("fornada", {}).get("rounds", [])
        if target.other is None:
            ratios = own
        else:
            peer, figure = target.other
            other = figures.values.get(figure, {}).get(peer, {}).get("rounds", [])
            ratios = [a / b for a, b in zip(own, other)]
        line = {"what": target.what, "target": target.wanted, "ratios": ratios}
        if ratios:
            ratio = statistics.median(ratios)
            line["measured"] = f"{ratio:.3g}x"
            line["spread"] = f"{min(ratios):.3g} to {max(ratios):.3g}"
            met = ratio >= target.bound if target.higher else ratio <= target.bound
            line["verdict"] = "" if target.wanted.startswith("(") else "PASS" if met else "MISS"
        lines.append(line)
    return lines


def render(result, rows, figures):
    facts = result["machine"]
    lines = [
        f"Pipelines, {result['rounds']} rounds of {result['seconds_each']} s, {result['date']}, "
        f"{result['seconds_all']} s",
        f"{facts['processor']}, {facts['cores']} cores, {facts['memory_gb']} GB, "
        f"load {facts['load_before']:.1f} before",
        "",
    ]
    if facts["load_before"] > 0.5:
        lines.insert(2, "THE MACHINE WAS BUSY BEFORE THE RUN: read nothing but rough ratios from this.")
    columns = [c for c in COLUMNS if c.name in result["versions"]]
    lines.append(" " * 46 + "".join(f"{c.heading:>16}" for c in columns))
    lines.append("-" * len(lines[-1]))
    for row in ROWS:
        for name, label, unit in row.figures if row.name in rows else []:
            cells = figures.values.get(name, {})
            if cells:
                head = f"{label} [{unit}]" if unit else label
                lines.append(f"{head:<46}" + "".join(f"{cell(cells, c.name):>16}" for c in columns))
    lines += ["", f"{'target':<42}{'wanted':>14}{'measured':>10}{'rounds':>20}  verdict", "-" * 96]
    for t in result["targets"]:
        if "measured" in t:
            lines.append(f"{t['what']:<42}{t['target']:>14}{t['measured']:>10}{t['spread']:>20}  {t['verdict']}".rstrip())
    lines += ["", "Versions:"] + [f"  {c.heading:<16} {result['versions'][c.name]}".rstrip() for c in columns]
    for heading, what in (("Missing", [f"{k}: {v}" for k, v in result["missing"].items()]),
                          ("Trouble", result["troubles"])):
        if what:
            lines += ["", f"{heading}:", *(f"  {one}" for one in what)]
    return "\n".join(lines)


def arguments():
    parser = argparse.ArgumentParser(
        prog="benchmarks/pipelines/run",
        description="Fornada's pipelines, queues by hand, Jox's channels and Python's queues, in turns. "
        "Run it with nothing else on the machine.",
    )
    parser.add_argument("--full", action="store_true", help="longer measurements, 7 rounds")
    parser.add_argument("--only", metavar="NAMES", help="rows or peers, with commas between")
    parser.add_argument("--rounds", type=int, metavar="N", help="how many rounds")
    parser.add_argument("--seconds", type=float, metavar="S", help="how long each figure is measured")
    parser.add_argument("--list", action="store_true", help="print the names of rows and peers")
    parser.add_argument("--no-build", action="store_true", help="take what the last run has built")
    return parser.parse_args()


def main():
    # Asked to end: by way of the cleaning up, as an interrupt from the keyboard goes too.
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    options = arguments()
    if options.list:
        print("rows: ", " ".join(r.name for r in ROWS))
        print("peers:", " ".join(c.name for c in COLUMNS))
        return
    rows, peers = chosen(options.only, Module)
    rounds = options.rounds or (7 if options.full else 3)
    seconds = options.seconds or (3.0 if options.full else 0.7)
    begin = time.monotonic()
    facts = machine()  # before the build, which is load too
    commands = Commands(peers, not options.no_build)
    figures, troubles = Figures(), []
    steps = [(turn, row, peer) for turn in range(rounds) for row in ROWS if row.name in rows
             for peer in row.peers if peer in peers and peer not in commands.missing]
    with tempfile.TemporaryDirectory(prefix="pipelines-", ignore_cleanup_errors=True) as folder:
        versions = {}
        for peer in peers:
            command = commands.of(peer, "version", 1)
            if command:
                lines, trouble = measured(processes.Program(command, folder))
                versions[peer] = lines[0]["text"] if lines else trouble
        for number_, (turn, row, peer) in enumerate(steps, 1):
            progress(f"round {turn + 1} of {rounds}, {number_} of {len(steps)}: {row.name}, {peer}")
            lines, trouble = measured(processes.Program(commands.of(peer, row.name, seconds), folder))
            for line in lines:
                figures.add(peer, line)
            if trouble:
                troubles.append(f"{peer}, {row.name}: {trouble}")
                figures.add(peer, {"row": row.name, "text": "failed", "note": trouble})
    progress("")
    figures.finish()
    facts["load_after"] = os.getloadavg()[0]
    result = {
        "date": datetime.datetime.now().astimezone().isoformat(timespec="seconds"),
        "rounds": rounds,
        "seconds_each": seconds,
        "seconds_all": round(time.monotonic() - begin),
        "machine": facts,
        "versions": versions,
        "missing": commands.missing,
        "troubles": troubles,
        "figures": figures.values,
        "targets": judged(figures),
    }
    os.makedirs(os.path.dirname(OUT), exist_ok=True)
    with open(OUT, "w") as f:
        json.dump(result, f, indent=1)
        f.write("\n")
    print(render(result, rows, figures))
    print(f"\nEvery figure with its rounds: {os.path.relpath(OUT)}")


if __name__ == "__main__":
    main()
