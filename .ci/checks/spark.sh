#!/usr/bin/env bash
# The pool on a Spark cluster: compiles it, and runs its tests over a real cluster on loopback, a master
# and two workers. At the same time the command, as README has it: a cluster in one process, a run on it in
# another, whose output is that of --on processes, byte for byte. Both wait for half of their time, for JVMs
# that start and for items that sleep. Fetches Spark's 136 jars, 220 MB, into Maven's repository the first time.
# Usage: .ci/checks/spark.sh [--command]     only the command, with what is built; in the foreground, for a
#                                            shell in the background hands on that interrupts are ignored
set -euo pipefail
cd "$(dirname "$0")/../.."
work="$(mktemp -d)"
cluster=""
tests=""
# shellcheck disable=SC2329 # called by the trap
clean() {
  if [ -n "$tests" ]; then
    kill -TERM "$tests" 2>/dev/null || true
    wait "$tests" 2>/dev/null || true
  fi
  if [ -n "$cluster" ]; then
    kill -TERM "$cluster" 2>/dev/null || true
    wait "$cluster" 2>/dev/null || true
  fi
  rm -rf "$work"
}
trap clean EXIT
export XDG_CACHE_HOME="$work/cache" # left behind, a cache of workers would be used by the next run
unset SPARK_HOME SPARK_CONF_DIR HADOOP_CONF_DIR YARN_CONF_DIR

seconds="$SECONDS"
took() {
  say "$1 took $((SECONDS - seconds)) s"
}
say() { printf '%s\n' "$*"; }

if [ "${1:-}" != --command ]; then
  mvn -B -ntp -q -Pspark -pl library,spark,cli package -DskipTests
  took "compiling"
  seconds="$SECONDS"
  # Without the command's module: its jar is in use now. The other jars are up to date and stay as they are.
  mvn -B -ntp -Pspark -pl library,spark verify -Dtest='Spark*Test,ClusterChecksTest,MastersTest' \
    -Dsurefire.failIfNoSpecifiedTests=false >"$work/tests" 2>&1 </dev/null &
  tests=$!
fi

# ---- the command

fail() {
  echo "spark.sh: $*" >&2
  exit 1
}

# ends CODE COMMAND...: runs it, with $work/out and $work/err, and expects this exit code.
ends() {
  local wanted="$1" code=0
  shift
  timeout -k 10 300 "$@" >"$work/out" 2>"$work/err" </dev/null || code=$?
  if [ "$code" != "$wanted" ]; then
    cat "$work/out" "$work/err" >&2
    fail "exit code $code instead of $wanted: $*"
  fi
}

# says TEXT: the messages have it.
says() {
  grep -qF -- "$1" "$work/err" || { cat "$work/err" >&2; fail "not said: $1"; }
}

# until SECONDS COMMAND...: waits until it is true.
until_true() {
  local limit=$((SECONDS + $1))
  shift
  until "$@"; do
    [ "$SECONDS" -lt "$limit" ] || fail "never: $*"
    sleep 0.1
  done
}

# With a folder of work of its own, where Spark's processes are found again by what they were told.
export FORNADA_JAVA_OPTIONS="-Djava.io.tmpdir=$work"

say "without Spark, nothing is fetched"
ends 2 ./fornada run --on spark://127.0.0.1:1 examples/WordCount.java README.md
says "SPARK_HOME is not set"
[ ! -e "$work/cache/fornada/spark-4.2.0.list" ] || fail "a list of fetched jars"

say "a cluster, as README starts it"
set -m # so that an interrupt reaches it: a background process ignores them otherwise
./fornada cluster --fetch --port 0 >"$work/address" 2>"$work/cluster-err" </dev/null &
cluster=$!
set +m
# shellcheck disable=SC2329
is_up() { grep -q '^spark://' "$work/address" || ! kill -0 "$cluster" 2>/dev/null; }
until_true 180 is_up
address="$(cat "$work/address")"
[ -n "$address" ] || { cat "$work/cluster-err" >&2; fail "the cluster did not start"; }

on=(./fornada run --on)
spark=("${on[@]}" "$address" --heap 64m)

say "the output is that of --on processes, byte for byte"
ends 0 "${on[@]}" processes examples/WordCount.java docs/*.md
mv "$work/out" "$work/expected"
ends 0 "${spark[@]}" examples/WordCount.java docs/*.md
cmp "$work/out" "$work/expected"
says " done in "
says " on cluster: in flight "
if grep -qiE 'warn|exception' "$work/err"; then
  cat "$work/err" >&2
  fail "Spark's own messages are not told"
fi

say "failures, JSON, a file, a class path with a resource, and files by relative paths"
mkdir -p "$work/src/app" "$work/classes"
cat >"$work/src/app/Half.java" <<'JAVA'
package app;

public class Half {
  public static String half(int n) throws Exception {
    if (n % 2 != 0) {
      throw new IllegalArgumentException(n + " is odd");
    }
    try (var in = Half.class.getResourceAsStream("word.txt")) {
      return new String(in.readAllBytes()).strip() + " " + Part.of(n);
    }
  }

  static class Part {
    static int of(int n) {
      return n / 2;
    }
  }
}
JAVA
. .ci/install.sh
jdk="$(find_jdk 25)"
"$jdk/bin/javac" -d "$work/classes" "$work/src/app/Half.java"
echo "half is" >"$work/classes/app/word.txt"
"$jdk/bin/jar" --create --file "$work/app.jar" -C "$work/classes" .
half=(app.Half#half -cp "$work/app.jar" --format jsonl 2 3 4 5 6)
ends 1 "${on[@]}" processes "${half[@]}"
sed 's/"millis":[0-9.e-]*//' "$work/out" >"$work/expected"
ends 1 "${spark[@]}" "${half[@]}"
sed 's/"millis":[0-9.e-]*//' "$work/out" >"$work/got"
cmp "$work/got" "$work/expected"
ends 0 "${spark[@]}" examples/WordCount.java --files docs --match '*.md' -o "$work/counts" --report "$work/page.html"
[ ! -s "$work/out" ] || fail "results beside the file"
ends 0 "${on[@]}" processes examples/WordCount.java --files docs --match '*.md'
cmp "$work/counts" "$work/out"
grep -q 'executor-' "$work/page.html" || fail "no lane of an executor in the page"

say "an item that ends its JVM costs itself"
cat >"$work/Halts.java" <<'JAVA'
public class Halts {
  public static int run(int n) {
    if (n == 7) {
      Runtime.getRuntime().halt(3);
    }
    return n;
  }
}
JAVA
ends 1 "${spark[@]}" "$work/Halts.java" 6 7 8
[ "$(cat "$work/out")" = "$(printf '6\n8')" ] || fail "got $(cat "$work/out")"
says '"7" was lost'

say "Ctrl-C"
cat >"$work/Slow.java" <<'JAVA'
public class Slow {
  public static int run(int n) throws Exception {
    Thread.sleep(n == 1 ? 1 : 600_000);
    return n;
  }
}
JAVA
set -m
./fornada run --on "$address" --heap 64m "$work/Slow.java" 1 2 3 4 >"$work/out" 2>"$work/err" </dev/null &
run=$!
set +m
until_true 60 grep -qx 1 "$work/out"
kill -INT "$run"
code=0
wait "$run" || code=$?
[ "$code" = 130 ] || { cat "$work/err" >&2; fail "exit code $code after Ctrl-C"; }
says "fornada: interrupted; 1 done"
# shellcheck disable=SC2329
no_executors() { ! pgrep -f "CoarseGrainedExecutorBackend.*$work" >/dev/null; }
until_true 30 no_executors

say "what cannot be had is said"
ends 1 "${on[@]}" spark://127.0.0.1:1 examples/WordCount.java README.md
says "no Spark master answers at spark://127.0.0.1:1"
ends 2 "${on[@]}" spark://127.0.0.1 examples/WordCount.java README.md
says "a standalone master is spark://HOST:PORT"
ends 2 ./fornada compare --on "$address" examples/WordCount.java README.md
says "is a cluster, which only"
ends 2 "${spark[@]}" --conf spark.speculation=true examples/WordCount.java README.md
says "spark.speculation must be false"
ends 1 ./fornada cluster --port "${address##*:}"
says "is taken"

say "an installed Spark; masters that are no address"
mkdir -p "$work/home/jars"
while read -r jar; do ln -s "$jar" "$work/home/jars/"; done <"$work/cache/fornada/spark-4.2.0.list"
ends 0 "${on[@]}" processes examples/WordCount.java README.md LICENSE
mv "$work/out" "$work/expected"
ends 2 "${on[@]}" 'local-cluster[1,1,1024]' examples/WordCount.java README.md LICENSE
says "needs an installed Spark"
ends 0 env SPARK_HOME="$work/home" ./fornada run --on 'local-cluster[1,1,1024]' --heap 64m \
  examples/WordCount.java README.md LICENSE
cmp "$work/out" "$work/expected"

say "the end of the cluster"
kill -INT "$cluster"
code=0
wait "$cluster" || code=$?
cluster=""
[ "$code" = 130 ] || { cat "$work/cluster-err" >&2; fail "exit code $code of the cluster"; }
# shellcheck disable=SC2329
nothing_left() { ! pgrep -f "io.github.fornada.spark.LoopbackCluster.Member.*$work" >/dev/null; }
until_true 30 nothing_left
left="$(find "$work" -maxdepth 1 -name 'fornada-spark-*')"
[ -z "$left" ] || fail "left behind: $left"
took "the command"

if [ -n "$tests" ]; then
  code=0
  wait "$tests" || code=$?
  tests=""
  took "the tests over a cluster"
  if [ "$code" != 0 ]; then
    cat "$work/tests" >&2
    fail "exit code $code of the tests"
  fi
  grep -h 'Tests run:.* in ' "$work/tests"
fi
