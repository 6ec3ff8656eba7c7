#!/usr/bin/env bash
# Deploys a canary, watches it, and promotes it or rolls it back: ./pipeline.sh 1.9.0 2.0.0
# The commands are yours: DEPLOY canary VERSION, DEPLOY promote VERSION, DEPLOY roll-back.
set -euo pipefail

stable=$1 canary=$2
deploy=${DEPLOY:-./deploy.sh}
export COALMINE_SERVICE=${COALMINE_SERVICE:-shop}
export COALMINE_STABLE=service.version=$stable COALMINE_CANARY=service.version=$canary

# Whatever ends this script before the canary is promoted ends the canary: a FAIL, no verdict, Ctrl-C, a cancelled job.
finish() {
  code=$?
  if [ "$code" -ne 0 ]; then "$deploy" roll-back; fi
  exit "$code"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

"$deploy" canary "$canary"
echo "Go here: $(npx --yes coalmine url)"
npx --yes coalmine watch --wait 10m --for "${COALMINE_FOR:-30m}"
"$deploy" promote "$canary"
