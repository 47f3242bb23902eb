# cmd/okta-sync/base.c
# a member who is nobody
s/if (person >= base->n_users + base->n_strays || group >= base->n_groups)/if (group >= base->n_groups)/
