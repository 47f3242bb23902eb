# common/net/directory.c
# an id may hold anything
s/(v.p\[i\] < 'a' || v.p\[i\] > 'z') \&\&/(v.p[i] < '!' || v.p[i] > 'z') \&\&/
