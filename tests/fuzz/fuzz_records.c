/* SPDX-License-Identifier: BSD-2-Clause */
/* links: oktasync apic net host model base; libs: libcurl libcrypto json-c inih */
/*
 * What okta-sync's writer reads from the fetcher, which parsed bytes of the network.  The
 * input is a row of records: a kind, then fields; the frames around them are made here,
 * so that the fields are reached; '!' takes the rest as one frame as it is.
 */
#include "../../cmd/okta-sync/handover.h"
#include "../../cmd/okta-sync/news.h"
#include "../../cmd/okta-sync/records.h"
#include "base/chan.h"
#include "base/text.h"
#include "fuzz.h"
#include "kept_chunks.h"
#include "records_check.h"

static struct fuzz_in in;
static size_t users, groups, members;

enum okta_rc __wrap_okta_chan_recv(
    int fd, struct okta_buf *buf, const struct okta_clock *clock, int64_t deadline_ms);

static void
put_id(struct okta_frame_writer *w)
{
	static const char *const ids[] = { "00u1", "00u2", "00u3", "00u4", "00g1",
		"00g2" };
	uint8_t n = fuzz_u8(&in);

	if (n < 240)
		okta_frame_put_text(w, okta_view_str(ids[n % 6]));
	else
		okta_frame_put_text(w, fuzz_take(&in, (n - 240U) * 5));
}

static void
put_text(struct okta_frame_writer *w)
{
	okta_frame_put_text(w, fuzz_take(&in, fuzz_u8(&in)));
}

/* One record; false at the end of the frame. */
static bool
put_record(struct okta_frame_writer *w)
{
	uint8_t op = fuzz_u8(&in), n;

	switch (op % 16) {
	case 1:
	case 2:
		okta_frame_put_u64(w, SYNC_USER);
		put_id(w);
		okta_frame_put_text(w, okta_view_str(op < 128 ? "ACTIVE" : "other"));
		for (n = 0; n < 5; n++)
			put_text(w);
		okta_frame_put_u64(w, fuzz_u8(&in));
		users++;
		return true;
	case 3:
		okta_frame_put_u64(w, SYNC_GROUP);
		put_id(w);
		put_text(w);
		groups++;
		return true;
	case 4:
	case 5:
		okta_frame_put_u64(w, SYNC_MEMBER);
		okta_frame_put_u64(w, fuzz_u8(&in) % 4);
		put_id(w);
		members++;
		return true;
	case 6:
		okta_frame_put_u64(w, SYNC_WAIT);
		put_text(w);
		okta_frame_put_u64(w, fuzz_u16(&in));
		return true;
	case 7:
		okta_frame_put_u64(w, SYNC_PACE);
		for (n = 0; n < 3; n++)
			okta_frame_put_u64(w, fuzz_u16(&in));
		return true;
	case 8:
		okta_frame_put_u64(w, SYNC_FAIL);
		okta_frame_put_u64(w, fuzz_u8(&in) % 16);
		put_text(w);
		return true;
	case 9:
	case 10:
		okta_frame_put_u64(w, SYNC_NEWS_CLOCK + fuzz_u8(&in) % 14);
		okta_frame_put_u64(w, fuzz_u16(&in));
		put_id(w);
		put_id(w);
		return true;
	case 11:
		okta_frame_put_u64(w, fuzz_u8(&in));
		put_text(w);
		return true;
	case 12:
		return false;
	default: /* true, or off by one */
		okta_frame_put_u64(w, SYNC_END);
		okta_frame_put_u64(w, users + (op == 13));
		okta_frame_put_u64(w, groups + (op == 14));
		okta_frame_put_u64(w, members + (op == 15));
		return op % 2 == 0;
	}
}

enum okta_rc
__wrap_okta_chan_recv(
    int fd, struct okta_buf *buf, const struct okta_clock *clock, int64_t deadline_ms)
{
	struct okta_frame_writer w;
	struct okta_view raw;

	(void)fd;
	(void)clock;
	(void)deadline_ms;
	if (in.left == 0)
		return OKTA_E_UNAVAIL;
	if (*in.p == '!') {
		(void)fuzz_u8(&in);
		raw = fuzz_take(&in, in.left);
		okta_buf_clear(buf);
		return okta_buf_append(buf, raw.p, raw.len);
	}
	okta_frame_start(&w, buf, SYNC_FRAME_BATCH);
	while (in.left > 0 && put_record(&w))
		;
	return w.rc;
}

/* --- the oracle --- */

static void
check_news(const struct sync_news *news)
{
	size_t i;

	for (i = 0; i < news->n_joined; i++)
		FUZZ_CHECK(fuzz_is_id(news->joined[i].user) &&
			   fuzz_is_id(news->joined[i].group));
	for (i = 0; i < news->gone_users.n; i++)
		FUZZ_CHECK(fuzz_is_id(news->gone_users.text[i]));
	FUZZ_CHECK(okta_text_is_printable(okta_view_str(news->why)));
	FUZZ_CHECK(
	    news->link == NULL || okta_text_is_printable(okta_view_str(news->link)));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sync_records records = { 0 };
	struct sync_news news = { 0 };
	struct sync_progress progress;
	struct okta_err err = { 0 };
	enum okta_rc r;

	in = (struct fuzz_in){ data, size };
	users = groups = members = 0;
	if (size % 2 == 0) {
		records.other = sync_news_take;
		records.other_ctx = &news;
		records.keep_strays = true;
	}
	sync_progress_init(&progress, -1, 0);
	r = sync_records_read(&records, -1, &okta_clock_system, &progress, &err);
	if (r == OKTA_OK) {
		fuzz_check_records(&records);
		check_news(&news);
	} else {
		FUZZ_CHECK(
		    err.msg[0] != '\0' && okta_text_is_printable(okta_view_str(err.msg)));
	}
	sync_records_clear(&records);
	sync_news_clear(&news);
	return 0;
}

size_t
fuzz_seed(unsigned i, uint8_t *out, size_t max)
{
	static const struct {
		const char *text;
		size_t len;
	} seeds[] = {
#define SEED(t) { t, sizeof(t) - 1 }
		SEED("\x01\x00\x03"
		     "ada\x03"
		     "ada\x01"
		     "A\x00\x00\x03\x04\x03"
		     "eng\x04\x00\x00"
		     "\x04\x00\x01\x00\x10"),
		SEED("\x03\x04\x01"
		     "a\x03\x04\x01"
		     "b\x01\x01\x01"
		     "x\x01"
		     "x\x00\x00\x00"
		     "\x04\x01\x01\x04\x00\x01\x04\x00\x01\x0c\x06\x02"
		     "ab\x10\x00\x10"),
		SEED("\x09\x0a\x00\x00\x00\x04\x09\x01\x01\x00\x01\x02\x10 "),
		SEED("\x08\x0a\x03"
		     "why "),
		SEED("\x08\x0a\x00 "),
		SEED("!\x01\x01\x06\0\0\0\0\0\0\0"),
	};

	if (i >= sizeof(seeds) / sizeof(seeds[0]))
		return 0;
	FUZZ_CHECK(seeds[i].len <= max);
	memcpy(out, seeds[i].text, seeds[i].len);
	return seeds[i].len;
}
