#!/usr/bin/env bash
# The documents are true of the code, as far as that can be checked quickly:
#
# - every relative link and image in a Markdown file leads to a file, and to a heading in it
# - no committed file names a package registry's host or a path of this machine
# - every Java snippet in the Markdown files compiles against the library
# - every code span that is a type, or a type and a member (`Pool`, `Outcome.Done`), exists
# - every message that heads a section of docs/troubleshooting.md is in the sources
#
# Usage: .ci/checks/docs.sh, after mvn compile
set -euo pipefail
cd "$(dirname "$0")/../.."
. .ci/install.sh
need_command git git
need_command python3 python3

classes="$PWD/library/target/classes"
[ -d "$classes/io" ] || {
  echo "the library is not compiled: run mvn -q -pl library compile first" >&2
  exit 1
}
jdk="$(find_jdk 25)"
scratch="$(mktemp -d)"
trap 'rm -rf "$scratch"' EXIT

failed=0
for step in links addresses snippets messages; do
  python3 .ci/checks/docs.py "$step" "$scratch" || failed=1
done

python3 .ci/checks/names.py "$jdk/bin/java" || failed=1

# Named on their own command line, so that javac tells which of them is wrong.
for source in "$scratch"/*.java; do
  [ -e "$source" ] || continue
  if ! "$jdk/bin/javac" -Xlint:all,-serial -Werror -cp "$classes" -d "$scratch/classes" "$source"; then
    echo "docs: the snippet at $(head -n 1 "$source" | cut -c 4-) does not compile" >&2
    failed=1
  fi
done
exit "$failed"
