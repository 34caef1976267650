#!/usr/bin/env bash
# The tests of which `mvn verify` runs a part only, whole: every cell of the crash matrix, the contract
# of pools for each setting of the one that chooses, remote pools whose agents are lost, and the long streams. Usage: .ci/checks/whole.sh
set -euo pipefail
cd "$(dirname "$0")/../.."
mvn -B -ntp -q -pl library test -Dfornada.whole=true -Dsurefire.failIfNoSpecifiedTests=false \
  -Dtest='CrashMatrix*Test,SharedStormTest,RemotePoolFaultTest,AutoPoolTest*,*PoolTest#itemsLargerThanTheHeapTogetherAreStreamed'
python3 - <<'END'
import glob
import sys
import xml.etree.ElementTree as tree

cells = 0
for file in glob.glob("library/target/surefire-reports/TEST-*.CrashMatrix*Test.xml"):
    cells += int(tree.parse(file).getroot().get("tests"))
print(f"{cells} cells of the crash matrix")
if cells < 200:
    sys.exit("the crash matrix has over 200 cells: a part of it was not run")
END
