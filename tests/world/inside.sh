#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# inside.sh DIR HOSTNAME - first process of a world: private directories, then the log
# collector, which stays.  Started by world.sh in new mount, host name and process namespaces.
set -eu
dir=$1
name=$2
umask 022

# /run first: the other directories' private copies live below it and so in memory.
mount -t tmpfs -o mode=755 run /run
mkdir -p /run/sshd /run/lock /run/user /run/world

overlay() {
	[ "${WORLD_OVERLAY:-yes}" = yes ] || return 1
	up=/run/world/${1//\//_}
	mkdir -p "$up/u" "$up/w"
	chmod --reference="$1" "$up/u"
	mount -t overlay world -o "lowerdir=$1,upperdir=$up/u,workdir=$up/w" "$1" 2>/dev/null
}

# Where the kernel has no overlayfs for us: a small directory is copied...
copy() {
	c=/run/world/copy${1//\//_}
	mkdir -p "$c"
	cp -a "$1/." "$c/"
	chmod --reference="$1" "$c"
	mount --bind "$c" "$1"
}

# ... and a big one becomes a directory of links to the original, with SUBDIRS copied.
mirror() {
	m=/run/world/mirror${1//\//_}
	o=/run/world/original${1//\//_}
	mkdir -p "$m" "$o"
	mount --bind "$1" "$o"
	find "$o" -mindepth 1 -maxdepth 1 -exec ln -s -t "$m" {} +
	for sub in $2; do
		rm "$m/$sub"
		cp -a "$o/$sub" "$m/$sub"
	done
	mount --bind "$m" "$1"
}

overlay /etc || copy /etc
overlay /usr || {
	multiarch=$(echo /usr/lib/*-linux-gnu*/security)
	multiarch=${multiarch%/security}
	mirror "$multiarch" security
	mkdir -p /run/world/share/man /run/world/share/doc
	copy /usr/sbin
	copy /usr/libexec
	for d in man doc; do mount --bind /run/world/share/$d /usr/share/$d; done
}
overlay /var || {
	for d in /var/lib /var/log /var/mail /var/spool; do
		mount -t tmpfs -o mode=755 var $d
	done
}
# The tree may be in somebody's home: it stays where it is.
tree=$(cd "$(dirname "$0")/../.." && pwd)
mkdir -p /run/world/tree /run/world/dir
mount --bind "$tree" /run/world/tree
mount --bind "$dir" /run/world/dir
mount -t tmpfs -o mode=755 home /home
mount -t tmpfs -o mode=700 root /root
keep() {
	[ -d "$2" ] && [ "$1" -ef "$2" ] && return
	mkdir -p "$2"
	mount --bind "$1" "$2"
}
keep /run/world/tree "$tree"
keep /run/world/dir "$dir"

# /dev: the usual nodes, this machine's terminals (the tests' ptys must have a name in here),
# and a /dev/log of our own.
d=/run/world/dev
mkdir -p $d
mount -t tmpfs -o mode=755 dev $d
node() {
	mknod -m 666 "$d/$1" c "$2" "$3" 2>/dev/null || {
		: >"$d/$1"
		mount --bind "/dev/$1" "$d/$1"
	}
}
node null 1 3
node zero 1 5
node full 1 7
node random 1 8
node urandom 1 9
node tty 5 0
node ptmx 5 2
mkdir -p $d/pts $d/shm
mount --bind /dev/pts $d/pts
mount -t tmpfs -o mode=1777 shm $d/shm
ln -s /proc/self/fd $d/fd
ln -s /proc/self/fd/0 $d/stdin
ln -s /proc/self/fd/1 $d/stdout
ln -s /proc/self/fd/2 $d/stderr
mount --move $d /dev

echo "$name" >/proc/sys/kernel/hostname
echo "$name" >/etc/hostname
printf '127.0.0.1 localhost\n127.0.1.1 %s\n' "$name" >/etc/hosts
# Names are never asked of the network: only what /etc/hosts has.
: >/etc/resolv.conf
sed -i 's/^hosts:.*/hosts: files/' /etc/nsswitch.conf
: >/run/utmp
mkdir -p /var/log /var/mail
: >/var/log/wtmp
: >/var/log/lastlog
rm -f /etc/nologin

# A machine without an SSH server: the one that was only unpacked into the build tree.
if [ ! -x /usr/sbin/sshd ]; then
	install -m 755 "$tree/build/tools/usr/sbin/sshd" /usr/sbin/sshd
	mkdir -p /etc/ssh
fi
id -u sshd >/dev/null 2>&1 || useradd -r -M -d /run/sshd -s /usr/sbin/nologin sshd

# A shell that prints its prompt and nothing else.
rm -f /etc/profile.d/* /etc/skel/.bashrc /etc/motd
printf 'umask 022\nPS1='\''\\u@\\h\\$ '\''\n' >/etc/bash.bashrc
printf 'set enable-bracketed-paste off\n' >/etc/inputrc

useradd -m -s /bin/bash opal
printf 'opal:Loc4l-Passw0rd\nroot:Loc4l-Passw0rd\n' | chpasswd
install -d -m 700 -o opal -g opal /home/opal/.ssh
install -m 600 -o opal -g opal "$dir/opal.key.pub" /home/opal/.ssh/authorized_keys
install -d -m 700 /root/.ssh
install -m 600 "$dir/root.key.pub" /root/.ssh/authorized_keys

exec /usr/bin/python3 "$(dirname "$0")/syslog.py" /dev/log "$dir/log" "$dir/ready"
