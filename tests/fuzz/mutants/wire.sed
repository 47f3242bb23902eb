# common/model/wire.c
# an address may hold anything behind the org's
s/(unsigned char)v.p\[i\] >= 0x7f ||/(unsigned char)v.p[i] >= 0xff ||/
