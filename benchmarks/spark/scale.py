#!/usr/bin/env python3
"""Simulates a pool on a large cluster: what the program's JVM has to do, and whether workers wait for it.

Events, not time: it runs anywhere, in a minute or so. What it knows of the pool: an agent asks for items
and gets some in one answer (RemoteFeeder, one thread), runs them, and reports what has ended, with a pause
between two reports that grows with the number of agents (RemoteLinks). The reports are read by
threads of their own and taken by one consumer. docs/scale.md has its table.

Usage: benchmarks/spark/scale.py [--agents 1000] [--workers 4] [--seconds 3]
"""

import argparse
import heapq
import random

LATENCY = 0.0005  # one way, between machines of one place. Guess
PAUSE_EACH = 0.00025  # RemoteLinks.PAUSE_NANOS
AHEAD = 0.1  # AgentLoad.AHEAD_NANOS
MOST_AHEAD = 1024  # AgentLoad.MOST_AHEAD
TOGETHER, LONGEST_PAUSE = 10, 0.1  # AgentLoad, of the same names
ANSWER_COST = 50e-6  # of the program's JVM for an answer with items: Spark's RPC. Guess
REPORT_COST = 80e-6  # for a report: Spark's RPC, and a thread that reads it. Guess
ITEM_COST = 1.2e-6  # to write an item, by the feeder. Guess
RESULT_COST = 1.2e-6  # to read a result, by the consumer. Guess
ITEM_BYTES = 300  # of an item that an agent has, in the program's heap. Guess


class Agent:
    __slots__ = ("busy", "queue", "ended", "sent", "parked", "waits", "next_report", "reporting")

    def __init__(self):
        self.busy = self.queue = self.ended = self.sent = 0
        self.parked = self.waits = self.reporting = False
        self.next_report = 0.0


class Cluster:
    def __init__(self, agents, workers, mean, tail, window, follows_pause, seed=15):
        self.agents = [Agent() for _ in range(agents)]
        self.workers, self.mean, self.tail, self.window = workers, mean, tail, window
        self.pause = PAUSE_EACH * agents
        least = ahead = AHEAD
        if follows_pause:
            least = AHEAD + 2 * self.pause
            ahead = max(least, 2 * (min(LONGEST_PAUSE, TOGETHER * mean / workers) + self.pause))
        self.wanted = workers if mean >= 2 * least else workers * (1 + max(1, min(MOST_AHEAD, int(ahead / mean))))
        self.random = random.Random(seed)
        self.events, self.number, self.now = [], 0, 0.0
        self.feeder_free = self.reader_free = 0.0
        self.feeder_busy = self.reader_busy = 0.0
        self.open = self.done = self.answers = self.reports = self.most_open = 0
        self.work = 0.0
        self.hungry = []

    def at(self, time, what, agent, count=0):
        self.number += 1
        heapq.heappush(self.events, (time, self.number, what, agent, count))

    def takes(self):
        if not self.tail:
            return self.mean * (0.8 + 0.4 * self.random.random())
        # Pareto with shape 1.3 has a mean of 4.33 times its least
        return min(30 * self.mean, self.mean / 4.33 * (1 - self.random.random()) ** (-1 / 1.3))

    def run(self, seconds):
        # Executors do not all come in one instant.
        for index, agent in enumerate(self.agents):
            self.at(self.random.random() * 0.2, "poll", index)
        warm, counted = seconds / 3, None
        while self.events and self.now < seconds:
            self.now, _, what, index, count = heapq.heappop(self.events)
            if counted is None and self.now >= warm:
                counted = (self.done, self.work, self.feeder_busy, self.reader_busy, self.answers, self.reports)
                warm = self.now
            getattr(self, what)(index, self.agents[index], count)
        span = self.now - warm
        done, work, feeder, reader, answers, reports = (
            (a - b) / span for a, b in zip(
                (self.done, self.work, self.feeder_busy, self.reader_busy, self.answers, self.reports), counted))
        return {"busy": work / (len(self.agents) * self.workers), "rate": done, "feeder": feeder, "reader": reader,
                "messages": answers + reports, "memory": self.most_open * ITEM_BYTES / 1e6}

    # ---- the program's JVM

    def poll(self, index, agent, _):
        agent.parked = True
        self.feed(index, agent)

    def feed(self, index, agent):
        room = min(self.wanted - agent.sent, self.window - self.open)
        if not agent.parked or agent.sent >= self.wanted:
            return
        if room <= 0:
            if not agent.waits:
                agent.waits = True
                self.hungry.append(index)
            return
        agent.parked = False
        cost = ANSWER_COST + ITEM_COST * room
        self.feeder_free = max(self.now, self.feeder_free) + cost
        self.feeder_busy += cost
        agent.sent += room
        self.open += room
        self.most_open = max(self.most_open, self.open)
        self.answers += 1
        self.at(self.feeder_free + LATENCY, "items", index, room)

    def arrives(self, index, agent, count):
        cost = REPORT_COST + RESULT_COST * count
        self.reader_free = max(self.now, self.reader_free) + cost
        self.reader_busy += cost
        self.reports += 1
        self.at(self.reader_free, "read", index, count)

    def read(self, index, agent, count):
        agent.sent -= count
        self.open -= count
        self.done += count
        self.feed(index, agent)
        while self.hungry and self.open < self.window:
            other = self.hungry.pop(0)
            self.agents[other].waits = False
            self.feed(other, self.agents[other])

    # ---- another machine

    def items(self, index, agent, count):
        agent.queue += count
        self.begin(index, agent)
        self.at(self.now + LATENCY, "poll", index)

    def begin(self, index, agent):
        while agent.queue and agent.busy < self.workers:
            agent.queue -= 1
            agent.busy += 1
            takes = self.takes()
            self.at(self.now + takes, "finish", index, takes)

    def finish(self, index, agent, took):
        agent.busy -= 1
        self.work += took
        agent.ended += 1
        self.begin(index, agent)
        if not agent.reporting:
            agent.reporting = True
            self.at(max(self.now, agent.next_report), "report", index)

    def report(self, index, agent, _):
        count, agent.ended, agent.reporting = agent.ended, 0, False
        agent.next_report = self.now + 2 * LATENCY + self.pause
        self.at(self.now + LATENCY, "arrives", index, count)


def main():
    parser = argparse.ArgumentParser(prog="benchmarks/spark/scale.py", description=__doc__.split("\n")[0])
    parser.add_argument("--agents", type=int, default=1000)
    parser.add_argument("--workers", type=int, default=4, help="of each agent")
    parser.add_argument("--seconds", type=float, default=3, help="how long is simulated, at least; longer items take longer")
    parser.add_argument("--items", type=float, default=1e9)
    options = parser.parse_args()
    all_workers = options.agents * options.workers
    before = 4 * all_workers
    now = min(500_000, max(1024, 256 * all_workers))
    print(f"{options.agents} agents with {options.workers} workers each; {options.items:.0e} items\n")
    print(f"{'item':>14}{'window':>10}{'ahead':>7}{'workers busy':>14}{'items/s':>10}{'messages/s':>12}"
          f"{'feeder':>8}{'reader':>8}{'heap':>9}{'all items':>11}")
    for mean, tail in ((0.001, False), (0.01, False), (0.01, True), (0.1, False), (0.1, True), (1.0, False), (1.0, True)):
        for window, follows in ((before, False), (now, False), (now, True)):
            seconds = max(options.seconds, 12 * mean)
            got = Cluster(options.agents, options.workers, mean, tail, window, follows).run(seconds)
            hours = options.items / got["rate"] / 3600
            print(f"{f'{mean * 1000:g} ms' + (', tail' if tail else ''):>14}{window:>10}{'+ pause' if follows else '':>7}"
                  f"{got['busy']:>14.0%}{got['rate']:>10.0f}{got['messages']:>12.0f}{got['feeder']:>8.0%}"
                  f"{got['reader']:>8.0%}{got['memory']:>6.0f} MB{hours:>9.1f} h", flush=True)


if __name__ == "__main__":
    main()
