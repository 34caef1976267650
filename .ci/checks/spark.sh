#!/usr/bin/env bash
# The pool on a Spark cluster: compiles it, and runs its tests over a real cluster on loopback, a master
# and two workers. Fetches Spark's 136 jars, 220 MB, into Maven's repository the first time.
# Usage: .ci/checks/spark.sh
set -euo pipefail
cd "$(dirname "$0")/../.."
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
export XDG_CACHE_HOME="$work/cache" # left behind, a cache of workers would be used by the next run
mvn -B -ntp -q -Pspark -pl spark -am verify -Dtest='Spark*Test,ClusterChecksTest' -Dsurefire.failIfNoSpecifiedTests=false
