# common/snap/user.c
# S8 S26 R7: unit/test_snap_read: forged_index_never_gives_another_identity
# the record that the index points at is the one asked for
s/if (name != NULL ? okta_snap_same(ret->name, \*name) : ret->uid == uid)/if (name != NULL || ret->uid == uid)/
