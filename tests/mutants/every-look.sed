# nss_okta/map.c
# S31 R3: nss/test_glibc: warm lookups make no system call but one look at the file a second
# each lookup looks at the file
s/if (age_ms >= RECHECK_MS)/if (age_ms >= 0)/
