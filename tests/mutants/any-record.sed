# common/snap/key.h
# S8 S26 R7: unit/test_snap_damage: forged_index_never_gives_another_identity
# the record that the index points at is the one asked for
s/return other == 0;/return other != 1;/
