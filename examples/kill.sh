#!/usr/bin/env bash
# The guide's queue between processes, in Python and here, with a kill -9 of the other process in the
# middle. Python's program waits for ever, and is ended here after 15 s; ours says what happened.
# Usage: examples/kill.sh [JAVA], from the project's folder, after mvn compile
set -euo pipefail
cd "$(dirname "$0")"
java="${1:-java}"
limit=15

# Runs a program, kills the process that its first line names, and waits for its end.
kill_in_the_middle() {
  local name="$1" said
  shift
  said="$(mktemp)"
  "$@" >"$said" 2>&1 &
  local program=$! pid="" i
  for ((i = 0; i < 600; i++)); do
    pid="$(sed -n '1s/.* process \([0-9]*\).*/\1/p' "$said")"
    [ -n "$pid" ] && break
    sleep 0.1
  done
  kill -9 "$pid"
  for ((i = 0; i < limit * 10; i++)); do
    kill -0 "$program" 2>/dev/null || break
    sleep 0.1
  done
  sed "s/^/$name: /" "$said"
  rm -f "$said"
  if kill -0 "$program" 2>/dev/null; then
    kill -9 "$program"
    echo "$name: hangs; ended after $limit s"
  else
    echo "$name: has ended"
  fi
  wait "$program" 2>/dev/null || true
}

kill_in_the_middle Killed.java "$java" -cp ../library/target/classes Killed.java
kill_in_the_middle killed.py python3 killed.py
