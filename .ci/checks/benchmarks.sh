#!/usr/bin/env bash
# The benchmarks run and print their table. Their figures are not judged here: on a machine with
# other work they say nothing.
set -euo pipefail
cd "$(dirname "$0")/../.."

mkdir -p benchmarks/target
table=benchmarks/target/smoke.txt
benchmarks/run --smoke | tee "$table"
for line in "ThreadPool.map" "VirtualThreadPool.map" "fixed executor, submit" "parallel stream" \
  "ProcessPool.map"; do
  if ! grep -qE "^$line .*[0-9]" "$table"; then
    echo "benchmarks/run --smoke printed no figure for: $line" >&2
    exit 1
  fi
done
python3 -m json.tool benchmarks/target/figures.json >/dev/null

# The comparisons with others take minutes and programs that CI lacks: only that they can be built and
# started.
benchmarks/peers/run --only fornada,submit --rounds 1 --no-install | grep -E "^submits .*[0-9]"
benchmarks/pipelines/run --only fornada,queues,empty --rounds 1 --seconds 0.2 --no-build |
  grep -E "^three empty stages .*[0-9]"
for comparison in peers async pipelines spark; do
  benchmarks/$comparison/run --list | grep -q fornada
done
