#!/usr/bin/env bash
# Process pools where Java runs from unusual places: a real Spring Boot executable jar, and jshell.
# (LaunchTest has the others.) Usage: .ci/checks/launch.sh
set -euo pipefail
cd "$(dirname "$0")/../.."
. .ci/install.sh
jdk="$(find_jdk 25)"

classes=library/target/classes
if [ ! -e "$classes/io/github/fornada/process/worker/WorkerMain.class" ]; then
  mvn -B -ntp -q -pl library compile
fi
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
# A cache of workers, if one gets made meanwhile, goes with the rest.
export XDG_CACHE_HOME="$work/cache"
"$jdk/bin/jar" --create --file="$work/fornada.jar" -C "$classes" .

# expect FILE TEXT: the file has this line.
expect() {
  if ! grep -qxF "$2" "$1"; then
    echo "expected a line: $2"
    echo "got:"
    cat "$1"
    exit 1
  fi
}

echo "A Spring Boot executable jar"
cp -r .ci/fixtures/spring-boot-app "$work/app"
mvn -B -ntp -q -f "$work/app/pom.xml" -Dfornada.jar="$work/fornada.jar" -Djdk="$jdk" package
# The jar alone: nothing of the library lies where a worker's JVM could find it.
mv "$work/app/target/spring-boot-app-1.jar" "$work/spring boot app.jar"
rm -rf "$work/app"
mv "$work/fornada.jar" "$work/elsewhere.jar"
timeout 60 "$jdk/bin/java" -Xmx128m -jar "$work/spring boot app.jar" >"$work/said" 2>&1 || {
  cat "$work/said"
  exit 1
}
expect "$work/said" "own classes: [Point[x=1, name=p1], Point[x=2, name=p2]]"
expect "$work/said" "a library's: [Spring]"
expect "$work/said" "resource: [some words]"
expect "$work/said" "services: [[hello]]"
expect "$work/said" "loader: [fornada-worker]"
expect "$work/said" "crash: [Done, WorkerLost, Done]"

echo "jshell"
cat >"$work/snippets" <<'SNIPPETS'
import io.github.fornada.process.ProcessPool
record Pair(int a, String b) implements java.io.Serializable {}
int twice(int x) { return 2 * x; }
try (var pool = ProcessPool.open(o -> o.withWorkers(1).withHeap("64m"))) { System.out.println("jshell: " + pool.map(List.of(1, 2), x -> new Pair(twice(x), "b"))); }
/exit
SNIPPETS
timeout 60 "$jdk/bin/jshell" -s --class-path "$work/elsewhere.jar" "$work/snippets" \
  >"$work/said" 2>&1 </dev/null || {
  cat "$work/said"
  exit 1
}
expect "$work/said" "jshell: [Pair[a=2, b=b], Pair[a=4, b=b]]"
echo "passed"
