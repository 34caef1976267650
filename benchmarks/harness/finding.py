"""Finds interpreters and JDKs, installs missing packages if allowed, and builds with Maven."""

import glob
import os
import re
import shutil
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
DEBIAN_PYTHON = "/usr/bin/python3"


def tell(text):
    print(text, file=sys.stderr, flush=True)


def newest_python():
    """The newest python3 on this machine that can start processes."""
    names = glob.glob("/usr/bin/python3.*") + glob.glob("/usr/local/bin/python3.*")
    names += glob.glob(os.path.expanduser("~/.pyenv/versions/3.*/bin/python3"))
    names += [p for p in [shutil.which("python3")] if p]
    best = None
    for name in names:
        if not re.search(r"python3(\.\d+)?$", name):
            continue
        code = "import sys, multiprocessing.shared_memory; print(*sys.version_info[:3])"
        done = subprocess.run([name, "-c", code], capture_output=True, text=True)
        if done.returncode == 0:
            version = tuple(int(n) for n in done.stdout.split())
            if best is None or version > best[0]:
                best = (version, name)
    return best[1]


def java_home():
    """A JDK 25 or newer: JAVA_HOME if it is one, else the first of those installed."""
    candidates = [os.environ.get("JAVA_HOME", "")] + sorted(glob.glob("/usr/lib/jvm/*"))
    found = shutil.which("java")
    if found:
        candidates.append(os.path.dirname(os.path.dirname(os.path.realpath(found))))
    for home in candidates:
        try:
            with open(os.path.join(home, "release")) as f:
                version = re.search(r'JAVA_VERSION="(\d+)', f.read())
        except OSError:
            continue
        if version and int(version[1]) >= 25 and os.path.exists(os.path.join(home, "bin/javac")):
            return home
    raise SystemExit("the benchmarks need a JDK 25 or newer: set JAVA_HOME to one")


def has_module(module):
    done = subprocess.run([DEBIAN_PYTHON, "-c", f"import {module}"], capture_output=True)
    return done.returncode == 0


def install_modules(packages, may_install):
    """Installs what it may of {peer: (module, Debian package)}; gives {peer: why it is missing}."""
    lacking = {p: v for p, v in packages.items() if not has_module(v[0])}
    if lacking and may_install and os.geteuid() == 0 and shutil.which("apt-get"):
        names = sorted({package for _, package in lacking.values()})
        tell(f"installing from Debian: {' '.join(names)}")
        install = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *names]
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "env": environment}
        if subprocess.run(install, **quiet).returncode != 0:
            subprocess.run(["apt-get", "update", "-qq"], **quiet)
            subprocess.run(install, **quiet)
    return {
        p: f"{DEBIAN_PYTHON} has no module {module}: apt-get install {package}"
        for p, (module, package) in lacking.items()
        if not has_module(module)
    }


def maven(arguments, what):
    command = [shutil.which("mvn") or "mvn", "-B", "-ntp", "-q", *arguments]
    environment = {"MAVEN_OPTS": "-Xmx700m", **os.environ}
    try:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, env=environment)
    except FileNotFoundError:
        return "mvn was not found"
    if done.returncode == 0:
        return None
    errors = [line for line in done.stdout.splitlines() if "ERROR" in line]
    return f"{what} failed: {(errors or ['no message'])[0][:200]}"


def one(pattern):
    found = [p for p in glob.glob(os.path.join(ROOT, pattern)) if "sources" not in p]
    return found[0] if found else None


def build_fornada(build=True):
    """Gives the class path; jars, because a cache of classes is made of jars only."""
    if build:
        tell("building Fornada")
        # -Pwarn: a warning of the compiler is no reason not to measure. -Peverything: without tests,
        # the build leaves out the benchmarks otherwise.
        modules = ["-pl", "library,fory,benchmarks"]
        trouble = maven(["-Pwarn,everything", *modules, "-Dmaven.test.skip=true", "package"], "the build")
        if trouble:
            raise SystemExit(trouble)
    return ":".join(
        [
            one("library/target/fornada-[0-9]*.jar"),
            one("benchmarks/target/fornada-benchmarks-*.jar"),
            one("fory/target/fornada-fory-*.jar"),
            *sorted(glob.glob(os.path.join(ROOT, "benchmarks/target/lib/*.jar"))),
        ]
    )
