# SPDX-License-Identifier: BSD-2-Clause
# sed -E: let the name service switch ask okta, right after the local files, before anything
# slower.  What is inserted begins with one blank and nothing else changes, so that remove.sed
# gives the file back byte for byte.  An action that belongs to files stays with files.
# No single quote may stand here: maintainer scripts carry this text between two.
/^passwd:/{
	/^[^#]*\sokta(\s|#|$)/!s/^(passwd:([^#]*\s)?(files|compat)(\s+\[([^]]*)\])?)(\s|#|$)/\1 okta\6/
}
# Merged always, not only when a local group is joined: that is decided later, in okta-login.conf,
# and without it "getent group sudo" would hide who has sudo.  Where nothing is joined, or the
# snapshot is missing, the answer of files stays as it is.
/^group:/{
	/^[^#]*\sokta(\s|#|$)/b
	s/^(group:([^#]*\s)?(files|compat))(|\s+\[SUCCESS=merge\].*|\s+|\s+[^[ \t].*|#.*)$/\1 [SUCCESS=merge] okta\4/
	t
	s/^(group:([^#]*\s)?(files|compat)\s+\[([^]]*)\])(\s|#|$)/\1 okta\5/
}
