# common/model/names.c
# S9: unit/test_names: name_fault_says_what_is_wrong
# a name may hold anything
s/if (!is_name_byte(v.p\[i\], false))/if (v.p[i] == '\/')/
