#!/usr/bin/env bash
# The short form of jcstress and Lincheck: nothing forbidden is seen, and every twin is caught.
# Usage: .ci/checks/checkers.sh
set -euo pipefail
cd "$(dirname "$0")/../.."
stress/check
