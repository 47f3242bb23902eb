#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# small.sh: what building the snapshot of 20,000 users costs, as lines of lookups.tsv.
# BENCH is the directory that `run` made.
set -eu
dir=$BENCH/work/small
rm -rf "$dir"
mkdir -p "$dir"
for _ in 1 2 3 4 5; do "$BENCH/bin/build" 20000 500 "$dir/directory.snapshot"; done | sed 's/^/20k\tokta\tcost\t/'
rm -rf "$dir"
