# cmd/oktactl/status.c
# a text as it is
s/okta_text_sanitize(dst, size, v);/(void)snprintf(dst, size, "%.*s", (int)v.len, v.p);/
