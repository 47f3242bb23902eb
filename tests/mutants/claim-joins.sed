# common/model/policy.c
# S6: unit/test_policy: policy_claim_adds_an_ordinary_group_but_never_a_local_one
# a claim gives a local group's rights
s/for (i = 0; !by_claim \&\& i < group->n_joins; i++)/for (i = 0; i < group->n_joins; i++)/
