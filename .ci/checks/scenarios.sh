#!/usr/bin/env bash
# Every scenario of the decision table runs at its small size, and each result is right: the command
# itself compares every run with the plain loop and with what the other side counted. The figures are
# not judged: on a machine with other work they say nothing.
set -euo pipefail
cd "$(dirname "$0")/../.."
. .ci/install.sh
need_command python3 python3
need_command Xvfb xvfb

mkdir -p target
report="$PWD/target/scenarios.json"
scratch="$(mktemp -d)"
trap 'rm -rf "$scratch"' EXIT
FORNADA_JAVA_OPTIONS="-Xmx2g -Djava.io.tmpdir=$scratch" ./fornada scenarios --size small --report "$report" --report "$PWD/target/scenarios.html" \
  --report "$PWD/target/scenarios.md"

python3 - "$report" <<'P'
import json
import sys

report = json.load(open(sys.argv[1]))
wrong = []
for scenario in report["scenarios"]:
    if "problem" in scenario:
        wrong.append(f"{scenario['name']}: {scenario['problem']}")
    for trial in scenario["trials"]:
        name = f"{scenario['name']} {trial['name']}".strip()
        ways = {way["name"]: way for way in trial["models"]}
        if "sequential" not in ways or len(ways) < 2:
            wrong.append(f"{name}: nothing to compare")
        missing = {"virtual", "threads", "processes"} - set(ways) - set(trial["notApplicable"])
        if missing:
            wrong.append(f"{name}: not measured and no reason: {', '.join(sorted(missing))}")
        best = ways[trial["best"][0]]
        others = [way for way in trial["models"] if way["name"] not in trial["best"]]
        if any(way["low"] <= best["high"] and best["low"] <= way["high"] for way in others):
            wrong.append(f"{name}: the interval of the best overlaps another, and is called no tie")
for line in wrong:
    print("scenarios: " + line, file=sys.stderr)
print(f"{len(report['scenarios'])} scenarios in {report['seconds']:.0f} s")
sys.exit(1 if wrong else 0)
P

# Nothing is left behind: no server, no folder.
left="$(find "$scratch" -maxdepth 1 -name 'fornada-scenario-*')"
if [ -n "$left" ]; then
  echo "scenarios: left behind: $left" >&2
  exit 1
fi
