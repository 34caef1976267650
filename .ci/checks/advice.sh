#!/usr/bin/env bash
# The short form of the advisor's simulator: how near its decisions come to the best that is possible.
# Usage: .ci/checks/advice.sh
set -euo pipefail
cd "$(dirname "$0")/../.."
stress/advice --short
