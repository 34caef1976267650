#!/usr/bin/env bash
# The pipeline of examples/ writes what its loop writes, and names the stage that is slow.
# Usage: .ci/checks/pipeline-example.sh, after mvn compile
set -euo pipefail
cd "$(dirname "$0")/../.."
. .ci/install.sh
jdk="$(find_jdk 25)"

classes=library/target/classes
[ -e "$classes/io/github/fornada/pipeline/Pipeline.class" ] || mvn -B -ntp -q -pl library compile
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT

mkdir "$work/texts"
for file in docs/*.md docs/decisions/*.md; do
  gzip -c "$file" >"$work/texts/$(basename "$file").gz"
done
for parsers in 0 1 2; do
  echo "Index.java, $parsers parsers (0 is the loop)"
  timeout 120 "$jdk/bin/java" -cp "$classes" examples/Index.java "$work/texts" "$work/$parsers" "$parsers" \
    >"$work/said-$parsers"
done
cmp "$work/0" "$work/1"
cmp "$work/0" "$work/2"
[ "$(wc -l <"$work/0")" = "$(find "$work/texts" -type f | wc -l)" ]
grep -qE "^parse +threads +1 " "$work/said-1" || { cat "$work/said-1"; exit 1; }
# It may stand at the end of one line and the beginning of the next.
tr '\n' ' ' <"$work/said-1" | grep -q "holds the" || { cat "$work/said-1"; exit 1; }
