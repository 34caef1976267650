"""Measures Fornada's pool on a Spark cluster and RDDs by hand, prints the table, writes the JSON."""

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
from finding import ROOT, java_home, maven, one, tell

HERE = os.path.dirname(os.path.abspath(__file__))
TARGET = os.path.join(HERE, "target")
OUT = os.path.join(ROOT, "benchmarks", "target", "spark.json")
MAIN = "io.github.fornada.benchmarks.spark.SparkBench"
LIMIT_SECONDS = 1800  # for one program: ten million items take their time


def compiled(home, path, classes):
    os.makedirs(classes, exist_ok=True)
    javac = [os.path.join(home, "bin", "javac"), "-nowarn", "-proc:none", "-cp", path, "-d", classes]
    done = subprocess.run([*javac, os.path.join(HERE, "SparkBench.java")], capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"SparkBench.java does not compile:\n{done.stderr}")
    jar = os.path.join(TARGET, "spark-bench.jar")
    subprocess.run([os.path.join(home, "bin", "jar"), "--create", "--file", jar, "-C", classes, "."], check=True)
    return jar


def command(build):
    """The program without its arguments. Jars only: executors get no folders."""
    home = java_home()
    if build:
        tell("building Fornada; the first time Maven fetches Spark, 220 MB")
        trouble = maven(["-Pwarn,spark", "-pl", "library,spark", "-Dmaven.test.skip=true", "package"],
                        "the build")
        trouble = trouble or maven(["-f", os.path.join(HERE, "..", "peers", "spark", "pom.xml"), "package"],
                                   "fetching Spark")
        if trouble:
            raise SystemExit(trouble)
    spark = sorted(glob.glob(os.path.join(ROOT, "benchmarks/peers/spark/target/jars/*.jar")))
    own = [one("library/target/fornada-[0-9]*.jar"), one("spark/target/fornada-spark-[0-9]*.jar")]
    if not spark or None in own:
        raise SystemExit("nothing is built: run it without --no-build")
    path = ":".join([*own, *spark])
    jar = compiled(home, path, os.path.join(TARGET, "classes"))
    java = os.path.join(home, "bin", "java")
    start = ["-cp", f"{jar}:{path}", MAIN]
    options = subprocess.run([java, *start, "options"], capture_output=True, text=True)
    if options.returncode != 0:
        raise SystemExit(f"it does not start: {(options.stderr.splitlines() or ['no message'])[-1]}")
    log = os.path.join(TARGET, "log4j2.properties")
    with open(log, "w") as f:
        f.write("status=error\nrootLogger.level=error\n")
    return [java, *options.stdout.split(), "-Xmx1g", "-Dio.github.fornada.aotCache=use",
            f"-Dlog4j2.configurationFile={log}", f"-Dbench.jar={jar}", *start]


def arguments():
    parser = argparse.ArgumentParser(
        prog="benchmarks/spark/run",
        description="A Spark cluster of two machines with a core each, on this one: Fornada's pool on it, "
        "and RDDs written by hand, in turns. Run it with nothing else on the machine.",
    )
    parser.add_argument("--full", action="store_true",
                        help="the sizes of the targets (10^5 and 10^7 items), 5 rounds; an hour or so")
    parser.add_argument("--only", metavar="NAMES", help="rows, with commas between")
    parser.add_argument("--rounds", type=int, metavar="N", help="how many rounds")
    parser.add_argument("--scale", type=float, metavar="S",
                        help="the sizes, as a part of those of --full; the default is 0.05")
    parser.add_argument("--list", action="store_true", help="print the names of rows and columns")
    parser.add_argument("--quiet-wait", type=float, metavar="SECONDS", default=0,
                        help="before each program wait up to so long for a quiet machine")
    parser.add_argument("--no-build", action="store_true", help="take what the last run has built")
    return parser.parse_args()


def main():
    session.end_by_cleaning_up()
    options = arguments()
    if options.list:
        session.print_names(catalog, "columns")
        return
    rows, _ = chosen(options.only, catalog)
    rounds = options.rounds or (5 if options.full else 1)
    scale = options.scale or (1.0 if options.full else 0.05)
    run = session.Session(rounds, options.quiet_wait)
    program = command(not options.no_build)
    figures, troubles = Figures(), []
    steps = [(turn, row) for turn in range(rounds) for row in rows]
    with tempfile.TemporaryDirectory(prefix="spark-bench-", ignore_cleanup_errors=True) as folder:
        lines, trouble = processes.Program([*program, "version", "1", "0"], folder).finish(60)
        versions = {c.name: lines[0]["text"] if lines else trouble for c in catalog.COLUMNS}
        for turn, row in run.steps(steps, lambda step: step[1]):
            stretch = noise.Stretch()
            lines, trouble = processes.Program([*program, row, str(scale), str(turn)], folder).finish(LIMIT_SECONDS)
            disturbed = stretch.disturbed()
            for line in lines:
                figures.add(line["peer"], line, disturbed)
            if trouble:
                troubles.append(f"{row}: {trouble}")
    result = run.result(figures, scale=scale, versions=versions, missing={}, troubles=troubles)
    session.judge(result, catalog, figures)
    title = f"On a Spark cluster of two machines with a core each, {rounds} rounds, sizes x {scale:g}"
    session.tell(result, OUT, title, catalog, rows, label=58)
    if troubles:
        sys.exit(1)


if __name__ == "__main__":
    main()
