# common/base/file.c
# R8: unit/test_file: file_replace_that_cannot_write_keeps_the_old_file
# a file that could not be written whole takes its place
s/ || write_all(fd, p, len) < 0 || fsync(fd) < 0)/ || (write_all(fd, p, len) < 0 \&\& fsync(fd) < 0))/
