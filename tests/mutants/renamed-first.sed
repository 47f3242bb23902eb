# common/snap/publish.c
# S28 R8: fault/test_sync: no_call_that_fails_leaves_another_snapshot_than_the_old_or_the_new
# the new snapshot takes the old one's place before it is written
s/^\tr = fill_tmp(fd, tmp, owner, bytes, err);$/\tr = replace(dir, tmp_name, name, path, owner, \&renamed, err);/
s/^\t\tr = replace(dir, tmp_name, name, path, owner, &renamed, err);$/\t\tr = fill_tmp(fd, path, owner, bytes, err);/
