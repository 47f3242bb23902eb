# common/model/policy.c
# S11: unit/test_policy: policy_denies_by_status_whatever_the_groups_say
# a suspended person gets in
s/if (person->can_authenticate)/if (person->can_authenticate || person->status != NULL)/
