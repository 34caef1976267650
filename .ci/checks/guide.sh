#!/usr/bin/env bash
# The pages for readers of the guide to Python (docs/guide.md, docs/guia.md): every program on them
# runs, in Python and in Java, and both print the same; the pages hold those programs, and only
# figures that a run has left in docs/guide/figures.json. Usage: .ci/checks/guide.sh, after mvn compile
set -euo pipefail
cd "$(dirname "$0")/../.."
. .ci/install.sh
need_command python3 python3
jdk="$(find_jdk 25)"

[ -e library/target/classes/io/github/fornada/process/ProcessPool.class ] || mvn -B -ntp -q -pl library compile
JAVA="$jdk/bin/java" timeout 900 python3 docs/guide/write.py check
