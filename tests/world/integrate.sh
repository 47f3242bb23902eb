#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# integrate.sh PAM_DIR - what an admin does after `make install`: the system user, nsswitch,
# and the stacks of PAM_DIR (run inside).
set -eu
id -u _okta >/dev/null 2>&1 ||
	useradd -r -U -M -d /nonexistent -s /usr/sbin/nologin _okta
sed -i -e 's/^passwd:.*/passwd: files okta/' \
    -e 's/^group:.*/group: files [SUCCESS=merge] okta/' /etc/nsswitch.conf
for service in sshd su sudo login; do
	install -m 644 "$1/$service" /etc/pam.d/$service
done
