"""Tells whether others used the machine during a measurement, and waits until they do not.

Others: every process that the measured program did not start, and what the hypervisor took. The work of
interrupts belongs to nobody, so it does not count: a program that sends much over loopback causes much of
it itself.
"""

import os
import resource
import time

# Of all processors together. Guess: below the noise of most figures.
DISTURBED_ABOVE = 0.05
LOOK_SECONDS = 2.0


def processor_seconds():
    """(of all processes, taken by the hypervisor) since the machine started."""
    with open("/proc/stat") as f:
        ticks = [int(n) for n in f.readline().split()[1:]]
    user, nice, system = ticks[0], ticks[1], ticks[2]
    steal = ticks[7] if len(ticks) > 7 else 0
    hertz = os.sysconf("SC_CLK_TCK")
    return (user + nice + system) / hertz, steal / hertz


def own_seconds():
    """The processor time of this program and of the programs that it started and that have ended."""
    both = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in both)


class Stretch:
    """The time from here to `share`."""

    def __init__(self):
        self.began = time.monotonic()
        self.all, self.stolen = processor_seconds()
        self.own = own_seconds()

    def share(self):
        """The part of all processors that others used, from 0 to 1."""
        took = max(time.monotonic() - self.began, 1e-3)
        everything, stolen = processor_seconds()
        others = everything - self.all - (own_seconds() - self.own) + stolen - self.stolen
        return max(0.0, others) / took / os.cpu_count()

    def disturbed(self):
        return self.share() > DISTURBED_ABOVE


def wait_until_quiet(limit_seconds, tell):
    """Waits until others leave the machine alone; False if they did not within the limit."""
    end = time.monotonic() + limit_seconds
    while True:
        stretch = Stretch()
        time.sleep(LOOK_SECONDS)
        share = stretch.share()
        if share <= DISTURBED_ABOVE:
            return True
        if time.monotonic() >= end:
            return False
        tell(f"waiting for a quiet machine: others use {share:.0%} of its processors")
