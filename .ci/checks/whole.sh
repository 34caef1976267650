#!/usr/bin/env bash
# What `mvn verify` leaves out of long tests: two thirds of the crash matrix, the contract of pools for each
# setting of the one that chooses and for remote pools, agents that are lost, and the long forms of storms
# and streams; with the compilers and the collector that the JVM chooses, where mvn verify has C1 alone.
# Usage: .ci/checks/whole.sh [--all]     --all: also what mvn verify runs of these
set -euo pipefail
cd "$(dirname "$0")/../.."
. .ci/install.sh
need_command python3 python3
extent=rest
cells=120
if [ "${1:-}" = --all ]; then
  extent=whole
  cells=200
fi
reports=library/target/surefire-reports
rm -f "$reports"/TEST-*.CrashMatrix*Test.xml
mvn -B -ntp -q -pl library test "-Dfornada.$extent=true" -Dtest.cache=true -Dtest.compiler= -Dsurefire.failIfNoSpecifiedTests=false \
  -Dtest='CrashMatrix*Test,SharedStormTest,RemotePoolFaultTest,RemotePoolTest,AutoPoolTest*,*PoolTest#itemsLargerThanTheHeapTogetherAreStreamed+noEndOfANestedMapIsMissed'
python3 - "$reports" "$cells" <<'END'
import glob
import sys
import xml.etree.ElementTree as tree

cells = 0
for file in glob.glob(sys.argv[1] + "/TEST-*.CrashMatrix*Test.xml"):
    cells += int(tree.parse(file).getroot().get("tests"))
print(f"{cells} cells of the crash matrix")
if cells < int(sys.argv[2]):
    sys.exit(f"the crash matrix has over {sys.argv[2]} cells here: a part of it was not run")
END
