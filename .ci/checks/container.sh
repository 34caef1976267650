#!/usr/bin/env bash
# The command as process 1, with a /dev/shm of 16 MB and without a home folder, as docs/containers.md
# describes it; then stopped as `docker stop` does. Needs user namespaces; says so where there are none.
# Usage: .ci/checks/container.sh
set -euo pipefail
cd "$(dirname "$0")/../.."
. .ci/install.sh
jdk="$(find_jdk 25)"
if ! unshare -Urpfm --mount-proc true 2>/dev/null; then
  echo "skipped: this machine lets nobody make namespaces (unshare -Urpfm --mount-proc true)"
  exit 0
fi

./fornada --version >/dev/null 2>&1 # builds it
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cat >"$work/Say.java" <<'JAVA'
import java.nio.file.Files;
import java.nio.file.Path;

public class Say {
  public static String say(String item) throws Exception {
    if (item.equals("wait")) {
      Files.writeString(Path.of(System.getenv("STARTED")), "x");
      Thread.sleep(600_000);
    }
    return item + " of " + ProcessHandle.current().parent().orElseThrow().pid() + " " + "x".repeat(3 << 20).length();
  }
}
JAVA
cat >"$work/inside" <<'SHELL'
set -eu
mount -t tmpfs -o size=16m tmpfs /dev/shm
unset HOME XDG_CACHE_HOME
exec "$@"
SHELL
inside=(unshare -Urpfm --mount-proc --kill-child bash "$work/inside")
export FORNADA_JDK="$jdk" STARTED="$work/started"

echo "As process 1, in 16 MB of shared memory"
timeout 300 "${inside[@]}" ./fornada run "$work/Say.java" a b c --on processes --workers 2 \
  >"$work/out" 2>"$work/err" || {
  cat "$work/out" "$work/err"
  exit 1
}
if [ "$(grep -cx '[abc] of 1 3145728' "$work/out")" != 3 ]; then
  echo "expected three lines such as: a of 1 3145728"
  cat "$work/out" "$work/err"
  exit 1
fi

echo "Stopped by SIGTERM"
"${inside[@]}" ./fornada run "$work/Say.java" wait --on processes --workers 2 >"$work/out" 2>"$work/err" &
outer=$!
for _ in $(seq 600); do
  [ -e "$STARTED" ] && break
  sleep 0.5
done
[ -e "$STARTED" ] || {
  echo "the task did not start"
  cat "$work/err"
  kill "$outer"
  exit 1
}
inner="$(pgrep -P "$outer")"
kill -TERM "$inner"
code=0
wait "$outer" || code=$?
if [ "$code" != 143 ] && [ "$code" != 130 ]; then
  echo "expected the exit code 143, got $code"
  cat "$work/out" "$work/err"
  exit 1
fi
echo "ended with $code: $(tail -1 "$work/err")"
