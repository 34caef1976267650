"""Finds what there is to measure, installs what it may, builds the Java programs."""

import os
import subprocess

from finding import DEBIAN_PYTHON, build_fornada, install_modules, java_home, maven, newest_python, one

HERE = os.path.dirname(os.path.abspath(__file__))
PACKAGES = {  # peer: (module, Debian package)
    "pebble": ("pebble", "python3-pebble"),
    "loky": ("joblib.externals.loky", "python3-joblib"),
    "dask": ("distributed", "python3-distributed"),
}


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
    missing.update(install_modules({p: v for p, v in PACKAGES.items() if p in wanted}, may_install))
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
            found["fornada"] = [java, "-cp", class_path, package + "FornadaPeer"]
        if "hazelcast" in wanted:
            path, trouble = build_hazelcast(home, class_path)
            if trouble:
                missing["hazelcast"] = trouble
            else:
                found["hazelcast"] = [java, "-cp", path, package + "hazelcast.HazelcastPeer"]
    return found, missing
