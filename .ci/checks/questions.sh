#!/usr/bin/env bash
# Not executable, so not part of .ci/run yet: run it with bash. It was seen on a busy machine only.
# The questions in examples/questions get right answers, whose words have the figures of the same run.
# Usage: .ci/checks/questions.sh [NAME]..., after mvn compile
set -euo pipefail
cd "$(dirname "$0")/../.."
. .ci/install.sh
jdk="$(find_jdk 25)"

classes=library/target/classes
[ -e "$classes/io/github/fornada/advice/Advisor.class" ] || mvn -B -ntp -q -pl library compile
timeout 600 "$jdk/bin/java" -Xmx1500m --enable-native-access=ALL-UNNAMED -cp "$classes" \
  examples/questions/Check.java "$@"
