#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# put_config.sh CONF DIR - put CONF and the stand-in's certificate and secrets from DIR where
# an admin would (run inside).
set -eu
to=/etc/okta-login
install -d -m 755 $to $to/conf.d
install -m 644 "$1" $to/okta-login.conf
install -m 644 "$2/ca.pem" $to/ca.pem
install -m 600 "$2/service.key" $to/service.key
install -m 600 "$2/service-secret" $to/client-secret
install -m 600 "$2/ssws-token" $to/ssws-token
