#!/usr/bin/env bash
# Not executable, so not part of .ci/run yet: run it with bash. It was seen on a busy machine only.
# Five programs, and five different answers of `fornada advise`, each of them right.
# Usage: .ci/checks/advise.sh, after mvn package; FORNADA may name another command.
set -euo pipefail
cd "$(dirname "$0")/../.."
. .ci/install.sh
need_command python3 python3
fornada="${FORNADA:-./fornada}"
work="$(mktemp -d)"
server=""
trap '[ -z "$server" ] || kill "$server" 2>/dev/null || true; rm -rf "$work"' EXIT

# says NAME CAUSES MODELS: whether the advice in NAME.json is one of these; on a busy machine it may say so.
says() {
  python3 - "$work/$1.json" "$1" "$2" "$3" <<'P'
import json, sys
path, name, causes, models = sys.argv[1:]
with open(path) as f:
    advice = json.load(f)
cause, model = advice.get("cause", "FEW_ITEMS"), advice["model"]
print(f"{name}: {cause}, {model} {advice['size']}: {advice.get('sentences', ['-'])[0]}")
if cause == "BUSY_MACHINE":
    print(f"  the machine is busy, and {name} is told so: nothing else is checked")
elif cause not in causes.split("|") or model not in models.split("|"):
    sys.exit(f"{name}: expected {causes} and {models}")
P
}

cores="$(nproc)"
computing="threads|virtual"
[ "$cores" -gt 1 ] || computing=sequential

"$fornada" advise examples/Primes.java --json $(seq 300000 1000 700000) >"$work/Primes.json"
says Primes COMPUTES "$computing"

"$fornada" advise examples/WordCount.java --json --files examples/data --match '*.txt' >"$work/WordCount.json"
says WordCount "FEW_ITEMS|SMALL_ITEMS|WARM_UP" sequential

"$fornada" advise examples/Bolo.java --json $(seq 300) >"$work/Bolo.json"
says Bolo SLEEPS "virtual|threads"

python3 - >"$work/port" <<'P' &
import http.server, time
class Slow(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        time.sleep(0.1)
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")
    def log_message(self, *arguments):
        pass
class Server(http.server.ThreadingHTTPServer):
    request_queue_size = 1024
server = Server(("127.0.0.1", 0), Slow)
print(server.server_port, flush=True)
server.serve_forever()
P
server=$!
for _ in $(seq 600); do [ -s "$work/port" ] && break; sleep 0.1; done
port="$(cat "$work/port")"
seq -f "http://127.0.0.1:$port/%g" 1000 >"$work/urls"
"$fornada" advise examples/Fetch.java --json --lines "$work/urls" >"$work/Fetch.json"
says Fetch SOCKETS "virtual|threads"

libraries=benchmarks/advice/libraries
if mvn -B -ntp -q -f "$libraries/pom.xml" package; then
  "$fornada" advise -cp "$libraries/target/lib/*" examples/Svm.java --json $(seq 600) >"$work/Svm.json"
  says Svm LOCK "$([ "$cores" -gt 1 ] && echo processes || echo sequential)"
  grep -q 'LibSVMTrainer.train' "$work/Svm.json" || grep -q BUSY_MACHINE "$work/Svm.json"
else
  echo "Svm: its library cannot be fetched, so it is not asked about"
fi
