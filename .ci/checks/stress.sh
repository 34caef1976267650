#!/usr/bin/env bash
# The short form of the storms: workers killed at random, everything at once, a soak, pools opened and
# closed, random pipelines. Usage: .ci/checks/stress.sh
set -euo pipefail
cd "$(dirname "$0")/../.."
# Left behind, a cache of workers would be used by the next run.
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
export XDG_CACHE_HOME="$work/cache"
stress/run --short
stress/pipelines --minutes=0.5
stress/pipelines --minutes=0.17 --processes
