#!/usr/bin/env bash
# The programs of structured async in examples/ do what they say, the asyncio one beside them too.
# Usage: .ci/checks/async-examples.sh, after mvn compile
set -euo pipefail
cd "$(dirname "$0")/../.."
. .ci/install.sh
need_command python3 python3
jdk="$(find_jdk 25)"

classes=library/target/classes
[ -e "$classes/io/github/fornada/async/Async.class" ] || mvn -B -ntp -q -pl library compile
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT

echo "Gather.java and gather.py print the same, in whichever order the workers come"
timeout 60 "$jdk/bin/java" -cp "$classes" examples/Gather.java >"$work/java"
timeout 60 python3 examples/gather.py >"$work/python"
diff <(sort "$work/java") <(sort "$work/python")
[ "$(tail -n 1 "$work/java")" = "[1, 4, 9, 16, 25]" ]

echo "FetchAll.java: of 500 pages 5 are missing, 2 hang, and 25 others fail the first time only"
timeout 120 "$jdk/bin/java" -cp "$classes" examples/FetchAll.java >"$work/said"
grep -qx "493 pages worked. These did not:" "$work/said" || { cat "$work/said"; exit 1; }
[ "$(grep -c "status 404" "$work/said")" = 5 ] || { cat "$work/said"; exit 1; }
[ "$(grep -c "TimedOut\[timeout=PT2S" "$work/said")" = 2 ] || { cat "$work/said"; exit 1; }
