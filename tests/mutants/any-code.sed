# common/model/wire.c
# S18: unit/test_wire: wire_prompt_refuses_each_bad_field
# a code may be any text
s/(v.p\[i\] >= '0' \&\& v.p\[i\] <= '9') || v.p\[i\] == '-'))/v.p[i] != 0))/
