/* SPDX-License-Identifier: BSD-2-Clause */
/* oktactl/token.h - `oktactl token verify`: judge one ID token as a login would. */
#ifndef OKTA_CTL_TOKEN_H
#define OKTA_CTL_TOKEN_H

#include <stdbool.h>

/*
 * argv[0] is "verify", its options follow; the token comes on standard input, byte for
 * byte: a line break at its end is part of it, and refused.  Prints the claims and
 * returns 0, prints the check that refused it and returns 1, or says on standard error
 * how it is used, or which file cannot be read, and returns 2.
 */
int ctl_token(int argc, char **argv, bool json);

#endif /* OKTA_CTL_TOKEN_H */
