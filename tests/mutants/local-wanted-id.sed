# common/registry/assign.c
# S7: unit/test_registry_assign: assign_refuses_a_wanted_id_that_is_local
# the directory may give away a local account's number
s/^	if (taken)$/	if (taken \&\& false)/
