"""Finds the peers, installs missing packages if allowed, builds the Java programs."""

import glob
import os
import re
import subprocess

from finding import DEBIAN_PYTHON, ROOT, build_fornada, install_modules, java_home, maven, newest_python

HERE = os.path.dirname(os.path.abspath(__file__))
PACKAGES = {  # (peer, row or None for all): (module, Debian package)
    ("uvloop", None): ("uvloop", "python3-uvloop"),
    ("trio", None): ("trio", "python3-trio"),
    ("asyncio", "http"): ("aiohttp", "python3-aiohttp"),
    ("uvloop", "http"): ("aiohttp", "python3-aiohttp"),
}
PACKAGE = "io.github.fornada.benchmarks.async."
CHANNELS = {"jox": "JoxPeer", "kotlin": "KotlinPeer"}
CHANNEL_JARS = {"jox": "channels", "kotlin": "kotlinx-coroutines-core-jvm"}

# Options that a careful user would choose, the same for all programs in a JVM: see README.md.
JAVA_OPTIONS = ["-XX:+UseParallelGC", "-Xmx1g"]
JAVA_OPTIONS_OF = {
    "sleep": ["-XX:+UseSerialGC", "-Xmx1g"],
    "echo": ["-XX:+UseSerialGC", "-Xmx1g"],
}


class Commands:
    """How to run whatever row of whatever peer."""

    def __init__(self, wanted, may_install, build=True):
        self.missing = {}
        lacking = install_modules({k: v for k, v in PACKAGES.items() if k[0] in wanted}, may_install)
        self.lacking = {k: why for k, why in lacking.items() if k[1]}
        for (peer, row), why in lacking.items():
            self.missing[peer if row is None else f"{peer}, {row}"] = why
        self.newest = newest_python()
        self.java = [os.path.join(java_home(), "bin", "java")]
        self.class_path = build_fornada(build)
        self.channels = self.build_channels(wanted, build)
        self.preview = self.build_preview() if "scope" in wanted else None

    def of(self, peer, program, seconds, *rest):
        """The command line, or None where the peer has no such program."""
        row = program.split("-")[0]
        if peer in self.missing or (peer, program) in self.lacking:
            return None
        arguments = [program, str(seconds), *rest]
        if peer in ("asyncio", "uvloop"):
            # Debian has uvloop and aiohttp for its own interpreter only.
            python = DEBIAN_PYTHON if peer == "uvloop" or program == "http" else self.newest
            return [python, os.path.join(HERE, "python", "asyncio_peer.py"), peer, *arguments]
        if peer == "trio":
            return [DEBIAN_PYTHON, os.path.join(HERE, "python", "trio_peer.py"), *arguments]
        options = JAVA_OPTIONS_OF.get(row, JAVA_OPTIONS)
        if peer in CHANNELS:
            version = f"-Dpeer.version={self.channels[1][peer]}"
            main = f"{PACKAGE}channels.{CHANNELS[peer]}"
            return [*self.java, *options, version, "-cp", self.channels[0], main, *arguments]
        if peer == "scope":
            return [*self.java, *options, "--enable-preview", "-cp", self.preview,
                    PACKAGE + "preview.ScopePeer", *arguments]  # fmt: skip
        main = {"fornada": "FornadaPeer", "jdk": "RawPeer"}[peer]
        return [*self.java, *options, "-cp", self.class_path, PACKAGE + main, *arguments]

    def ours(self, main, *arguments):
        """A program of the comparison's own: a server, or a load."""
        heap = ["-XX:+UseSerialGC", "-Xms256m", "-Xmx512m"]
        return [*self.java, *heap, "-cp", self.class_path, PACKAGE + main, *arguments]

    def build_channels(self, wanted, build):
        """Gives (class path, {peer: its version})."""
        asked = [p for p in CHANNELS if p in wanted]
        if not asked:
            return None
        folder = os.path.join(HERE, "channels")
        trouble = build and maven(["-f", os.path.join(folder, "pom.xml"), "package"], "fetching channels")
        classes = os.path.join(folder, "target", "classes")
        jars = glob.glob(os.path.join(folder, "target", "lib", "*.jar"))
        path = ":".join([classes, *jars, self.class_path])
        versions = {}
        for peer in asked:
            found = [re.search(rf"/{CHANNEL_JARS[peer]}-(\d[^/]*)\.jar$", jar) for jar in jars]
            found = [match[1] for match in found if match]
            why = trouble or ("" if found else "its jar was not fetched")
            why = why or self.compile(path, classes, os.path.join(folder, CHANNELS[peer] + ".java"))
            if why:
                self.missing[peer] = why
            else:
                versions[peer] = found[0]
        return path, versions

    def build_preview(self):
        """The JDK's own scope is a preview: compiled here, so that nothing else ever needs the flag."""
        classes = os.path.join(HERE, "preview", "target", "classes")
        release = re.search(r'JAVA_VERSION="(\d+)', open_release(self.java[0]))[1]
        source = os.path.join(HERE, "preview", "ScopePeer.java")
        flags = ["--enable-preview", "--release", release]
        trouble = self.compile(self.class_path, classes, source, flags)
        if trouble:
            self.missing["scope"] = trouble
        return f"{classes}:{self.class_path}"

    def compile(self, path, classes, source, flags=()):
        os.makedirs(classes, exist_ok=True)
        javac = os.path.join(os.path.dirname(self.java[0]), "javac")
        command = [javac, "-nowarn", *flags, "-cp", path, "-d", classes, source]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode != 0:
            name = os.path.relpath(source, ROOT)
            return f"{name} does not compile: {done.stderr.splitlines()[0]}"
        return None


def open_release(java):
    with open(os.path.join(os.path.dirname(os.path.dirname(java)), "release")) as f:
        return f.read()
