# cmd/okta-auth-helper/login.c
# S24 R15: net/test_helper: keys_rotated_while_waiting_are_fetched_anew
# keys that were rotated meanwhile are not fetched anew
s/^	if (l->keys_are_fresh)$/	if (l->keys_are_fresh || l->keys.succeeded)/
