# common/model/policy.c
# whoever approved is as good as anybody
s/if (person->okta_id.len == 0 || !okta_view_eq(claims->sub, person->okta_id))/if (person->okta_id.len == 0)/
