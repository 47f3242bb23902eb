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

/*
 * Call before the first fork().  What the libraries' constructors left behind is full of
 * small holes; a child that puts its first allocations there needs a copy of each of
 * these pages.  Afterwards new memory comes from pages of its own.
 */
void okta_slim_before_fork(void);

#endif /* OKTA_AUTH_HELPER_SLIM_H */
