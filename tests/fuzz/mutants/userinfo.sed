# common/net/id_token.c
# userinfo of another person
s/^	    !okta_view_eq(sub, claims->sub))/	    sub.len == 0)/
