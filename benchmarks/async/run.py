"""Measures Fornada's structured tasks and their peers in turns, prints the tables, writes the JSON."""

import argparse
import json
import os
import resource
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))

import catalog
import noise
import processes
import session
import setup
from choosing import chosen
from figures import Figures, figure
from finding import ROOT

OUT = os.path.join(ROOT, "benchmarks", "target", "async.json")
LIMIT_SECONDS = 150  # for one program
FILES_NEEDED = 10_500  # each side of 10,000 connections, and what a program has open besides
WARM_UP = {"fornada": 6.0, "jdk": 6.0}  # of the echo row, in seconds: the compilers need it
WARM_UP_ELSE = 1.5


class Measuring:
    def __init__(self, commands, seconds, folder):
        self.commands = commands
        self.seconds = seconds
        self.folder = folder
        self.figures = Figures()
        self.troubles = []

    def program(self, command):
        return processes.Program(command, self.folder)

    def run(self, row, peer, name):
        if self.commands.of(peer, name, self.seconds) is None:
            return
        stretch = noise.Stretch()
        if row.server == "ours":
            lines, trouble = self.with_server(peer, name)
        elif row.server == "peer":
            lines, trouble = self.with_load(peer, name)
        else:
            program = self.program(self.commands.of(peer, name, self.seconds))
            lines, trouble = program.finish(LIMIT_SECONDS)
        disturbed = stretch.disturbed()
        for line in lines:
            if "row" in line:
                # A program may measure what it is compared with itself.
                self.figures.add(line.get("peer", peer), line, disturbed)
        if trouble:
            self.troubles.append(f"{peer}, {name}: {trouble}")
            word = "time-out" if trouble.startswith("timed out") else "failed"
            self.figures.add(peer, {"row": name, "text": word, "note": trouble})

    def with_server(self, peer, name):
        """One server for all, a new one for each program."""
        server = self.program(self.commands.ours("SlowServer"))
        try:
            command = self.commands.of(peer, name, self.seconds, port_of(server))
            lines, trouble = self.program(command).finish(LIMIT_SECONDS)
        finally:
            _, stopped = server.finish(10)
        times = [
            figure(f"{line['row']}-time", 1 / line["value"], "s", "") for line in lines if "row" in line
        ]
        return lines + times, trouble or stopped

    def with_load(self, peer, name):
        """The peer is the server, and the same load comes to each."""
        server = self.program(self.commands.of(peer, name, self.seconds))
        try:
            load = self.commands.ours(
                "EchoLoad", port_of(server), str(3 * self.seconds), str(WARM_UP.get(peer, WARM_UP_ELSE))
            )
            lines, trouble = self.program(load).finish(LIMIT_SECONDS)
            peak = processes.peak_mb(server.process.pid)
        finally:
            _, stopped = server.finish(20)
        for line in lines:
            line["row"] = line["row"].replace("echo", name)
        lines.append(figure(f"{name}-memory", peak, "MB", "the server's peak"))
        return lines, trouble or stopped

    def version(self, peer):
        command = self.commands.of(peer, "version", 1)
        if command is None:
            return None
        lines, trouble = self.program(command).finish(LIMIT_SECONDS)
        return lines[0]["version"] if lines else trouble


def port_of(server):
    for line in server.process.stdout:
        if line.startswith(b"{"):
            return str(json.loads(line)["port"])
    raise SystemExit(f"a server did not start: {server.finish(1)[1]}")


def arguments():
    parser = argparse.ArgumentParser(
        prog="benchmarks/async/run",
        description="Fornada's structured tasks, asyncio and others, side by side, on this machine.",
    )
    parser.add_argument("--full", action="store_true", help="longer measurements, 5 rounds of all")
    parser.add_argument("--only", metavar="NAMES", help="rows or peers, with commas between")
    parser.add_argument("--rounds", type=int, metavar="N", help="how many rounds")
    parser.add_argument("--list", action="store_true", help="print the names of rows and peers")
    parser.add_argument("--add", action="store_true", help="keep the other rows of the last run")
    parser.add_argument("--no-build", action="store_true", help="take what the last run has built")
    parser.add_argument("--no-install", action="store_true", help="do not install Debian packages")
    parser.add_argument("--quiet-wait", type=float, metavar="SECONDS", default=0,
                        help="before each program wait up to so long for a quiet machine")
    return parser.parse_args()


def add_last(result, rows):
    """Takes over what the last run measured and this one did not; gives the rows of both."""
    with open(OUT) as f:
        last = json.load(f)
    ours = {f[0] for r in catalog.ROWS if r.name in rows for f in r.figures}
    for name, cells in last["figures"].items():
        if name not in ours:
            result["figures"].setdefault(name, cells)
    result["versions"] = {**last["versions"], **result["versions"]}
    result["missing"] = {**last["missing"], **result["missing"]}
    result["troubles"] = last["troubles"] + result["troubles"]
    result["earlier"] = [*last.get("earlier", []), last["date"]]
    result["machine"]["load_before"] = max(
        last["machine"]["load_before"], result["machine"]["load_before"]
    )
    result["seconds_all"] += last["seconds_all"]
    return [r.name for r in catalog.ROWS if any(f[0] in result["figures"] for f in r.figures)]


def plan(rows, peers, rounds, full):
    """What to run, in order: within a round and a row the peers take turns."""
    for turn in range(rounds):
        for row in catalog.ROWS:
            if row.name not in rows:
                continue
            programs = [(p, row.name) for p in row.peers]
            programs += [(p, name) for p, names in row.more.items() for name in names]
            programs += catalog.FULL_ONLY.get(row.name, []) if full else []
            for peer, name in programs:
                again = full or (peer not in row.once and name == row.name)
                if peer in peers and (turn == 0 or again):
                    yield turn, row, peer, name


def main():
    session.end_by_cleaning_up()
    options = arguments()
    if options.list:
        session.print_names(catalog)
        return
    rows, peers = chosen(options.only, catalog)
    rounds = options.rounds or (5 if options.full else 2)
    run = session.Session(rounds, options.quiet_wait)
    commands = setup.Commands(peers, not options.no_install, not options.no_build)
    measured = rows
    files = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    if "echo" in rows and files < FILES_NEEDED:
        measured = [r for r in rows if r != "echo"]
        commands.missing["echo"] = (
            f"a program may have {files} files open, and 10,000 connections need {FILES_NEEDED}: "
            f"raise the hard limit (ulimit -H -n) first"
        )
    with tempfile.TemporaryDirectory(prefix="async-", ignore_cleanup_errors=True) as folder:
        measuring = Measuring(commands, 3.0 if options.full else 0.7, folder)
        versions = {p: measuring.version(p) for p in peers}
        steps = list(plan(measured, peers, rounds, options.full))
        for _, row, peer, name in run.steps(steps, lambda step: f"{step[3]}, {step[2]}"):
            measuring.run(row, peer, name)
    result = run.result(
        measuring.figures,
        form="full" if options.full else "quick",
        seconds_each=measuring.seconds,
        java_options={"": setup.JAVA_OPTIONS, **setup.JAVA_OPTIONS_OF},
        versions={p: v for p, v in versions.items() if v},
        missing=commands.missing,
        troubles=measuring.troubles,
    )
    if options.add and os.path.exists(OUT):
        rows = add_last(result, rows)
        measuring.figures.values = result["figures"]
    session.judge(result, catalog, measuring.figures)
    session.tell(result, OUT, f"Structured tasks, {result['form']} form", catalog, rows)


if __name__ == "__main__":
    main()
