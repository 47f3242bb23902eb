# cmd/okta-sync/meanwhile_change.c
# S11: sync/test_meanwhile: with_the_log_a_suspension_comes_while_everything_is_read_and_an_older_page_does_not_undo_it
# what was read of somebody before he was suspended counts
s/^	r = know_people(c);/	return sync_records_finish(c->fresh);\n&/
