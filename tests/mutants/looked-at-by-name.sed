# common/snap/open.c
# S27: fault/test_readers: files_that_are_swapped_for_other_ones_all_the_time_are_opened_or_refused_as_what_they_are
# what is looked at is what has the name now, not what was opened
s/if (fstat(fd, &st) < 0) {/if (fstatat(AT_FDCWD, path, \&st, 0) < 0) {/
