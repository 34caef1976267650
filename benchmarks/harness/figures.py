"""Keeps the figures, describes the machine, and shows the progress of the run."""

import os
import platform
import statistics
import sys


class Figures:
    """Everything measured: for each figure and peer the value of each round, or a word."""

    def __init__(self):
        self.values = {}

    def add(self, peer, line):
        cell = self.values.setdefault(line["row"], {}).setdefault(peer, {"rounds": []})
        for key in ("unit", "note", "text"):
            if key in line:
                cell[key] = line[key]
        if "samples" in line:
            cell.setdefault("samples", []).extend(line["samples"])
        elif "value" in line:
            cell["rounds"].append(line["value"])

    def finish(self):
        """Medians over the rounds."""
        for cells in self.values.values():
            for cell in cells.values():
                if cell.get("rounds"):
                    cell["value"] = statistics.median(cell["rounds"])

    def get(self, peer, figure):
        return self.values.get(figure, {}).get(peer, {}).get("value")


def mean(values):
    return statistics.fmean(list(values))


def figure(row, value, unit, note):
    return {"row": row, "value": value, "unit": unit, "note": note}


def machine():
    facts = {
        "system": platform.platform(),
        "cores": os.cpu_count(),
        "load_before": os.getloadavg()[0],
    }
    with open("/proc/cpuinfo") as f:
        facts["processor"] = next((l.split(":")[1].strip() for l in f if "model name" in l), "?")
    with open("/proc/meminfo") as f:
        facts["memory_gb"] = round(int(f.readline().split()[1]) * 1024 / 1e9, 1)
    return facts


def progress(text):
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)
    elif text:
        print(text, file=sys.stderr, flush=True)
