#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# rpm.sh DIR: build the rpm packages into DIR.
# shellcheck disable=SC2154 # the files sourced set them
set -eu
out=$(realpath -m "${1:?usage: packaging/rpm.sh DIR}")
cd "$(dirname "$0")/.."
. packaging/source.sh

work=$out/work-rpm
log=$out/rpm.log
rm -rf "$work"
mkdir -p "$work"/{SOURCES,SPECS,BUILD,BUILDROOT,RPMS}
copy_source "$work/okta-login-$version"
tar -C "$work" --sort=name --owner=0 --group=0 --numeric-owner --mtime="@$SOURCE_DATE_EPOCH" \
	-c "okta-login-$version" | gzip -n >"$work/SOURCES/okta-login-$version.tar.gz"

# Scriptlets carry the same edits as Debian's maintainer scripts.
python3 - packaging "$version" >"$work/SPECS/okta-login.spec" <<'EOP'
import sys
top, version = sys.argv[1:]
def read(name):
    with open(f'{top}/{name}', encoding='utf-8') as f:
        return f.read()
spec = read('rpm/okta-login.spec.in')
for token, text in (('@VERSION@', version),
                    ('@NSSWITCHADD@', read('nsswitch/add.sed').rstrip('\n').replace('%', '%%')),
                    ('@NSSWITCHREMOVE@', read('nsswitch/remove.sed').rstrip('\n').replace('%', '%%'))):
    spec = spec.replace(token, text)
sys.stdout.write(spec)
EOP

# Where the system is not made of rpms, rpm knows of no build dependency (deps.sh has seen to them)
# and of no systemd or PAM macros.
foreign=()
[ -e /etc/debian_version ] && foreign=(--nodeps -D '_libdir %{_prefix}/lib64'
	-D '_unitdir %{_prefix}/lib/systemd/system' -D '_sysusersdir %{_prefix}/lib/sysusers.d'
	-D '_tmpfilesdir %{_prefix}/lib/tmpfiles.d' -D '_pam_moduledir %{_libdir}/security'
	-D '_pkgdocdir %{_docdir}/okta-login')
# No source rpm: it would carry the paths of this build, and be named in the others.
if ! LC_ALL=C.UTF-8 TZ=UTC rpmbuild -bb "${foreign[@]}" \
	-D "_topdir $work" -D '_buildhost okta-login' \
	-D 'use_source_date_epoch_as_buildtime 1' -D 'clamp_mtime_to_source_date_epoch 1' \
	"$work/SPECS/okta-login.spec" >"$log" 2>&1 </dev/null; then
	tail -n 30 "$log" >&2
	echo "rpm.sh: the build failed; all of it is in $log" >&2
	exit 1
fi
rm -f "$out"/*.rpm
find "$work/RPMS" -name '*.rpm' -exec mv -t "$out" {} +
mv "$work/SPECS/okta-login.spec" "$out"
rm -rf "$work"
ls "$out"/*.rpm
