# nss_okta/map.c
# S29: fault/test_readers: snapshot_cut_off_in_place_is_not_touched_at_the_next_look
# a file that became shorter is taken for the one that is mapped
s/(uint64_t)st.st_size != mapping->snap.len/false/
