#!/usr/bin/env bash
# The programs in examples/ that share objects between processes do what they say, also when one of
# the processes is killed, and leave nothing in /dev/shm. Usage: .ci/checks/shared-examples.sh
set -euo pipefail
cd "$(dirname "$0")/../.."
. .ci/install.sh
need_command python3 python3
jdk="$(find_jdk 25)"

classes=library/target/classes
[ -e "$classes/io/github/fornada/shared/SharedQueue.class" ] || mvn -B -ntp -q -pl library compile
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
# What is there of processes that have ended; those of others may be at work meanwhile.
left() {
  find /dev/shm -mindepth 1 -maxdepth 1 -newer "$work/begin" -user "$(id -u)" | while read -r folder; do
    owner="$(basename "$folder" | cut -d- -f2)"
    [ -e "/proc/$owner" ] || echo "$folder"
  done
}
touch "$work/begin"

run() { timeout 120 "$jdk/bin/java" -cp "$classes" "examples/$1"; }

echo "Messages.java and messages.py print a line from another process"
run Messages.java | grep -qx "hello from process [0-9]*"
timeout 60 python3 examples/messages.py | grep -qx "hello from process [0-9]*"

echo "Progress.java comes to its end, and Crawl.java crawls all of its 3000 pages"
run Progress.java | grep -q "primes in the last"
[ "$(run Crawl.java | awk '{ sum += $1 } END { print sum }')" = 3000 ]

echo "killed in the middle, Python's queue hangs, and ours says what happened"
examples/kill.sh "$jdk/bin/java" | tee "$work/said"
grep -q "^Killed.java: the shared queue was closed with an error: .*SIGKILL" "$work/said"
grep -qx "Killed.java: has ended" "$work/said"
grep -qx "killed.py: hangs; ended after 15 s" "$work/said"

echo "nothing is left in /dev/shm"
[ -z "$(left)" ] || { left; exit 1; }
