# common/snap/open.c
# S27: unit/test_snap_open: open_refuses_a_symlink
# a symlink is followed
s/O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY/O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY/
