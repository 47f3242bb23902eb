# cmd/okta-sync/records.c
# a member of a group that never came
s/if (group >= records->n_groups)$/if (group > UINT32_MAX)/
s/if (group >= records->n_groups || number/if (number/
