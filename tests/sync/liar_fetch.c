/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fetch.c taken over: the process that reads from the network says to the writer whatever
 * it likes.  The test names the lie in the last part of [sync] source_dir, as LIE.NUMBER;
 * NUMBER makes those of one kind different.
 */
#include "fetch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/chan.h"
#include "news.h"

#define MAX_RECORDS 600
#define PEOPLE	    20
#define GROUPS	    4

/* Records as bytes, in an order that can be changed before they are sent. */
static struct {
	unsigned char *p;
	size_t len;
} record[MAX_RECORDS];
static size_t n_records;
static uint64_t users, groups, members;
static char lie[32];
static unsigned long number;
static uint64_t state;

static uint64_t
roll(uint64_t n)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state % n;
}

static bool
is(const char *name)
{
	return strcmp(lie, name) == 0;
}

/* --- records ------------------------------------------------------------------------ */

static struct okta_buf one;
static struct okta_frame_writer writer;

static void
begin(uint64_t kind)
{
	okta_frame_start(&writer, &one, SYNC_FRAME_BATCH);
	okta_frame_put_u64(&writer, kind);
}

static void
end(void)
{
	if (n_records == MAX_RECORDS || writer.rc != OKTA_OK)
		_exit(9);
	record[n_records].len = one.len - 2; /* without the frame's own head */
	record[n_records].p = malloc(one.len);
	if (record[n_records].p == NULL)
		_exit(9);
	memcpy(record[n_records++].p, one.data + 2, one.len - 2);
}

static void
text(const char *s)
{
	okta_frame_put_text(&writer, okta_view_str(s));
}

static void
user(const char *id, const char *login, const char *display, const char *uid,
    const char *shell)
{
	begin(SYNC_USER);
	text(id);
	text(is("status") ? "ROOT\n" : "ACTIVE");
	text(login);
	text(login);
	text(display);
	text(uid);
	text(shell);
	okta_frame_put_u64(&writer, 20260131120000000);
	end();
	users++;
}

static void
group(const char *id, const char *name)
{
	begin(SYNC_GROUP);
	text(id);
	text(name);
	end();
	groups++;
}

static void
member(uint64_t of, const char *id)
{
	begin(SYNC_MEMBER);
	okta_frame_put_u64(&writer, of);
	text(id);
	end();
	members++;
}

static void
last(uint64_t more)
{
	begin(SYNC_END);
	okta_frame_put_u64(&writer, users + more);
	okta_frame_put_u64(&writer, groups);
	okta_frame_put_u64(&writer, members);
	end();
}

/* What an honest fetcher says. */
static void
the_truth(void)
{
	char id[32], login[64];
	int i;

	for (i = 0; i < GROUPS; i++) {
		(void)snprintf(id, sizeof(id), "00g%017d", i);
		(void)snprintf(
		    login, sizeof(login), i == 0 ? "linux-users" : "team-%d", i);
		group(id, login);
	}
	for (i = 0; i < PEOPLE; i++) {
		(void)snprintf(id, sizeof(id), "00u%017d", i);
		(void)snprintf(login, sizeof(login), "person%d@acme.example", i);
		user(id, login, "A Person", "", "");
	}
	for (i = 0; i < PEOPLE; i++) {
		(void)snprintf(id, sizeof(id), "00u%017d", i);
		member(0, id);
		member((uint64_t)(1 + i % (GROUPS - 1)), id);
	}
}

/* --- lies about people and groups --------------------------------------------------- */

static void
a_hostile_person(void)
{
	static const char *const names[] = { "root", "daemon", "nobody", "0day", "0x0",
		"-rf", "..", "../../etc/passwd", "a/b", "a:b", "a\nb", "a\rroot:x:0:0",
		"", " ", "\xff\xfe",
		"\xd0\xb0"
		"da",
		"ADA", "1000", "sudo", "person1", "person1@acme.example",
		"a@evil.example", "$(id)", "a,b", "a\tb", "_okta", "sshd", "\x1b[2J",
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" };
	static const char *const numbers[] = { "0", "-1", "1", "4294967296", "4294967295",
		"99999999999999999999999", "1879050001", "0x10", "" };
	static const char *const shells[] = { "/bin/sh\nroot::0:0::/:/bin/sh",
		"/tmp/evil", "relative", "/bin/../tmp/x", "" };
	const size_t n = sizeof(names) / sizeof(names[0]);
	char login[128];

	(void)snprintf(login, sizeof(login), "%s@acme.example", names[number % n]);
	user("00uevil0000000000000", login, "x:0:0:\n\x1b]0;root\x07",
	    numbers[number % (sizeof(numbers) / sizeof(numbers[0]))],
	    shells[number % (sizeof(shells) / sizeof(shells[0]))]);
	member(0, "00uevil0000000000000");
}

static void
a_hostile_group(void)
{
	static const char *const names[] = { "sudo", "root", "docker", "wheel", "shadow",
		"linux-users", "Sudo", "\xd1\x95udo", "a:b", "a\nb:x:0:root", "",
		"team-1" };

	group(number % 2 == 0 ? "00gevil0000000000000" : "00g00000000000000000",
	    names[number % (sizeof(names) / sizeof(names[0]))]);
	member(groups - 1, "00u00000000000000001");
}

static void
hostile_ids(void)
{
	static const char *const ids[] = { "", "\n", "00u\x01", "00u00000000000000001",
		"00u 1", "\xff" };
	char big[300];

	memset(big, 'x', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	user(number < 6 ? ids[number] : big, "evil@acme.example", "", "", "");
}

/* --- lies about the stream ---------------------------------------------------------- */

static void
odd_numbers(void)
{
	static const uint64_t kinds[] = { 0, SYNC_KIND_MAX + 1, 12, UINT64_MAX,
		(uint64_t)1 << 32 };

	begin(kinds[number % 5]);
	text("x");
	end();
}

static void
odd_members(void)
{
	static const uint64_t of[] = { GROUPS, UINT32_MAX, (uint64_t)UINT32_MAX + 1,
		UINT64_MAX, (uint64_t)1 << 63 };

	member(of[number % 5], "00u00000000000000001");
}

static void
shuffle(void)
{
	size_t i, k;

	for (i = n_records; i > 1; i--) {
		k = roll(i);
		record[MAX_RECORDS - 1] = record[i - 1];
		record[i - 1] = record[k];
		record[k] = record[MAX_RECORDS - 1];
	}
}

static void
make_records(void)
{
	if (!is("empty"))
		the_truth();
	if (is("person"))
		a_hostile_person();
	else if (is("group"))
		a_hostile_group();
	else if (is("id"))
		hostile_ids();
	else if (is("kind"))
		odd_numbers();
	else if (is("member"))
		odd_members();
	else if (is("early-end") || is("twice-end"))
		last(0);
	if (is("early-end"))
		user("00ulate0000000000000", "late@acme.example", "", "", "");
	if (is("everybody-twice"))
		the_truth();
	if (is("fail")) {
		static const uint64_t codes[] = { 0, OKTA_E_RANGE + 1, UINT64_MAX, 1, 8 };

		begin(SYNC_FAIL);
		okta_frame_put_u64(&writer, codes[number % 5]);
		text("\x1b[2J\nroot: all is well");
		end();
	}
	if (is("wait")) {
		begin(SYNC_WAIT);
		text("\x1b]0;x\x07\r\n");
		okta_frame_put_u64(&writer, number == 0 ? 5 : UINT64_MAX >> number);
		end();
	}
	if (is("no-search")) {
		begin(SYNC_NEWS_NO_SEARCH);
		okta_frame_put_u64(&writer, 0);
		text("Okta refuses");
		text("");
		end();
	}
	if (is("shuffle"))
		shuffle();
	if (!is("no-end"))
		last(is("count") ? 1 + number : 0);
	if (is("shuffle-all"))
		shuffle();
	if (is("drop"))
		record[roll(n_records)].len = 0;
	if (is("repeat"))
		record[roll(n_records)] = record[roll(n_records)];
}

/* --- sending ------------------------------------------------------------------------ */

static void
send_frame(struct sync_sink *sink, struct okta_buf *frame)
{
	if (is("flip") && frame->len > 0)
		frame->data[roll(frame->len)] ^= (char)(1U << roll(8));
	if (is("noise") && frame->len > 0)
		frame->data[2 + roll(frame->len - 2)] = (char)roll(256);
	if (is("cut"))
		frame->len = frame->len * number / 24;
	if (is("longer") && okta_buf_append(frame, "x", 1) != OKTA_OK)
		_exit(9);
	if (is("version"))
		frame->data[0] = (char)(number == 1 ? 0 : number + 1);
	if (is("type"))
		frame->data[1] = (char)(number + 2);
	if (okta_chan_send(sink->fd, okta_buf_view(frame), sink->clock,
		okta_clock_mono_ms(sink->clock) + 20000) != OKTA_OK)
		_exit(0);
}

static void
send_records(struct sync_sink *sink)
{
	struct okta_buf frame;
	size_t i;

	okta_buf_init(&frame, OKTA_FRAME_MAX_BYTES);
	for (i = 0; i < n_records; i++) {
		if (frame.len == 0 && okta_buf_append(&frame, "\x01\x01", 2) != OKTA_OK)
			_exit(9);
		if (okta_buf_append(&frame, record[i].p, record[i].len) != OKTA_OK)
			_exit(9);
		/* frames of all sizes, also between two records of a kind */
		if (i + 1 == n_records || roll(40) == 0) {
			send_frame(sink, &frame);
			okta_buf_clear(&frame);
		}
	}
}

static void
send_garbage(struct sync_sink *sink)
{
	struct okta_buf frame;
	size_t i, n = number < 3 ? number : roll(OKTA_FRAME_MAX_BYTES);
	char c;

	okta_buf_init(&frame, OKTA_FRAME_MAX_BYTES);
	for (i = 0; i < n; i++) {
		c = (char)(i < 2 ? 1 : is("zeros") ? 0 : roll(256));
		if (okta_buf_append(&frame, &c, 1) != OKTA_OK)
			_exit(9);
	}
	send_frame(sink, &frame);
}

enum okta_rc
sync_fetch(const struct okta_conf *conf, struct sync_source *source,
    const struct sync_resume *resume, struct sync_sink *sink, struct okta_err *err)
{
	const char *name = strrchr(conf->source_dir, '/'), *dot;
	struct okta_view n;
	uint64_t parsed = 0;

	(void)source;
	(void)resume;
	(void)err;
	okta_buf_init(&one, OKTA_FRAME_MAX_BYTES);
	dot = name == NULL ? NULL : strchr(name, '.');
	if (dot == NULL || (size_t)(dot - name) > sizeof(lie))
		_exit(9);
	memcpy(lie, name + 1, (size_t)(dot - name - 1));
	n = okta_view_str(dot + 1);
	if (okta_view_u64(n, 100000, &parsed) != OKTA_OK)
		_exit(9);
	number = (unsigned long)parsed;
	state = 88172645463325252u + number * 2654435761u;
	if (is("garbage") || is("zeros")) {
		send_garbage(sink);
	} else {
		make_records();
		send_records(sink);
	}
	_exit(0); /* END, if any, is among the records */
}
