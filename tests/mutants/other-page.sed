# common/model/wire.c
# S18: unit/test_wire: wire_prompt_refuses_each_bad_field
# the address may be another host's
s/if (memcmp(v.p, org_url.p, org_url.len) != 0 || v.p\[org_url.len\] != '\/')/if (v.p[org_url.len] != '\/')/
