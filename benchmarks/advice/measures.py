"""What the runs tell: the measures of the advisor, each with its target and a 95 % interval."""

import math
import random
import statistics

DRAWS = 300
LONG = 5.0  # seconds
TIE = 1.05
TIE_SECONDS = 0.02
MODELS = ["sequential", "threads", "virtual", "processes"]


def by_work(lines):
    """{work: {block: {way: line}}} without the blocks of a work that others disturbed, and their number."""
    works, dropped = {}, 0
    for line in lines:
        works.setdefault(line["row"], {}).setdefault(line["block"], {})[line["way"]] = line
    for work, blocks in works.items():
        quiet = {b: ways for b, ways in blocks.items() if not any(l["disturbed"] for l in ways.values())}
        dropped += len(blocks) - len(quiet)
        works[work] = quiet
    return {work: blocks for work, blocks in works.items() if blocks}, dropped


def model(way):
    return way.split(":")[0]


def seconds(line):
    return line["seconds"] if line and "seconds" in line else math.inf


# Their functions are wrong on several threads, however fast that is.
NO_THREADS = {"static-format"}


def valid(line):
    """A way that gives wrong results, or lets many items fail, is no way."""
    if line["row"] in NO_THREADS and model(line["way"]) in ("threads", "virtual"):
        return False
    return "seconds" in line and line.get("failed", 0) <= 0.005 * line.get("items", 1) + 3


def mean_time(blocks, way):
    times = [seconds(ways.get(way)) for ways in blocks]
    return statistics.fmean(times) if times else math.inf


def oracle(blocks):
    """The time of the best way, chosen on one half of the blocks and timed on the other, both ways round."""
    blocks = list(blocks)
    ways = {way for each in blocks for way, line in each.items()
            if way not in ("auto", "remembered") and valid(line)}
    if not ways:
        return math.inf, "none"
    best = min(ways, key=lambda way: mean_time(blocks, way))
    if len(blocks) < 2:
        return mean_time(blocks, best), best
    halves = blocks[::2], blocks[1::2]
    times = []
    for chosen_on, timed_on in (halves, halves[::-1]):
        way = min(ways, key=lambda way: mean_time(chosen_on, way))
        times.append(mean_time(timed_on, way))
    return statistics.fmean(times), best


class Measured:
    """The figures of one set of blocks."""

    def __init__(self, works):
        self.works = works
        self.rows = {}
        for work, blocks in works.items():
            best, way = oracle(blocks.values())
            autos = [ways["auto"] for ways in blocks.values() if "seconds" in ways.get("auto", {})]
            if not autos or not math.isfinite(best):
                continue
            self.rows[work] = {
                "best": best, "way": way, "autos": autos,
                "auto": statistics.fmean(seconds(a) for a in autos),
                "remembered": [seconds(w["remembered"]) for w in blocks.values() if "seconds" in w.get("remembered", {})],
                "models": {m: min((mean_time(list(blocks.values()), w) for w in {w for ways in blocks.values() for w in ways}
                                   if model(w) == m), default=math.inf) for m in MODELS},
                "baselines": {w: mean_time(list(blocks.values()), w) for ways in blocks.values() for w in ways
                              if w not in ("auto", "remembered")},
            }

    def redrawn(self, draw):
        works = {}
        for work, blocks in self.works.items():
            numbers = list(blocks)
            works[work] = {i: blocks[draw.choice(numbers)] for i in range(len(numbers))}
        return Measured(works)

    def ratios(self, chosen):
        return sorted(r["auto"] / r["best"] for r in self.rows.values() if chosen(r))

    def long_ratios(self):
        return self.ratios(lambda r: r["best"] >= LONG)

    def short_held(self):
        """Whether each shorter job lost no more than it may."""
        held = []
        for r in self.rows.values():
            if r["best"] < LONG:
                held.append(r["auto"] - r["best"] <= allowed(r))
        return share(held)

    def remembered_held(self):
        return share([statistics.fmean(r["remembered"]) - r["best"] <= max(0.05, 0.03 * r["best"])
                      for r in self.rows.values() if r["remembered"] and r["best"] < LONG])

    def sequential_ratio(self):
        found = self.ratios(lambda r: model(r["way"]) == "sequential")
        return max(found) if found else None

    def gap_closed(self):
        """(best single model for all - auto) / (it - oracle), of logarithms of times."""
        singles = {}
        for way in {w for r in self.rows.values() for w in r["baselines"]}:
            if all(way in r["baselines"] for r in self.rows.values()):
                singles[way] = statistics.fmean(math.log(r["baselines"][way] / r["best"]) for r in self.rows.values())
        if not singles:
            return None
        single = min(singles.values())
        auto = statistics.fmean(math.log(max(1, r["auto"] / r["best"])) for r in self.rows.values())
        return (single - auto) / single if single > 0 else None

    def right_model(self):
        held = []
        for r in self.rows.values():
            for a in r["autos"]:
                own = r["models"].get(a.get("advised", a.get("model")), math.inf)
                held.append(own <= r["best"] * TIE + TIE_SECONDS)
        return share(held)

    def right_cause(self):
        return share([a.get("cause") in a["causes"] for r in self.rows.values() for a in r["autos"] if a.get("causes")])

    def right_place(self):
        return share([a["place_told"] for r in self.rows.values() for a in r["autos"]
                      if "place_told" in a and a.get("cause") == "lock"])

    def intervals(self):
        asked = [a for r in self.rows.values() for a in r["autos"] if "rest" in a]
        return share([a["rest_low"] <= a["rest"] <= a["rest_high"] for a in asked])

    def interval_error(self):
        errors = [abs(a["rest_expected"] / a["rest"] - 1) for r in self.rows.values() for a in r["autos"]
                  if a.get("rest", 0) > 0.01]
        return statistics.median(errors) if errors else None

    def above_limit(self):
        found = [a["peak_after"] / a["limit"] for r in self.rows.values() for a in r["autos"]
                 if a.get("limit") and a.get("peak_after")]
        return max(found) if found else None

    def refused(self):
        found = [a["refused"] / a["items"] for r in self.rows.values() for a in r["autos"] if a.get("limit")]
        return max(found) if found else None

    def flips(self):
        """The most changes of model in a run whose work does not change, beyond the first."""
        return share([len(a.get("changes", [])) <= 2 for r in self.rows.values() for a in r["autos"]
                      if not a["row"].endswith(("-then-computes", "-then-waits"))])

    def for_nothing(self):
        return share([a.get("for_nothing", 0) > 0 for r in self.rows.values() for a in r["autos"]])


def allowed(r):
    """0.15 s, and two response times for each doubling."""
    way = r["way"].split(":")
    size = int(way[1]) if len(way) > 1 else 1
    items = max(1, r["autos"][0].get("items", 1))
    response = r["best"] * size / items
    return 0.15 + 2 * response * math.log2(max(1, size))


def share(held):
    return sum(held) / len(held) if held else None


def quantile(values, part):
    return values[min(len(values) - 1, int(part * len(values)))] if values else None


# what, target, how to measure, whether a value meets it, how to write it
PERCENT, TIMES = "{:.1%}", "{:.3f}x"
TABLE = [
    ("jobs of 5 s or more: median of the ratio", "<= 1.03", lambda m: quantile(m.long_ratios(), 0.5), lambda v: v <= 1.03, TIMES),
    ("... 90 %", "<= 1.10", lambda m: quantile(m.long_ratios(), 0.9), lambda v: v <= 1.10, TIMES),
    ("... all", "<= 1.25", lambda m: quantile(m.long_ratios(), 1), lambda v: v <= 1.25, TIMES),
    ("shorter jobs that lose 0.15 s + 2 r log2(n) at most", "100 %", lambda m: m.short_held(), lambda v: v >= 0.999, PERCENT),
    ("... 0.05 s or 3 % at most when remembered", "100 %", lambda m: m.remembered_held(), lambda v: v >= 0.999, PERCENT),
    ("best is sequential: largest ratio", "<= 1.03", lambda m: m.sequential_ratio(), lambda v: v <= 1.03, TIMES),
    ("gap closed to the oracle", ">= 0.92", lambda m: m.gap_closed(), lambda v: v >= 0.92, "{:.3f}"),
    ("right model, or tied with it", ">= 97 %", lambda m: m.right_model(), lambda v: v >= 0.97, PERCENT),
    ("right cause in the first sentence", ">= 95 %", lambda m: m.right_cause(), lambda v: v >= 0.95, PERCENT),
    ("place of a lock, where one is named", "100 %", lambda m: m.right_place(), lambda v: v >= 0.999, PERCENT),
    ("90 % intervals for the rest that hold", "85 to 95 %", lambda m: m.intervals(), lambda v: 0.85 <= v <= 0.95, PERCENT),
    ("... median error", "<= 10 %", lambda m: m.interval_error(), lambda v: v <= 0.10, PERCENT),
    ("in flight over the limit, after three answers", "<= 1.5", lambda m: m.above_limit(), lambda v: v <= 1.5, TIMES),
    ("refused", "<= 0.5 %", lambda m: m.refused(), lambda v: v <= 0.005, PERCENT),
    ("one change of model more than the first at most", "100 %", lambda m: m.flips(), lambda v: v >= 0.999, PERCENT),
    ("jobs with workers started for nothing", "<= 5 %", lambda m: m.for_nothing(), lambda v: v <= 0.05, PERCENT),
]


def judged(measured):
    draw = random.Random(1)
    many = any(len(blocks) > 1 for blocks in measured.works.values())
    drawn = [measured.redrawn(draw) for _ in range(DRAWS)] if many else []
    for what, target, of, met, form in TABLE:
        value = of(measured)
        if value is None:
            yield what, target, "-", "", "not measured"
            continue
        values = sorted(v for v in (of(m) for m in drawn) if v is not None)
        interval, verdict = "", "PASS" if met(value) else "MISS"
        if values:
            low, high = quantile(values, 0.025), quantile(values, 0.975)
            interval = f"{form.format(low)} to {form.format(high)}"
            if met(low) != met(high):
                verdict = "open"
        yield what, target, form.format(value), interval, verdict


def rows_text(measured):
    lines = [f"{'workload':<20}{'best':>9}  {'by':<15}{'auto':>9}{'ratio':>7}  {'chose':<16}{'cause':<16}"]
    for work, r in measured.rows.items():
        last = r["autos"][-1]
        chose = f"{last.get('model', '?')} {last.get('size', '')}"
        causes = last.get("causes", [])
        wrong = " (wrong)" if causes and last.get("cause") not in causes else ""
        lines.append(f"{work:<20}{r['best']:>8.2f}s  {r['way']:<15}{r['auto']:>8.2f}s{r['auto'] / r['best']:>7.2f}  "
                     f"{chose:<16}{last.get('cause', '-')}{wrong}")
    return lines


def report(lines):
    works, dropped = by_work([l for l in lines if "trouble" not in l])
    if not works:
        return "Nothing was kept yet: run it without --report."
    measured = Measured(works)
    blocks = max(len(b) for b in works.values())
    text = [f"{len(measured.rows)} workloads, {blocks} blocks; {dropped} blocks of a workload were dropped: others used "
            "the machine.", "", *rows_text(measured), "",
            f"{'measure':<54}{'target':>11}{'measured':>10}{'95 %':>22}  verdict", "-" * 106]
    for what, target, value, interval, verdict in judged(measured):
        text.append(f"{what:<54}{target:>11}{value:>10}{interval:>22}  {verdict}")
    troubles = [f"  {l['row']}, {l['way']}: {l['trouble']}" for l in lines if "trouble" in l]
    if troubles:
        text += ["", "Trouble:", *troubles]
    if blocks < 2:
        text += ["", "One block: no intervals, and the oracle was chosen on the block that it is timed on."]
    return "\n".join(text)


GROSS, GROSS_SECONDS = 2.0, 0.6


def gross(lines):
    """What must not happen even on a busy machine: (text, the workloads with which something is wrong)."""
    wrong = [f"{l['row']}: {l['way']}: {l['trouble']}" for l in lines if "trouble" in l]
    works = {}
    for line in lines:
        works.setdefault(line["row"], {}).setdefault(1, {})[line["way"]] = line
    measured = Measured(works)
    for work, r in measured.rows.items():
        last = r["autos"][-1]
        if r["auto"] > GROSS * r["best"] + max(GROSS_SECONDS, allowed(r)):
            wrong.append(f"{work}: {r['auto']:.2f} s, where {r['way']} takes {r['best']:.2f} s")
        # What machine there is decides; that others were busy may be said on any.
        if last.get("causes") and last.get("cause") not in (*last["causes"], "busy-machine"):
            wrong.append(f"{work}: says {last.get('cause')}, and not {' or '.join(last['causes'])}: {last.get('sentences')}")
        if last.get("cause") == "lock" and not last.get("place_told", True):
            wrong.append(f"{work}: does not name {last['place']}: {last['sentences'][0]}")
    sums = {}
    for line in lines:
        if "sum" in line and not line.get("failed"):
            sums.setdefault(line["row"], set()).add(line["sum"])
    wrong += [f"{work}: not all ways have the same results" for work, found in sums.items() if len(found) > 1]
    text = rows_text(measured) + ([""] + ["WRONG: " + w for w in wrong] if wrong else ["", "No gross errors."])
    return "\n".join(text), sorted({w.split(":")[0] for w in wrong})
