#!/usr/bin/env bash
# The advisor: the short form of its simulator, how near its decisions come to the best that is possible; and
# a dozen real workloads, of which none may take twice as long as the best, or get a wrong cause.
# Usage: .ci/checks/advice.sh
set -euo pipefail
cd "$(dirname "$0")/../.."
stress/advice --short
benchmarks/advice/run --check
