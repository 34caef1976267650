"""Runs workloads under `auto`, under each model and under the best setting, in fresh JVMs and random order.

Every run appends to a file, so a block of all workloads can be a slice of an evening, and the report is
made of all slices of one machine and scale.
"""

import argparse
import functools
import glob
import hashlib
import json
import os
import random
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))

import measures
import noise
import processes
import session
from figures import machine, progress
from finding import ROOT, build_fornada, java_home, maven, tell

HERE = os.path.dirname(os.path.abspath(__file__))
TARGET = os.path.join(ROOT, "benchmarks", "target")
RUNS = os.path.join(TARGET, "advice-runs.jsonl")
SWEEPS = os.path.join(TARGET, "advice-sweeps.json")
MAIN = "io.github.fornada.benchmarks.advice.Trial"

SCALES = {"small": 1.0, "normal": 6.0}
LONGEST = 90  # seconds, for one run at scale 1
ATTEMPTS = 3  # of a run that others disturbed
FITTED = (0.15, 16.0)  # by how much a longer job's number of items may be changed, to last as long as it should
SHORTEST_OF_LONG = 5.3  # seconds: the targets of longer jobs are for those of 5 s and more

# What always one model would do. 1,000 is what a pool of virtual threads allows by itself.
CORES = os.cpu_count()
BASELINES = ["sequential", f"threads:{CORES}", "virtual:1000", f"processes:{CORES}"]

# A dozen of different kinds: what the check runs.
FEW = [
    "regular", "tiny", "three-items", "memory-sum", "class-lock", "reentrant-lock", "atomic", "sleeps-long",
    "connections", "http-delay", "mixed-90-10", "static-format",
]
WAYS_OF_FEW = ["auto", *BASELINES, "virtual:64"]

# The settings that a sweep tries. Threads and processes beyond a few times the cores are known to give
# nothing to those that compute, and waiting ones have virtual threads.
SWEEP = ["sequential", *(f"threads:{n}" for n in (2, 4, 8, 16, 64)),
         *(f"virtual:{n}" for n in (2, 4, 8, 16, 24, 32, 64, 128, 256, 1000)),
         *(f"processes:{n}" for n in (1, 2, 4))]


class Runs:
    """Runs single trials."""

    def __init__(self, class_path, folder, scale):
        self.java = [os.path.join(java_home(), "bin", "java"), "-Xmx1500m",
                     "-Dio.github.fornada.aotCache=use", "--enable-native-access=ALL-UNNAMED"]
        self.class_path = class_path
        self.folder = folder
        self.scale = scale

    def trial(self, work, way, scale, limit):
        """(what it printed, trouble, whether others disturbed it)"""
        memory = f"-Dfornada.advice.folder={os.path.join(self.folder, 'learned')}"
        command = [*self.java, memory, "-cp", self.class_path, MAIN, work, way, str(scale), f"{limit:.2f}"]
        stretch = noise.Stretch()
        lines, trouble = processes.Program(command, self.folder).finish(limit + 60)
        lines = [line for line in lines if "row" in line]
        if not lines:
            return None, trouble or "it printed nothing", False
        return lines[-1], trouble, stretch.disturbed()

    def names(self):
        command = [*self.java, "-cp", self.class_path, MAIN, "--list"]
        program = processes.Program(command, self.folder)
        out, _ = program.process.communicate(timeout=60)
        if program.process.returncode != 0:
            raise SystemExit(f"{MAIN} does not start: {program.last_error()}")
        return out.decode().split()


def libraries(class_path, build):
    """The class path with what LibSVM and a database need, or as it is, and says why."""
    folder = os.path.join(HERE, "libraries")
    lib = os.path.join(folder, "target", "lib", "*.jar")
    trouble = maven(["-f", os.path.join(folder, "pom.xml"), "package"], "fetching libraries") if build else None
    classes = os.path.join(folder, "target", "classes")
    jars = sorted(glob.glob(lib))
    if trouble or not jars:
        tell(f"without libsvm, trees and database: {trouble or 'their libraries were not fetched'}")
        return class_path
    os.makedirs(classes, exist_ok=True)
    path = ":".join([class_path, classes, *jars])
    javac = [os.path.join(java_home(), "bin", "javac"), "-nowarn", "-proc:none", "-cp", path, "-d", classes]
    done = subprocess.run([*javac, os.path.join(folder, "Libraries.java")], capture_output=True, text=True)
    if done.returncode != 0:
        tell(f"without libsvm, trees and database: {done.stderr.strip()[:300]}")
        return class_path
    return path


def signature():
    facts = machine()
    text = f"{facts['processor']}|{facts['cores']}|{facts['memory_gb']}"
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def read_json(path, otherwise):
    try:
        with open(path) as f:
            return json.load(f)
    except OSError:
        return otherwise


def sweep(runs, work, scale):
    """The settings worth timing: the best three of a sweep, over a part of the items."""
    part = scale / 4
    took = {}
    best = LONGEST * scale
    for way in SWEEP:
        line, trouble, _ = runs.trial(work, way, part, 3 * best + 0.5)
        if line is None:
            progress(f"{work}, {way}: {trouble}")
            continue
        failed = line.get("failed", 0) > 0.005 * line.get("items", 1)
        if not line.get("cut") and not failed:
            took[way] = line["seconds"]
            best = min(best, line["seconds"])
    ways = sorted(took, key=took.get)[:3]
    return {"ways": ways, "seconds": {way: round(took[way], 4) for way in took}}


def swept(runs, work, scale, mark):
    known = read_json(SWEEPS, {})
    key = f"{mark}|{scale}|{work}"
    if key not in known:
        progress(f"sweep: {work}")
        known[key] = sweep(runs, work, scale)
        with open(SWEEPS, "w") as f:
            json.dump(known, f, indent=1)
    return known[key]


def undisturbed(runs, work, way, scale, limit):
    """A trial that is run again where others used the machine: (line, trouble, whether they did to the end)"""
    for attempt in range(ATTEMPTS):
        if attempt > 0:
            noise.wait_until_quiet(60, progress)
        line, trouble, disturbed = runs.trial(work, way, scale, limit)
        if not disturbed:
            break
    return line, trouble, disturbed


def length(runs, work, scale, mark, found):
    """The scale at which the best of the sweep lasts as long as it should: 6 s or little more, for longer jobs."""
    if scale == 1 or not found["ways"]:
        return scale
    if "length" not in found:
        progress(f"length: {work}")
        best = found["ways"][0]
        fit = scale * within(scale / (4 * found["seconds"][best]))
        for _ in range(2):  # a part of the sweep's time was that of starting, which a longer job has once
            line, _, _ = runs.trial(work, best, fit, LONGEST)
            if line is None or line["seconds"] >= SHORTEST_OF_LONG:
                break
            fit = scale * within(fit / scale * scale / line["seconds"])
        known = read_json(SWEEPS, {})
        known[f"{mark}|{scale}|{work}"]["length"] = found["length"] = fit
        with open(SWEEPS, "w") as f:
            json.dump(known, f, indent=1)
    return found["length"]


def within(factor):
    return min(max(factor, FITTED[0]), FITTED[1])


def block(runs, works, scale, mark, number, seed, few):
    draw = random.Random(seed)
    order = list(works)
    draw.shuffle(order)
    for at, work in enumerate(order, 1):
        if few:
            ways, limit, size = list(WAYS_OF_FEW), 12 * scale, scale
        else:
            found = swept(runs, work, scale, mark)
            ways = ["auto", "remembered", *dict.fromkeys([*BASELINES, *found["ways"]])]
            best = 4 * min(found["seconds"].values(), default=LONGEST / 12)
            size = length(runs, work, scale, mark, found)
            limit = 3 * best * size / scale + 2
        draw.shuffle(ways)
        if "remembered" in ways:  # what is remembered has to be learned before
            a, b = ways.index("auto"), ways.index("remembered")
            ways[min(a, b)], ways[max(a, b)] = "auto", "remembered"
        for way in ways:
            progress(f"block {number}, {at} of {len(order)}: {work}, {way}")
            own = limit if way not in ("auto", "remembered") else 2 * limit
            once = runs.trial if few else functools.partial(undisturbed, runs)
            line, trouble, disturbed = once(work, way, size, own)
            if line is None:
                line = {"row": work, "way": way, "trouble": trouble}
            line.update(block=number, scale=scale, length=round(size, 3), machine=mark, disturbed=disturbed,
                        at=round(time.time()), swept=not few)
            if not few:
                line["candidate"] = way in found["ways"]
            yield line


def keep(line):
    os.makedirs(TARGET, exist_ok=True)
    with open(RUNS, "a") as f:
        f.write(json.dumps(line) + "\n")


def kept(mark, scale):
    try:
        with open(RUNS) as f:
            lines = [json.loads(line) for line in f]
    except OSError:
        return []
    return [l for l in lines if l["machine"] == mark and l["scale"] == scale and l["swept"]]


def check(runs, works, scale, mark):
    """One block; what is wrong in it is tried once more, as a busy machine makes any time long."""
    for attempt in (1, 2):
        seed = random.SystemRandom().randrange(1 << 30)
        text, wrong = measures.gross(list(block(runs, works, scale, mark, attempt, seed, True)))
        progress("")
        print(text)
        if not wrong:
            return 0
        works = wrong
    return 1


def arguments():
    parser = argparse.ArgumentParser(
        prog="benchmarks/advice/run",
        description="The pool that chooses by itself, each model, and the best setting, over workloads of many "
        "kinds. Run it with nothing else on the machine.",
    )
    parser.add_argument("--check", action="store_true", help="a dozen of them, one block, kept nowhere; fails on gross errors")
    parser.add_argument("--scale", choices=SCALES, default="small", help="small: the best takes 1 s; normal: 6 s")
    parser.add_argument("--blocks", type=int, default=1, metavar="N", help="how many more blocks to run (1)")
    parser.add_argument("--only", metavar="NAMES", help="workloads, with commas between")
    parser.add_argument("--report", action="store_true", help="run nothing, and report what was kept")
    parser.add_argument("--fresh", action="store_true", help="forget earlier runs")
    parser.add_argument("--list", action="store_true", help="print the names of the workloads")
    parser.add_argument("--no-build", action="store_true", help="take what the last run has built")
    parser.add_argument("--class-path", help="take this class path, and build nothing")
    return parser.parse_args()


def main():
    session.end_by_cleaning_up()
    options = arguments()
    scale, mark = SCALES[options.scale], signature()
    if options.report:
        print(measures.report(kept(mark, scale)))
        return 0
    if options.fresh and os.path.exists(RUNS):
        os.remove(RUNS)
    class_path = options.class_path or build_fornada(not options.no_build)
    if not options.check:
        class_path = libraries(class_path, not options.no_build)
    with tempfile.TemporaryDirectory(prefix="advice-", ignore_cleanup_errors=True) as folder:
        runs = Runs(class_path, folder, scale)
        names = runs.names()
        if options.list:
            print("\n".join(names))
            return 0
        works = FEW if options.check else names
        if options.only:
            works = options.only.split(",")
            unknown = [w for w in works if w not in names]
            if unknown:
                raise SystemExit(f"there is no workload {unknown[0]}; see --list")
        if options.check:
            return check(runs, works, scale, mark)
        done = max((l["block"] for l in kept(mark, scale)), default=0)
        for number in range(done + 1, done + 1 + options.blocks):
            seed = random.SystemRandom().randrange(1 << 30)
            for line in block(runs, works, scale, mark, number, seed, False):
                keep(line)
    progress("")
    print(measures.report(kept(mark, scale)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
