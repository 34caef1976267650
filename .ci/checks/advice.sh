#!/usr/bin/env bash
# The short form of the advisor's simulator: how near its decisions come to the best that is possible.
# A dozen real workloads are measured by benchmarks/advice/run --check, which is not part of this yet: it was
# seen on a busy machine only.
# Usage: .ci/checks/advice.sh
set -euo pipefail
cd "$(dirname "$0")/../.."
stress/advice --short
