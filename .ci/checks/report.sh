#!/usr/bin/env bash
# Opens real reports, one of 100,000 tasks among them, in a real browser and uses them: see
# report.cjs. Usage: .ci/checks/report.sh
set -euo pipefail
cd "$(dirname "$0")/../.."
. .ci/install.sh
need_command chromium chromium
need_playwright
jdk="$(find_jdk 25)"

classes=library/target/classes
tests=library/target/test-classes
if [ ! -e "$tests/io/github/fornada/timeline/SampleReports.class" ]; then
  mvn -B -ntp -q -pl library test-compile
fi

samples="$PWD/target/report-samples"
profiles="$(mktemp -d)"
trap 'rm -rf "$profiles"' EXIT
rm -rf "$samples"
mkdir -p "$samples"
"$jdk/bin/java" --enable-native-access=ALL-UNNAMED -cp "$classes:$tests" \
  io.github.fornada.timeline.SampleReports "$samples"
node .ci/checks/report.cjs "$samples" "$profiles"
