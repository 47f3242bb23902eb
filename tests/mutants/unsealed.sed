# common/snap/user.c
# S26 R7: unit/test_snap_damage: every_bit_flip_of_a_long_record_gives_the_truth_or_nothing
# a flipped bit is an answer
s/if (okta_snap_sum32(p + pw->covered, pw->record_len - pw->covered) !=/if (okta_snap_sum32(p + pw->covered, 0) == 1 \&\& 0 !=/
