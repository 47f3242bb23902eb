# nss_okta/map.h
# S31 R3: nss/test_glibc: warm lookups make no system call but one look at the file a second
# each lookup looks at the file
s/return time(NULL) ==$/return time(NULL) + 1 ==/
