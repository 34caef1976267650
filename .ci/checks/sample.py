"""Asks the Spring Boot sample for what it should show, and stops it in the middle of a request.

Usage: sample.py PID PORT_FILE STARTED_FILE
"""

import json
import os
import signal
import sys
import threading
import time
import urllib.request

pid, port_file, started = int(sys.argv[1]), sys.argv[2], sys.argv[3]
DEADLINE = time.monotonic() + 120


def wait_for(file):
    while not os.path.exists(file) or not os.path.getsize(file):
        if time.monotonic() > DEADLINE:
            sys.exit(f"{file} did not appear: the application did not get so far")
        time.sleep(0.1)


def get(path):
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=60) as answer:
        return json.load(answer)


def expect(what, got, wanted):
    if got != wanted:
        sys.exit(f"{what}: expected {wanted}, got {got}")


def descendants():
    """The pids below the application."""
    children = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                with open(f"/proc/{entry}/stat") as f:
                    parent = int(f.read().rsplit(")", 1)[1].split()[1])
                children.setdefault(parent, []).append(int(entry))
            except OSError:
                pass  # gone
    found, todo = [], [pid]
    while todo:
        below = children.get(todo.pop(), [])
        found += below
        todo += below
    return found


wait_for(port_file)
with open(port_file) as f:
    port = int(f.read())
answer = get("/thumbnails/a.jpg")
expect("the item", answer["item"], "a.jpg")
expect("the worker's parent", answer["parent"], pid)
if answer["worker"] == pid:
    sys.exit("the task ran in the application, not in a worker JVM")
count = get("/actuator/metrics/fornada.tasks?tag=name:thumbnails&tag=outcome:done")
expect("the counter of tasks", count["measurements"][0]["value"], 1.0)
health = get("/actuator/health")["components"]["fornada"]
expect("the health", health["status"], "UP")
expect("the pools", sorted(health["details"]), ["fetches", "thumbnails"])

slow = {}
request = threading.Thread(target=lambda: slow.update(get("/thumbnails/slow")))
request.start()
wait_for(started)
workers = descendants()
if not workers:
    sys.exit("the application has no worker JVM")
os.kill(pid, signal.SIGTERM)
request.join(60)
expect("the request in progress at SIGTERM", slow.get("item"), "slow")
while any(os.path.exists(f"/proc/{worker}") for worker in workers):
    if time.monotonic() > DEADLINE:
        sys.exit("a worker JVM is left")
    time.sleep(0.1)
