# common/snap/member.c
# a name may begin anywhere
s/if (ref > m->table_len - OKTA_SNAP_NAMES_PAD)/if (ref > m->table_len + 4096)/
