# SPDX-License-Identifier: BSD-2-Clause
# awk -v users=N -v groups=M -v dir=DIR -f people.awk: DIR/passwd, DIR/group, DIR/keys ("name uid").
# The same on every run.  Everybody has a private group and is in ten others.
BEGIN {
	split("ada bob carol dave erin frank grace heidi ivan judy mallory niaj olivia peggy rupert sybil", first)
	split("hopper kahn lovelace turing liskov shannon vaughan dijkstra allen moore lamarr giaever bartik", last)
	seed = 42
	for (i = 0; i < users; i++) {
		name = first[i % 16 + 1] "." last[int(i / 16) % 13 + 1] int(i / 208)
		uid = 1879048192 + (i * 40503) % 16777216
		printf "%s:*:%d:%d:%s:/home/%s:/bin/bash\n", name, uid, uid, name, name >(dir "/passwd")
		for (k = 0; k < 10; k++) {
			seed = (seed * 1103515245 + 12345) % 2147483648
			g = int(seed / 65536) % groups
			if (last_in[g] != name)
				members[g] = members[g] (g in last_in ? "," : "") name
			last_in[g] = name
		}
		people[i] = name " " uid
	}
	for (g = 0; g < groups; g++)
		printf "team-%05d:*:%d:%s\n", g, 1900000000 + g, members[g] >(dir "/group")
	# in an order that is not the file's, so that neighbours do not warm each other
	for (i = 0; i < users; i++)
		print people[(i * 7919) % users] >(dir "/keys")
}
