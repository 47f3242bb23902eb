# SPDX-License-Identifier: BSD-2-Clause
# Packages, and what proves them.  The results are in $B/packages.

.PHONY: deb rpm check-install

deb:
	@packaging/deps.sh deb
	@packaging/deb.sh $B/packages

rpm:
	@packaging/deps.sh rpm
	@packaging/rpm.sh $B/packages

# Not part of make check: it needs root, the network for Debian packages, and minutes.
check-install:
	@packaging/deps.sh check
	@tests/deps.sh demo
	@packaging/tests/list | B=$B tests/run $B/packages/logs
