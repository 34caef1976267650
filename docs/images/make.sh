#!/usr/bin/env bash
# Makes report.png and report-dark.png, the pictures of a report in the README, from a report:
#
# (on a quiet machine, so that the page recommends something)
#
#   ./fornada compare --report target/report.html examples/Thumbnail.java PHOTOS...
#   docs/images/make.sh target/report.html
#
# Without an argument it takes the sample report that .ci/checks/report.sh leaves behind.
set -euo pipefail
report="$(realpath "${1:-$(dirname "$0")/../../target/report-samples/mixed.html}")"
cd "$(dirname "$0")/../.."
. .ci/install.sh
need_command chromium chromium
need_playwright
profiles="$(mktemp -d)"
trap 'rm -rf "$profiles"' EXIT
node docs/images/make.cjs "$report" "$profiles"
"$(find_jdk 25)/bin/java" -Djava.awt.headless=true docs/images/Palette.java docs/images/*.png
ls -l docs/images/*.png
