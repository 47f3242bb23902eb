# cmd/okta-sync/records.c
# a member of a group that never came
s/if (group >= records->n_groups || user_id/if (group > UINT32_MAX || user_id/
