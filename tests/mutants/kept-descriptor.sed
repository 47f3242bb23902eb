# common/snap/open.c
# S15: unit/test_snap_open: open_maps_a_trusted_file_and_keeps_no_descriptor
# a descriptor stays open in the host
/^	if (map != MAP_FAILED)$/,$s/^	if (fd >= 0)$/	if (fd >= 0 \&\& rc != OKTA_OK)/
