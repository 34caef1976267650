"""Finds what there is to measure, installs what it may, builds the Java programs."""

import glob
import os
import re
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
PACKAGES = {  # peer: (module, Debian package)
    "pebble": ("pebble", "python3-pebble"),
    "loky": ("joblib.externals.loky", "python3-joblib"),
    "dask": ("distributed", "python3-distributed"),
}
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
    raise SystemExit("benchmarks/peers needs a JDK 25 or newer: set JAVA_HOME to one")


def has_module(module):
    done = subprocess.run([DEBIAN_PYTHON, "-c", f"import {module}"], capture_output=True)
    return done.returncode == 0


def install_python_peers(wanted, may_install):
    """Gives {peer: why it is missing} after installing what it may."""
    lacking = {p: v for p, v in PACKAGES.items() if p in wanted and not has_module(v[0])}
    if lacking and may_install and os.geteuid() == 0 and shutil.which("apt-get"):
        packages = [package for _, package in lacking.values()]
        tell(f"installing from Debian: {' '.join(packages)}")
        install = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages]
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


def build_fornada():
    """Gives the class path; jars, because a cache of classes is made of jars only."""
    tell("building Fornada")
    # -Pwarn: a warning of the compiler is no reason not to measure.
    trouble = maven(
        ["-Pwarn", "-pl", "library,fory,benchmarks", "-Dmaven.test.skip=true", "package"], "the build"
    )
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


def build_hazelcast(home, class_path):
    """Gives (class path, why it is missing)."""
    folder = os.path.join(HERE, "hazelcast")
    trouble = maven(["-f", os.path.join(folder, "pom.xml"), "package"], "fetching Hazelcast")
    jar = one("benchmarks/peers/hazelcast/target/lib/hazelcast-*.jar")
    if trouble or not jar:
        return None, trouble or "its jar was not fetched"
    classes = os.path.join(folder, "target", "classes")
    path = f"{jar}:{class_path}"
    compile_it = [
        os.path.join(home, "bin", "javac"), "-nowarn", "-cp", path, "-d", classes,
        os.path.join(folder, "HazelcastPeer.java"),
    ]  # fmt: skip
    done = subprocess.run(compile_it, capture_output=True, text=True)
    if done.returncode != 0:
        return None, f"HazelcastPeer.java does not compile: {done.stderr.splitlines()[0]}"
    return f"{classes}:{path}", None


def commands(wanted, may_install):
    """Gives ({peer: its command}, {peer: why it is missing})."""
    found, missing = {}, {"spark": "not run: its program is not written yet"}
    missing.update(install_python_peers(wanted, may_install))
    script = lambda name: os.path.join(HERE, "python", name)
    newest = newest_python()
    python = {
        "executor": [newest, script("executor.py")],
        "pool": [newest, script("pool.py")],
        "pebble": [DEBIAN_PYTHON, script("pebble_peer.py")],
        "loky": [DEBIAN_PYTHON, script("loky_peer.py")],
        "dask": [DEBIAN_PYTHON, script("dask_peer.py")],
    }
    for peer, command in python.items():
        if peer in wanted and peer not in missing:
            found[peer] = command
    if "fornada" in wanted or "hazelcast" in wanted:
        home = java_home()
        java = os.path.join(home, "bin", "java")
        class_path = build_fornada()
        package = "io.github.fornada.benchmarks.peers."
        if "fornada" in wanted:
            # The cache is made before the first measurement, and none beside one.
            use = "-Dio.github.fornada.aotCache=use"
            found["fornada"] = [java, use, "-cp", class_path, package + "FornadaPeer"]
        if "hazelcast" in wanted:
            path, trouble = build_hazelcast(home, class_path)
            if trouble:
                missing["hazelcast"] = trouble
            else:
                found["hazelcast"] = [java, "-cp", path, package + "hazelcast.HazelcastPeer"]
    return found, missing
