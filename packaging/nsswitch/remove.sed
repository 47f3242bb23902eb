# SPDX-License-Identifier: BSD-2-Clause
# sed -E: take out what add.sed put in, or what an admin put in its place.
# No single quote may stand here: maintainer scripts carry this text between two.
/^(passwd|group):/{
	s/^([^#]*)\s\[SUCCESS=merge\]\s+okta(\s|#|$)/\1\2/
	s/^([^#]*)\sokta(\s|#|$)/\1\2/
}
