"""Finds the peers, installs missing packages if allowed, builds the Java programs."""

import glob
import os
import subprocess

from finding import DEBIAN_PYTHON, build_fornada, install_modules, java_home, maven, newest_python, one

HERE = os.path.dirname(os.path.abspath(__file__))
PACKAGES = {  # peer: (module, Debian package)
    "pebble": ("pebble", "python3-pebble"),
    "loky": ("joblib.externals.loky", "python3-joblib"),
    "dask": ("distributed", "python3-distributed"),
}


def compile_java(home, path, classes, sources):
    """Gives the trouble, or None."""
    javac = [os.path.join(home, "bin", "javac"), "-nowarn", "-cp", path, "-d", classes]
    done = subprocess.run([*javac, *sources], capture_output=True, text=True)
    if done.returncode != 0:
        return f"it does not compile: {(done.stderr.splitlines() or ['no message'])[0]}"
    return None


def build_hazelcast(home, class_path):
    """Gives (class path, why it is missing)."""
    folder = os.path.join(HERE, "hazelcast")
    trouble = maven(["-f", os.path.join(folder, "pom.xml"), "package"], "fetching Hazelcast")
    jar = one("benchmarks/peers/hazelcast/target/lib/hazelcast-*.jar")
    if trouble or not jar:
        return None, trouble or "its jar was not fetched"
    classes = os.path.join(folder, "target", "classes")
    path = f"{jar}:{class_path}"
    trouble = compile_java(home, path, classes, [os.path.join(folder, "HazelcastPeer.java")])
    return (None, trouble) if trouble else (f"{classes}:{path}", None)


def build_spark(home, class_path):
    """Gives (its command without the row, why it is missing)."""
    folder = os.path.join(HERE, "spark")
    trouble = maven(["-f", os.path.join(folder, "pom.xml"), "package"], "fetching Spark")
    target = os.path.join(folder, "target")
    if trouble or not one("benchmarks/peers/spark/target/jars/spark-core_*.jar"):
        return None, trouble or "its jars were not fetched"
    classes = os.path.join(target, "classes")
    path = f"{classes}:{class_path}:{target}/jars/*"
    trouble = compile_java(home, path, classes, glob.glob(os.path.join(folder, "*.java")))
    if trouble:
        return None, trouble
    java = [os.path.join(home, "bin", "java")]
    peer = ["-cp", path, "io.github.fornada.benchmarks.peers.spark.SparkPeer"]
    options = subprocess.run([*java, *peer, "options"], capture_output=True, text=True)
    if options.returncode != 0:
        return None, f"it does not start: {(options.stderr.splitlines() or ['no message'])[-1]}"
    return [*java, *options.stdout.split(), f"-Dpeers.spark.home={target}", *peer], None


def commands(wanted, may_install):
    """Gives ({peer: its command}, {peer: why it is missing})."""
    wanted_modules = {p: v for p, v in PACKAGES.items() if p in wanted}
    found, missing = {}, install_modules(wanted_modules, may_install)
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
    if {"fornada", "hazelcast", "spark"} & set(wanted):
        home = java_home()
        java = os.path.join(home, "bin", "java")
        class_path = build_fornada()
        package = "io.github.fornada.benchmarks.peers."
        if "fornada" in wanted:
            # The cache is created before the first measurement, never during one.
            use = "-Dio.github.fornada.aotCache=use"
            found["fornada"] = [java, use, "-cp", class_path, package + "FornadaPeer"]
        if "hazelcast" in wanted:
            path, trouble = build_hazelcast(home, class_path)
            if trouble:
                missing["hazelcast"] = trouble
            else:
                found["hazelcast"] = [java, "-cp", path, package + "hazelcast.HazelcastPeer"]
        if "spark" in wanted:
            command, trouble = build_spark(home, class_path)
            if trouble:
                missing["spark"] = trouble
            else:
                found["spark"] = command
    return found, missing
