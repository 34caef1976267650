"""Runs the peers' programs, each in a process of its own, and leaves nothing behind.

Every program gets a mark in its environment, which all that it starts inherits; what carries the mark
when the program is over is ended, and nothing else is ever touched.
"""

import json
import os
import signal
import subprocess
import tempfile
import time
import uuid

MARK = "FORNADA_PEERS_MARK"


def marked(mark):
    """The pids of all processes with this mark."""
    wanted = f"{MARK}={mark}".encode()
    found = []
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                with open(f"/proc/{entry}/environ", "rb") as f:
                    if wanted in f.read().split(b"\0"):
                        found.append(int(entry))
            except OSError:
                pass  # gone, or not ours
    return found


def sweep(mark):
    """Ends the processes with the mark; returns how many there were."""
    count = 0
    for _ in range(20):
        pids = marked(mark)
        if not pids:
            return count
        count = max(count, len(pids))
        for pid in pids:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        time.sleep(0.05)
    return count


class Program:
    """One run of one peer's program."""

    def __init__(self, command, folder):
        self.mark = uuid.uuid4().hex
        self.errors = tempfile.TemporaryFile()
        environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
        environment[MARK] = self.mark
        environment["PYTHONWARNINGS"] = "ignore"
        environment["TMPDIR"] = folder
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.errors,
            env=environment,
            cwd=folder,
            start_new_session=True,
        )

    def finish(self, limit):
        """Waits for the end; gives (JSON lines, trouble or None). Ends it after the limit, in seconds."""
        trouble = None
        try:
            out, _ = self.process.communicate(timeout=limit)
        except subprocess.TimeoutExpired:
            trouble = f"timed out after {limit:.0f} s"
            sweep(self.mark)
            out, _ = self.process.communicate()
        except BaseException:  # this run itself is being ended
            sweep(self.mark)
            raise
        if trouble is None and self.process.returncode != 0:
            trouble = f"exit code {self.process.returncode}: {self.last_error()}"
        sweep(self.mark)
        self.errors.close()
        return parse(out), trouble

    def end(self):
        """Ends it, and all that it started. May be called again."""
        if self.process.returncode is None:
            sweep(self.mark)
            self.process.communicate()
            self.errors.close()

    def last_error(self):
        self.errors.seek(0)
        lines = self.errors.read().decode(errors="replace").strip().splitlines()
        told = [line for line in lines if "Exception" in line or "Error" in line]
        return (told or lines or ["it printed nothing"])[-1][:200]


def parse(out):
    lines = []
    for line in out.decode(errors="replace").splitlines():
        if line.startswith("{"):
            lines.append(json.loads(line))
    return lines


def cpu_nanos(mark):
    """{(pid, thread): its processor time so far, in nanoseconds} of everything with the mark."""
    times = {}
    for pid in marked(mark):
        try:
            for thread in os.listdir(f"/proc/{pid}/task"):
                with open(f"/proc/{pid}/task/{thread}/schedstat") as f:
                    times[pid, thread] = int(f.read().split()[0])
        except OSError:
            pass  # ended meanwhile
    return times


def cpu_seconds_since(before, mark):
    """What was used since; the last steps of a thread that ended meanwhile are not seen."""
    now = cpu_nanos(mark)
    return sum(nanos - before.get(thread, 0) for thread, nanos in now.items()) / 1e9


def memory_mb(pid):
    """(resident, proportional share) of one process in MB of 10^6 bytes."""
    resident = share = 0
    with open(f"/proc/{pid}/smaps_rollup") as f:
        for line in f:
            if line.startswith("Rss:"):
                resident = int(line.split()[1]) * 1024 / 1e6
            elif line.startswith("Pss:"):
                share = int(line.split()[1]) * 1024 / 1e6
    return resident, share


def peak_mb(pid):
    """The peak resident memory of one process, in MB of 10^6 bytes."""
    with open(f"/proc/{pid}/status") as f:
        for line in f:
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024 / 1e6
    raise OSError(f"/proc/{pid}/status does not tell VmHWM")
