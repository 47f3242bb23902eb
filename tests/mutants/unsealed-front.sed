# common/snap/passwd.h
# S26 R7: unit/test_snap_damage: every_single_bit_flip_gives_the_truth_or_nothing
# a flipped bit is an answer
s/ == okta_le32(p);$/ != 1;/
