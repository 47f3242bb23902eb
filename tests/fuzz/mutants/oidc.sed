# common/net/oidc.c
# an address of which the org's is only the beginning
s/uri.p\[org_url.len\] == '\/' \&\& //
