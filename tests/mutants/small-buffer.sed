# nss_okta/fill.c
# S30: nss/contract: every_buffer_size_keeps_the_contract
# a group is written behind the caller's buffer
s/^	if (buflen < need)/	if (buflen + 1 < need)/
