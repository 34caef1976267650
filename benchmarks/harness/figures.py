"""Keeps the figures, describes the machine, and shows the progress of the run."""

import os
import platform
import random
import statistics
import sys


class Figures:
    """Everything measured: for each figure and peer the value of each round, or a word.

    Rounds that others disturbed are dropped, unless there is no other.
    """

    def __init__(self):
        self.values = {}

    def add(self, peer, line, disturbed=False):
        cell = self.values.setdefault(line["row"], {}).setdefault(peer, {"rounds": []})
        for key in ("unit", "note", "text"):
            if key in line:
                cell[key] = line[key]
        if "samples" in line:
            cell.setdefault("samples", []).extend(line["samples"])
        elif "value" in line:
            cell.setdefault("disturbed" if disturbed else "rounds", []).append(line["value"])

    def finish(self):
        """Medians and spreads over the rounds."""
        for cells in self.values.values():
            for cell in cells.values():
                if not cell.get("rounds") and cell.get("disturbed"):
                    cell["rounds"] = cell.pop("disturbed")
                    cell["all_disturbed"] = True
                rounds = cell.get("rounds")
                if rounds:
                    cell["value"] = statistics.median(rounds)
                if rounds and len(rounds) > 1 and cell["value"]:
                    cell["spread"] = (max(rounds) - min(rounds)) / 2 / abs(cell["value"])

    def get(self, peer, figure):
        return self.values.get(figure, {}).get(peer, {}).get("value")

    def redrawn(self, seed):
        """As `get`, with each median taken over rounds drawn again, with replacement."""
        draw = random.Random(seed)

        def get(peer, figure):
            cell = self.values.get(figure, {}).get(peer, {})
            rounds = cell.get("rounds")
            if not rounds:
                return cell.get("value")
            return statistics.median(draw.choices(rounds, k=len(rounds)))

        return get

    def dropped(self):
        """(values of disturbed rounds that were dropped, figures of which all rounds were disturbed)."""
        cells = [cell for cells in self.values.values() for cell in cells.values()]
        return (
            sum(len(cell.get("disturbed", [])) for cell in cells),
            sum(cell.get("all_disturbed", False) for cell in cells),
        )


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
