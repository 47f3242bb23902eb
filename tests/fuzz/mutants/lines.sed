# cmd/oktactl/registry_lines.c
# a group may be called sudo
s/if (fault == NULL && okta_name_is_reserved(raw, conf))/if (fault != NULL \&\& okta_name_is_reserved(raw, conf))/
