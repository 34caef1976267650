"""Measures Fornada's ProcessPool and its peers in turns, prints the tables, writes the JSON."""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))

import catalog
import noise
import processes
import session
import setup
from choosing import chosen
from figures import Figures, figure, mean, progress
from finding import ROOT

OUT = os.path.join(ROOT, "benchmarks", "target", "peers.json")
START_METHODS = ["fork", "forkserver", "spawn"]
LIMIT_SECONDS = 120  # for one program; the slowest takes half of that in the full form
SETTLE_SECONDS = 3.0
COMMANDS = 5


def quantiles(values):
    """Quantiles over the samples of all rounds."""
    for row in ("kill", "busy-kill", "owner"):
        for peer, cell in values.pop(row, {}).items():
            for name, share in ((row + "-p50", 0.5), (row + "-p99", 0.99)):
                made = {k: v for k, v in cell.items() if k in ("unit", "note", "text")}
                samples = sorted(cell.get("samples", []))
                if samples:
                    made["value"] = samples[min(len(samples) - 1, int(share * len(samples)))]
                    made["samples"] = cell["samples"]
                    made.pop("text", None)
                values.setdefault(name, {})[peer] = made


class Measuring:
    def __init__(self, commands, seconds, folder):
        self.commands = commands
        self.seconds = seconds
        self.folder = folder
        self.figures = Figures()
        self.troubles = []

    def run(self, peer, row):
        if row == "command":
            self.run_command(peer)
        elif row == "first":
            java, *rest = self.commands[peer]
            self.run_program(peer, row, command=[java, f"-XX:AOTCache={self.cache()}", *rest])
        elif row.startswith("busy:"):
            neighbour = processes.Program([sys.executable, "-c", "while True: pass"], self.folder)
            try:
                self.run_program(peer, row.removeprefix("busy:"), "busy-", neighbour)
            finally:
                neighbour.end()
        else:
            self.run_program(peer, row)

    def cache(self):
        """An ahead-of-time cache of Fornada's peer itself, as a program's users make one; made once."""
        path = os.path.join(self.folder, "peer.aot")
        if not os.path.exists(path):
            java, *rest = self.commands["fornada"]
            command = [java, f"-XX:AOTCacheOutput={path}", *rest, "first", "1"]
            _, trouble = processes.Program(command, self.folder).finish(LIMIT_SECONDS)
            if trouble:
                self.troubles.append(f"fornada, its own cache: {trouble}")
        return path

    def run_program(self, peer, row, prefix="", neighbour=None, command=None):
        stretch = noise.Stretch()
        command = command or self.commands[peer]
        program = processes.Program([*command, row, str(self.seconds)], self.folder)
        lines, trouble = program.finish(LIMIT_SECONDS)
        if neighbour:
            neighbour.end()  # before the look at the machine: what has ended is known to be ours
        disturbed = stretch.disturbed()
        for line in lines:
            if "row" in line:
                self.figures.add(peer, {**line, "row": prefix + line["row"]}, disturbed)
        if trouble:
            row = prefix + row
            self.troubles.append(f"{peer}, {row}: {trouble}")
            named = [r for r in catalog.ROWS if r.name == row.split(":")[0]]
            first = named[0].figures[0][0] if named else row
            word = "time-out" if trouble.startswith("timed out") else "failed"
            self.figures.add(peer, {"row": first, "text": word, "note": trouble})

    def run_command(self, peer):
        """The whole command, on each model in turns; each once before, which does not count."""
        task = os.path.join(self.folder, "Half.java")
        with open(task, "w") as f:
            f.write("public class Half {\n  public static double half(int n) {\n    return n / 2.0;\n  }\n}\n")
        stretch = noise.Stretch()
        times = {"threads": [], "processes": []}
        for turn in range(COMMANDS + 1):
            for model, took in times.items():
                command = [os.path.join(ROOT, "fornada"), "run", task, "1", "2", "3", "--on", model]
                began = time.monotonic()
                done = subprocess.run(command, cwd=self.folder, stdin=subprocess.DEVNULL,
                                      capture_output=True, text=True, timeout=LIMIT_SECONDS)
                if done.returncode != 0 or "1.5" not in done.stdout:
                    self.troubles.append(f"{peer}, command: {done.stderr.strip()[-200:]}")
                    return
                if turn > 0:
                    took.append((time.monotonic() - began) * 1e3)
        disturbed = stretch.disturbed()
        for model, took in times.items():
            median = sorted(took)[len(took) // 2]
            line = figure(f"command-{model}", median, "ms", f"{len(took)} times")
            self.figures.add(peer, line, disturbed)

    def version(self, peer):
        program = processes.Program([*self.commands[peer], "version", "1"], self.folder)
        lines, trouble = program.finish(LIMIT_SECONDS)
        return lines[0]["version"] if lines else trouble

    def rest(self, peers, idle_seconds):
        """All at once: they do nothing, so they do not disturb each other."""
        programs = {}
        try:
            self.rest_of(programs, peers, idle_seconds)
        finally:
            for program, _ in programs.values():
                processes.sweep(program.mark)

    def rest_of(self, programs, peers, idle_seconds):
        for peer in peers:
            command = [*self.commands[peer], "rest", str(self.seconds)]
            program = processes.Program(command, self.folder)
            pids = read_pids(program)
            if pids:
                programs[peer] = (program, pids)
            else:
                self.troubles.append(f"{peer}, rest: {program.finish(1)[1]}")
        time.sleep(SETTLE_SECONDS)
        before = {p: processes.cpu_nanos(program.mark) for p, (program, _) in programs.items()}
        begin = time.monotonic()
        time.sleep(idle_seconds)
        took = time.monotonic() - begin
        for peer, (program, pids) in programs.items():
            used = processes.cpu_seconds_since(before[peer], program.mark)
            note = f"the program and all its processes, over {took:.1f} s"
            self.figures.add(peer, figure("idle", used / took * 100, "%", note))
            both = [processes.memory_mb(pid) for pid in pids]
            note = f"mean of {len(pids)}"
            self.figures.add(peer, figure("memory", mean(b[0] for b in both), "MB", note))
            self.figures.add(peer, figure("memory-own", mean(b[1] for b in both), "MB", note))
            _, trouble = program.finish(30)
            if trouble:
                self.troubles.append(f"{peer}, rest: {trouble}")


def read_pids(program):
    for line in program.process.stdout:
        if line.startswith(b"{"):
            return json.loads(line)["pids"]
    return None


def arguments():
    parser = argparse.ArgumentParser(
        prog="benchmarks/peers/run",
        description="Runs Fornada's ProcessPool and its peers side by side with two workers each, "
        "in turns, and prints medians. Best run alone: nothing else on the machine.",
    )
    parser.add_argument("--full", action="store_true", help="longer measurements, 7 rounds of all")
    parser.add_argument("--only", metavar="NAME[,NAME]", help="only these rows, or peers, or both")
    parser.add_argument("--list", action="store_true", help="print the names for --only")
    parser.add_argument("--rounds", type=int, help="how many rounds")
    parser.add_argument("--no-install", action="store_true", help="install no package")
    parser.add_argument("--quiet-wait", type=float, metavar="SECONDS", default=0,
                        help="before each program wait up to so long for a quiet machine")
    return parser.parse_args()


def plan(rows, peers, rounds, full):
    """What to run, in order: within a round and a row the peers take turns."""
    main = {c.name for c in catalog.COLUMNS if c.main}
    for turn in range(rounds):
        for row in rows:
            if row == "rest":
                continue
            for peer in peers:
                if turn > 0 and not full and peer not in main:
                    continue
                if row in ("kill", "owner") and peer == "pool" and turn > 0:
                    continue  # it hangs each time
                if row in catalog.SHARED and peer not in ("fornada", "pool"):
                    continue
                if row == "command" and peer != "fornada":
                    continue
                if row == "busy":
                    for what in catalog.BUSY.get(peer, []):
                        yield turn, peer, f"busy:{what}"
                    continue
                if row == "start" and peer in ("executor", "pool"):
                    for method in START_METHODS:
                        yield turn, peer, f"start:{method}"
                else:
                    yield turn, peer, row
                if row == "start" and peer == "fornada":
                    yield turn, peer, "first"


def main():
    session.end_by_cleaning_up()
    options = arguments()
    if options.list:
        session.print_names(catalog)
        return
    rows, peers = chosen(options.only, catalog)
    rounds = options.rounds or (7 if options.full else 3)
    run = session.Session(rounds, options.quiet_wait)
    commands, missing = setup.commands(peers, not options.no_install)
    peers = [p for p in peers if p in commands]
    with tempfile.TemporaryDirectory(prefix="peers-", ignore_cleanup_errors=True) as folder:
        measuring = Measuring(commands, 3.0 if options.full else 0.7, folder)
        if "fornada" in peers:
            # Its users' second program has one; short programs would never see it made.
            progress("making the cache that Fornada's workers start from")
            processes.Program([*commands["fornada"], "prepare", "1"], folder).finish(LIMIT_SECONDS)
        versions = {p: measuring.version(p) for p in peers}
        steps = list(plan(rows, peers, rounds, options.full))
        for _, peer, row in run.steps(steps, lambda step: f"{step[2]}, {step[1]}"):
            measuring.run(peer, row)
        if "rest" in rows:
            progress("at rest, all together")
            measuring.rest(peers, 10.0)
    quantiles(measuring.figures.values)
    result = run.result(
        measuring.figures,
        form="full" if options.full else "quick",
        seconds_each=measuring.seconds,
        versions=versions,
        missing=missing,
        troubles=measuring.troubles,
    )
    session.judge(result, catalog, measuring.figures)
    session.tell(result, OUT, f"Two workers each, {result['form']} form", catalog, rows)


if __name__ == "__main__":
    main()
