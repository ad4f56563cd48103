#!/bin/sh
# All tables of a suite: `make tables` runs this in the repository's root, with the environment's programs first in PATH.
set -e
suite=$1
page=reports/$suite/index.html

# One run at a time in this folder: the second one is told so instead of meeting half-written files.
busy=75
exec 9>.make.lock
if ! command -v flock >/dev/null; then
  echo "Warning: flock is not there, which keeps two 'make tables' apart: start only one in this folder" >&2
else
  flock -w 5 -E $busy 9 || code=$?
  if [ "$code" = $busy ]; then
    echo "Error: another 'make tables' is running in this folder; wait for it or stop it"
    exit 1
  elif [ -n "$code" ]; then
    echo "Warning: this file system has no locks, which keep two 'make tables' apart: start only one in this folder" >&2
  fi
fi
python -m tcclip.workflow.unlock

if [ ! -e "$page" ]; then
  # A mistake in params/ is said by Snakemake.
  tcclip plan --suite "$suite" 2>/dev/null |
    sed -n -e '/^On .*:$/p' -e 's/^Wall time: \(.*\) when the job .*/  \1 of trainings and tests, as `tcclip plan` estimates it/p'
  echo "It may be interrupted (Ctrl-C) at any moment: the same command goes on where it was"
fi

# The jobs of both calls have one warm server; a profile's jobs may run elsewhere.
if [ -z "$SNAKEMAKE_PROFILE" ]; then
  TCCLIP_WARM=$(python -P -m tcclip.workflow.warm_start "$suite" $$)
  export TCCLIP_WARM
fi

# Where there is no page yet, rows of one table come first, with a page of their own: something to look at meanwhile.
# The frames of all datasets are made beside the CLIP, which takes one core.
if [ ! -e "$page" ] && grep -qs '^first_look:' "params/suites/$suite.yaml"; then
  snakemake first_look frames --config suite="$suite"
fi
snakemake tables --config suite="$suite"
echo "Tables: reports/$suite/tables/    page: $page    runs: make ui    other commands: source .venv/bin/activate"
