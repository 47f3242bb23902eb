# common/model/wire.c
# S22: unit/test_wire: wire_verdict_needs_the_nonce_of_its_start
# another login's verdict counts
s/ || !okta_view_eq(said, nonce))/)/
