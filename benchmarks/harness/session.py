"""What every run of a benchmark does around its measurements: its steps, its result, its table."""

import datetime
import json
import os
import signal
import sys
import time

import noise
import table
import text
from figures import machine, progress


def end_by_cleaning_up():
    """Makes SIGTERM end the program by way of the cleaning up, as an interrupt from the keyboard does."""
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))


def print_names(catalog, columns="peers"):
    width = max(len("rows"), len(columns)) + 1
    print("rows:".ljust(width), " ".join(r.name for r in catalog.ROWS))
    print(f"{columns}:".ljust(width), " ".join(c.name for c in catalog.COLUMNS))


class Session:
    """One run. Made before the build, which is load too."""

    def __init__(self, rounds, quiet_wait):
        self.rounds = rounds
        self.quiet_wait = quiet_wait
        self.begin = time.monotonic()
        self.facts = machine()

    def steps(self, steps, name):
        """Gives each step, whose first part is its round, when the machine is quiet, and tells its name."""
        for number, step in enumerate(steps, 1):
            if self.quiet_wait:
                noise.wait_until_quiet(self.quiet_wait, progress)
            progress(f"round {step[0] + 1} of {self.rounds}, {number} of {len(steps)}: {name(step)}")
            yield step

    def result(self, figures, **more):
        progress("")
        figures.finish()
        self.facts["load_after"] = os.getloadavg()[0]
        return {
            "date": datetime.datetime.now().astimezone().isoformat(timespec="seconds"),
            "rounds": self.rounds,
            "seconds_all": round(time.monotonic() - self.begin),
            "machine": self.facts,
            **more,
            "figures": figures.values,
        }


def judge(result, catalog, figures):
    """Adds what was dropped for noise, and which targets are met."""
    result["noise"] = text.noise(figures)
    result["targets"] = text.judge(catalog.TARGETS, figures)


def tell(result, out, title, catalog, rows, **layout):
    """Writes the result, and prints its table."""
    os.makedirs(os.path.dirname(out), exist_ok=True)
    with open(out, "w") as f:
        json.dump(result, f, indent=1)
        f.write("\n")
    print(table.render(title, catalog, result, rows, **layout))
    print(f"\nEvery figure with its rounds: {os.path.relpath(out)}")
