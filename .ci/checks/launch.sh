#!/usr/bin/env bash
# Process pools where Java runs from unusual places: a real Spring Boot executable jar, and jshell.
# (LaunchTest has the others.) And the command itself in such places: folders with spaces and '#', a
# terminal that can do nothing, broken class files, a JDK with a known fault.
# Usage: .ci/checks/launch.sh
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

# ---- the command

# Only what is needed to run it: nothing here can be built again.
home="$work/a folder #1"
mkdir -p "$home/cli/target" "$home/tasks #2"
if [ ! -e cli/target/fornada.jar ]; then
  mvn -B -ntp -q -DskipTests -pl library,cli package
fi
cp fornada "$home/"
cp cli/target/fornada.jar "$home/cli/target/"
export FORNADA_JDK="$jdk"

# fornada ARGUMENT...: what it prints goes to $work/out and $work/err; its exit code to $code.
fornada() {
  code=0
  (cd "$home" && timeout 120 ./fornada "$@") >"$work/out" 2>"$work/err" </dev/null || code=$?
}

# ends CODE: the last command ended with this code.
ends() {
  if [ "$code" != "$1" ]; then
    echo "exit code $code instead of $1; it printed:"
    cat "$work/out" "$work/err"
    exit 1
  fi
}

# says TEXT: the last command's messages contain it.
says() {
  if ! grep -qF -- "$1" "$work/err"; then
    echo "expected in the messages: $1"
    echo "got:"
    cat "$work/err"
    exit 1
  fi
}

printf '1\n2\n3\n' >"$home/n.txt"
cat >"$home/tasks #2/Sq.java" <<'JAVA'
public class Sq {
  public static int square(String line) {
    return Integer.parseInt(line) * Integer.parseInt(line);
  }
}
JAVA
cat >"$home/Where.java" <<'JAVA'
public class Where {
  public static String where(String line) {
    if (line.equals("never")) {
      System.exit(1);
    }
    return (Where.class.getProtectionDomain().getCodeSource() != null)
        + " " + (Where.class.getPackage() != null);
  }
}
JAVA

echo "The command in a folder with a space, a task in one with '#'"
for model in sequential virtual threads processes; do
  fornada run "tasks #2/Sq.java" --on "$model" --lines n.txt
  ends 0
  printf '1\n4\n9\n' | cmp - "$work/out"
done
fornada compare "tasks #2/Sq.java" --lines n.txt
ends 0

echo "A class that mentions System.exit keeps its code source and package"
fornada run Where.java --lines n.txt
ends 0
expect "$work/out" "true true"

echo "A build that is ended leaves no file behind"
mkdir -p "$work/slow build/bin" "$work/slow build/tmp" "$work/slow build/home"
cp fornada pom.xml "$work/slow build/home/"
cat >"$work/slow build/bin/mvn" <<'MVN'
#!/bin/sh
: >"$TMPDIR/began"
exec sleep 60
MVN
chmod +x "$work/slow build/bin/mvn"
for signal in INT TERM HUP; do
  # A group of its own, with signals as they are: Ctrl-C goes to all of it.
  python3 - "$work/slow build" "$signal" <<'PY'
import os, signal, subprocess, sys, time
folder, name = sys.argv[1], sys.argv[2]
environment = dict(os.environ, TMPDIR=folder + "/tmp", PATH=folder + "/bin:" + os.environ["PATH"])
program = subprocess.Popen(
    ["./fornada", "run"], cwd=folder + "/home", env=environment, start_new_session=True, stderr=subprocess.DEVNULL
)
began, end = folder + "/tmp/began", time.monotonic() + 60
while not os.path.exists(began):
    if program.poll() is not None or time.monotonic() > end:
        sys.exit("the build did not begin")
    time.sleep(0.02)
os.killpg(program.pid, getattr(signal, "SIG" + name))
program.wait(60)
os.remove(began)
while os.listdir(folder + "/tmp"):
    if time.monotonic() > end:
        sys.exit(f"SIG{name} left {os.listdir(folder + '/tmp')}")
    time.sleep(0.02)
PY
done

echo "A terminal that can do nothing"
if command -v script >/dev/null 2>&1; then
  (cd "$home" && TERM=dumb timeout 120 script -qec './fornada run "tasks #2/Sq.java" --lines n.txt' /dev/null) \
    >"$work/out" 2>"$work/err" </dev/null
  if grep -q "$(printf '\033')" "$work/out"; then
    echo "escape sequences for TERM=dumb:"
    cat -v "$work/out"
    exit 1
  fi
else
  echo "skipped: there is no command named script here (package bsdutils)"
fi

echo "Class files that are broken, or of a later Java"
mkdir -p "$home/broken" "$home/later"
cat >"$home/Uses.java" <<'JAVA'
public class Uses {
  public static String use(String line) {
    return new Part().toString();
  }
}
JAVA
printf 'public class Part {}\n' >"$work/Part.java"
"$jdk/bin/javac" -d "$home/later" "$work/Part.java"
head -c 40 "$home/later/Part.class" >"$home/broken/Part.class"
printf '\000\143' | dd of="$home/later/Part.class" bs=1 seek=6 conv=notrunc status=none
for kind in broken later; do
  fornada run Uses.java -cp "$kind" --lines n.txt
  if [ "$code" = 0 ] || grep -qF "at io.github.fornada" "$work/err"; then
    echo "a class file that is $kind: exit code $code, and it said"
    cat "$work/err"
    exit 1
  fi
  says Part
done

echo "Descriptors stay the user's: written where they are, read where they are"
printf 'old\n' >"$home/log"
(cd "$home" && timeout 120 ./fornada run "tasks #2/Sq.java" --lines n.txt -o /dev/fd/3 3>>log) 2>"$work/err"
printf 'old\n1\n4\n9\n' | cmp - "$home/log"
(cd "$home" && { echo head; timeout 120 ./fornada run "tasks #2/Sq.java" --lines n.txt -o /proc/self/fd/1; echo foot; } >log) \
  2>"$work/err"
printf 'head\n1\n4\n9\nfoot\n' | cmp - "$home/log"
(cd "$home" && { read -r _ <&3; timeout 120 ./fornada run "tasks #2/Sq.java" --lines /dev/fd/3; } 3<n.txt) \
  >"$work/out" 2>"$work/err"
printf '4\n9\n' | cmp - "$work/out"
fornada run "tasks #2/Sq.java" 3 -o -
ends 0
expect "$work/out" "9"
fornada run "tasks #2/Sq.java" 3 -o /dev/fd/9
ends 2
says "no descriptor 9 is open"

echo "The version is on stdout, and a closed stdin is no empty one"
fornada --version
ends 0
if ! grep -q '^fornada ' "$work/out"; then
  echo "no version on stdout"
  exit 1
fi
code=0
(cd "$home" && timeout 120 ./fornada run "tasks #2/Sq.java" --lines - <&-) >"$work/out" 2>"$work/err" || code=$?
ends 2
says "stdin is closed"

echo "A FORNADA_JDK that is none, and a folder that is gone"
for wrong in /nonexistent "$work"; do
  FORNADA_JDK="$wrong" fornada --version
  ends 2
  says "FORNADA_JDK names $wrong"
done
mkdir "$work/gone"
code=0
(cd "$work/gone" && rmdir "$work/gone" && timeout 120 "$home/fornada" --version) >"$work/out" 2>"$work/err" || code=$?
ends 2
says "the current folder was deleted"

echo "A JDK with a known fault"
mkdir "$work/jdk"
for each in "$jdk"/*; do
  ln -s "$each" "$work/jdk/"
done
rm "$work/jdk/release"
sed 's/^JAVA_VERSION=.*/JAVA_VERSION="25.0.1"/' "$jdk/release" >"$work/jdk/release"
export FORNADA_JDK="$work/jdk"
fornada run "tasks #2/Sq.java" --lines n.txt
ends 0
says "JDK-8377811"
printf '1\n4\n9\n' | cmp - "$work/out"
echo "passed"
