#!/usr/bin/env bash
# What `mvn verify` leaves out of long tests, and of those that are run on every pool, in every way: the tests
# marked @LeftOut, and the rest of those marked @InPart. The library's run with the compilers and the collector
# that the JVM chooses, where mvn verify has C1 alone.
# Usage: .ci/checks/whole.sh [--all]     --all: also what mvn verify runs of these
set -euo pipefail
cd "$(dirname "$0")/../.."
. .ci/install.sh
need_command python3 python3
extent=rest
cells=150
if [ "${1:-}" = --all ]; then
  extent=whole
  cells=200
fi
reports=library/target/surefire-reports
rm -f "$reports"/TEST-*.CrashMatrix*Test.xml
mvn -B -ntp -q -pl library,cli test "-Dfornada.$extent=true" -Dtest.tags=rest -Dtest.compiler=
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
