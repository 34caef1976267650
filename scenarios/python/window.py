"""A window that must answer while numbers are computed: in its own thread, and by threading. What is
compared is the delay that 99 % of its events do not exceed.

Usage: window.py ITEMS. Needs tkinter and a display.
"""

import json
import os
import sys
import threading
import time

try:
    import tkinter
except ImportError:
    print(json.dumps({"missing": "no tkinter"}))
    sys.exit()
try:
    ROOT = tkinter.Tk()
except tkinter.TclError:
    print(json.dumps({"missing": "no display"}))
    sys.exit()

EVERY = 0.005
ROUNDS = 50_000


def compute(item):
    state = item | 1
    for _ in range(ROUNDS):
        state = (state * 1664525 + 1013904223) & 0xFFFFFFFF
    return state


def observe(work, threaded):
    """Runs the work, and returns the delay of the 99th event of a hundred, and the results."""
    late, results = [], []
    begin = time.perf_counter()
    done = threading.Event()

    def run():
        results.extend(work())
        done.set()

    def event(number):
        late.append(time.perf_counter() - (begin + number * EVERY))
        if done.is_set() and late[-1] < EVERY:
            ROOT.quit()
            return
        wait = begin + (number + 1) * EVERY - time.perf_counter()
        ROOT.after(max(0, int(wait * 1000)), event, number + 1)

    if threaded:
        threading.Thread(target=run).start()
    else:
        ROOT.after(0, run)
    ROOT.after(0, event, 0)
    ROOT.mainloop()
    return sorted(late)[int(0.99 * len(late))], results


def on_threads(items):
    count = os.cpu_count() or 1
    parts = [[] for _ in range(count)]

    def part(number):
        parts[number] = [compute(item) for item in items[number::count]]

    threads = [threading.Thread(target=part, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(value for values in parts for value in values)


def main():
    items = range(int(sys.argv[1]))
    ROOT.title("Fornada")
    frozen, expected = observe(lambda: sorted(compute(item) for item in items), False)
    pick, results = observe(lambda: on_threads(items), True)
    assert results == expected
    print(json.dumps({
        "sequential": frozen, "pick": pick, "name": "threading",
        "notes": [f"In Python, p99 {frozen * 1000:.0f} ms on the event thread,"
                  f" {pick * 1000:.0f} ms by threading."]}))


if __name__ == "__main__":
    main()
