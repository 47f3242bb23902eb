# common/model/policy.c
# R14: unit/test_policy: policy_denies_by_an_old_snapshot_and_by_one_from_the_future
# a clock that is set back goes unseen
s/if (age < -OKTA_POLICY_AHEAD_MAX_S)/if (age < -OKTA_POLICY_AHEAD_MAX_S - 999999999)/
