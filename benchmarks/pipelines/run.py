"""Measures Fornada's pipelines and their peers in turns, prints the table, writes the JSON."""

import argparse
import glob
import os
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))

import catalog
import noise
import processes
import session
from choosing import chosen
from figures import Figures
from finding import ROOT, build_fornada, java_home, maven, newest_python

HERE = os.path.dirname(os.path.abspath(__file__))
OUT = os.path.join(ROOT, "benchmarks", "target", "pipelines.json")
PACKAGE = "io.github.fornada.benchmarks.pipelines."
LIMIT_SECONDS = 180  # for one program


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
    parser.add_argument("--quiet-wait", type=float, metavar="SECONDS", default=0,
                        help="before each program wait up to so long for a quiet machine")
    parser.add_argument("--no-build", action="store_true", help="take what the last run has built")
    return parser.parse_args()


def main():
    session.end_by_cleaning_up()
    options = arguments()
    if options.list:
        session.print_names(catalog)
        return
    rows, peers = chosen(options.only, catalog)
    rounds = options.rounds or (7 if options.full else 3)
    seconds = options.seconds or (3.0 if options.full else 0.7)
    run = session.Session(rounds, options.quiet_wait)
    commands = Commands(peers, not options.no_build)
    figures, troubles = Figures(), []
    steps = [(turn, row, peer) for turn in range(rounds) for row in catalog.ROWS if row.name in rows
             for peer in row.peers if peer in peers and peer not in commands.missing]
    with tempfile.TemporaryDirectory(prefix="pipelines-", ignore_cleanup_errors=True) as folder:
        versions = {}
        for peer in peers:
            command = commands.of(peer, "version", 1)
            if command:
                lines, trouble = processes.Program(command, folder).finish(LIMIT_SECONDS)
                versions[peer] = lines[0]["text"] if lines else trouble
        for _, row, peer in run.steps(steps, lambda step: f"{step[1].name}, {step[2]}"):
            stretch = noise.Stretch()
            program = processes.Program(commands.of(peer, row.name, seconds), folder)
            lines, trouble = program.finish(LIMIT_SECONDS)
            disturbed = stretch.disturbed()
            for line in lines:
                if "row" in line:
                    figures.add(peer, line, disturbed)
            if trouble:
                troubles.append(f"{peer}, {row.name}: {trouble}")
                figures.add(peer, {"row": row.name, "text": "failed", "note": trouble})
    result = run.result(figures, seconds_each=seconds, versions=versions, missing=commands.missing, troubles=troubles)
    session.judge(result, catalog, figures)
    session.tell(result, OUT, f"Pipelines, {rounds} rounds of {seconds} s", catalog, rows, label=46)


if __name__ == "__main__":
    main()
