# common/net/link.c
# any port will do
s/if (!same(a.host, b.host) || !okta_view_eq(a.port, b.port))/if (!same(a.host, b.host))/
