/* SPDX-License-Identifier: BSD-2-Clause */
/* cmd/okta-auth-helper/slim.h - hundreds of helpers may wait side by side; each should
 * hold little while it does.
 */
#ifndef OKTA_AUTH_HELPER_SLIM_H
#define OKTA_AUTH_HELPER_SLIM_H

/*
 * Gives back free heap and every page of program and libraries that is only a copy of the
 * file it came from.  Nothing is lost: what is needed again is mapped again out of the
 * page cache.
 */
void okta_slim_down(void);

#endif /* OKTA_AUTH_HELPER_SLIM_H */
