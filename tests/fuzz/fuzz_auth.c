/* SPDX-License-Identifier: BSD-2-Clause */
/* links: pamokta host model snapw snap base; libs: inih cmocka */
/*
 * A whole login, po_authenticate(), against a helper, a conversation and a PAM library
 * that do what the input says (S1, S12, S18, S19, S21).  The file system, the clock and
 * the helper's process are replaced at the linker (fuzz.mk); the rest is the module.
 *
 * The oracle reads the last frame anew and knows which person, org and time it must be
 * about: PAM_SUCCESS for anything else is a break-in.
 */
#include <security/pam_appl.h>
#include <security/pam_modules.h>
#include <stdarg.h>
#include <unistd.h>

#include "../../pam_okta/auth.h"
#include "../../pam_okta/host.h"
#include "../unit/snap_fixture.h"
#include "base/chan.h"
#include "base/child.h"
#include "base/frame.h"
#include "base/text.h"
#include "fuzz.h"
#include "host/config.h"
#include "host/local.h"
#include "host/record.h"
#include "host/used.h"
#include "host/waiting.h"

#define ORG	"https://acme.okta.com"
#define NOW_S	INT64_C(1700000050)
#define SKEW	60
#define USED_FD 1001

#define CONF                                                                             \
	"[okta]\norg_url = " ORG "\n[login]\nclient_id = 0oa1\n"                         \
	"allow_groups = Engineering\ndeny_groups = Contractors\nrequire_amr = mfa\n"     \
	"clock_skew_s = 60\n"

struct person {
	const char *name, *sub;
	bool may; /* ACTIVE, and no local account */
};
static const struct person people[] = { { "ada", "00uada", true },
	{ "bob", "00ubob", false }, { "cy", "00ucy", true }, { "dee", "00udee", true },
	{ "root", "", false }, { "nobody-we-know", "", false }, { "Ada", "", false },
	{ "ada\n", "", false } };

static struct {
	struct fuzz_in in;
	char user[64]; /* PAM_USER now; the conversation may change it */
	const struct person *person;
	const char *service;
	int64_t mono_ms, deadline_ms;
	char nonce[OKTA_WIRE_NONCE_BYTES];
	struct okta_buf last; /* the last frame the module got */
	unsigned char used;   /* what okta_used_add() and the record say */
	bool is_alone;	      /* okta_used_open() holds the person's list */
	bool user_changed, was_prompted, was_stored, failed;
	int n_children;
	struct pam_conv conv;
} t;

/* --- the system, as the linker has it --- */

static unsigned char *snapshot;
static size_t snapshot_len;
static struct okta_conf *configuration;
static unsigned used_for;

enum okta_rc __wrap_okta_snap_open(const char *path, uid_t owner, struct okta_snap *ret);
enum okta_rc __wrap_okta_config_load(const char *file, uid_t owner, unsigned use,
    struct okta_conf **ret, struct okta_err *err);
void __wrap_okta_conf_free(struct okta_conf **conf);
enum okta_rc __wrap_okta_local_find_user(
    const char *path, struct okta_view name, bool *ret, struct okta_err *err);
enum okta_rc __wrap_okta_local_find_id(
    const char *path, uint32_t id, bool *ret, struct okta_err *err);
enum okta_rc __wrap_okta_local_ids_of(const char *path, struct okta_view name,
    uint32_t *ret_uid, uint32_t *ret_gid, struct okta_err *err);
enum okta_rc __wrap_okta_record_load(const char *run_dir, uid_t owner, uint32_t uid,
    struct okta_record *ret, struct okta_err *err);
enum okta_rc __wrap_okta_record_store(const char *run_dir, uid_t owner, uint32_t uid,
    const struct okta_claims *claims, int64_t verified_s, struct okta_err *err);
enum okta_rc __wrap_okta_used_open(const char *run_dir, uid_t owner, uint32_t uid,
    struct okta_used *ret, struct okta_err *err);
enum okta_rc __wrap_okta_used_add(
    const struct okta_used *used, struct okta_view jti, struct okta_err *err);
void __wrap_okta_used_close(struct okta_used *used);
enum okta_rc __wrap_okta_waiting_enter(const char *run_dir, uid_t owner,
    const struct okta_waiting_caps *caps, uint32_t uid, const char *address,
    struct okta_waiting *ret, struct okta_err *err);
void __wrap_okta_waiting_leave(struct okta_waiting *waiting);
enum okta_rc __wrap_okta_child_open(
    const char *path, uid_t uid, gid_t gid, struct okta_child *ret, struct okta_err *err);
int __wrap_okta_child_close(struct okta_child *child);
enum okta_rc __wrap_okta_chan_send(
    int fd, struct okta_view bytes, const struct okta_clock *clock, int64_t deadline_ms);
enum okta_rc __wrap_okta_chan_recv(
    int fd, struct okta_buf *buf, const struct okta_clock *clock, int64_t deadline_ms);

enum okta_rc
__wrap_okta_snap_open(const char *path, uid_t owner, struct okta_snap *ret)
{
	(void)path;
	(void)owner;
	return okta_snap_open_bytes(snapshot, snapshot_len, ret);
}

/* The same for every login: parsed once, it is half of the work saved. */
enum okta_rc
__wrap_okta_config_load(const char *file, uid_t owner, unsigned use,
    struct okta_conf **ret, struct okta_err *err)
{
	struct okta_conf_parser *parser = NULL;

	(void)file;
	(void)owner;
	FUZZ_CHECK(configuration == NULL || use == used_for);
	if (configuration == NULL) {
		used_for = use;
		FUZZ_CHECK(okta_conf_begin(&parser, err) == OKTA_OK);
		FUZZ_CHECK(
		    okta_conf_add(parser, "conf", okta_view_str(CONF), err) == OKTA_OK);
		FUZZ_CHECK(okta_conf_end(&parser, use, &configuration, err) == OKTA_OK);
	}
	*ret = configuration;
	return OKTA_OK;
}

void
__wrap_okta_conf_free(struct okta_conf **conf)
{
	FUZZ_CHECK(*conf == NULL || *conf == configuration);
	*conf = NULL;
}

enum okta_rc
__wrap_okta_local_find_user(
    const char *path, struct okta_view name, bool *ret, struct okta_err *err)
{
	(void)path;
	(void)err;
	*ret = okta_view_eq_str(name, "root");
	return OKTA_OK;
}

enum okta_rc
__wrap_okta_local_find_id(const char *path, uint32_t id, bool *ret, struct okta_err *err)
{
	(void)path;
	(void)id;
	(void)err;
	*ret = false;
	return OKTA_OK;
}

enum okta_rc
__wrap_okta_local_ids_of(const char *path, struct okta_view name, uint32_t *ret_uid,
    uint32_t *ret_gid, struct okta_err *err)
{
	(void)path;
	(void)name;
	(void)err;
	*ret_uid = *ret_gid = 990;
	return OKTA_OK;
}

/* Once in a while the file system fails. */
static enum okta_rc
maybe(enum okta_rc good, struct okta_err *err, const char *what)
{
	uint8_t op = fuzz_u8(&t.in);

	if (op < 250)
		return good;
	t.failed = true;
	return okta_err_set(err, op == 255 ? OKTA_E_NOMEM : OKTA_E_SYS, "%s", what);
}

enum okta_rc
__wrap_okta_record_load(const char *run_dir, uid_t owner, uint32_t uid,
    struct okta_record *ret, struct okta_err *err)
{
	(void)run_dir;
	(void)owner;
	(void)uid;
	(void)ret;
	return maybe(OKTA_E_NOTFOUND, err, "record");
}

enum okta_rc
__wrap_okta_record_store(const char *run_dir, uid_t owner, uint32_t uid,
    const struct okta_claims *claims, int64_t verified_s, struct okta_err *err)
{
	(void)run_dir;
	(void)owner;
	(void)uid;
	(void)claims;
	(void)verified_s;
	FUZZ_CHECK(t.is_alone); /* nobody else's login comes between look and store */
	t.was_stored = true;
	return maybe(OKTA_OK, err, "store");
}

enum okta_rc
__wrap_okta_used_open(const char *run_dir, uid_t owner, uint32_t uid,
    struct okta_used *ret, struct okta_err *err)
{
	(void)run_dir;
	(void)owner;
	(void)uid;
	FUZZ_CHECK(!t.is_alone);
	if (maybe(OKTA_OK, err, "used") != OKTA_OK)
		return OKTA_E_SYS;
	ret->fd = USED_FD;
	t.is_alone = true;
	return OKTA_OK;
}

enum okta_rc
__wrap_okta_used_add(
    const struct okta_used *used, struct okta_view jti, struct okta_err *err)
{
	FUZZ_CHECK(used->fd == USED_FD && t.is_alone);
	if (okta_view_eq_str(jti, "ID.used"))
		return okta_err_set(err, OKTA_E_REFUSED, "used before");
	return maybe(OKTA_OK, err, "used");
}

void
__wrap_okta_used_close(struct okta_used *used)
{
	FUZZ_CHECK(used->fd == USED_FD && t.is_alone);
	t.is_alone = false;
}

enum okta_rc
__wrap_okta_waiting_enter(const char *run_dir, uid_t owner,
    const struct okta_waiting_caps *caps, uint32_t uid, const char *address,
    struct okta_waiting *ret, struct okta_err *err)
{
	(void)run_dir;
	(void)owner;
	(void)caps;
	(void)uid;
	(void)ret;
	FUZZ_CHECK(okta_text_is_printable(okta_view_str(address)));
	return maybe(OKTA_OK, err, "waiting");
}

void
__wrap_okta_waiting_leave(struct okta_waiting *waiting)
{
	(void)waiting;
}

enum okta_rc
__wrap_okta_child_open(
    const char *path, uid_t uid, gid_t gid, struct okta_child *ret, struct okta_err *err)
{
	(void)path;
	FUZZ_CHECK(uid == 990 && gid == 990 && t.person->sub[0] != '\0');
	if (maybe(OKTA_OK, err, "fork") != OKTA_OK)
		return OKTA_E_SYS;
	t.n_children++;
	ret->pid = 1;
	ret->fd = 1000;
	return OKTA_OK;
}

int
__wrap_okta_child_close(struct okta_child *child)
{
	if (child->pid == 1)
		t.n_children--;
	*child = OKTA_CHILD_NONE;
	return 0;
}

enum okta_rc
__wrap_okta_chan_send(
    int fd, struct okta_view bytes, const struct okta_clock *clock, int64_t deadline_ms)
{
	struct okta_start start;
	struct okta_err err = { 0 };

	(void)clock;
	(void)deadline_ms;
	FUZZ_CHECK(fd == 1000);
	FUZZ_CHECK(okta_wire_get_start(bytes, &start, &err) == OKTA_OK);
	memcpy(t.nonce, start.nonce.p, sizeof(t.nonce));
	t.deadline_ms = t.mono_ms + (int64_t)start.deadline_s * 1000;
	return maybe(OKTA_OK, &err, "send");
}

/* --- what the helper says --- */

static struct okta_view
pick(const char *good, const char *a, const char *b)
{
	uint8_t op = fuzz_u8(&t.in);

	return okta_view_str(op < 200 ? good : op < 228 ? a : b);
}

static enum okta_rc
say_prompt(struct okta_buf *buf)
{
	const struct okta_prompt p = { .user_code = pick(
					   "ABCD-EFGH", "AB\x1b[2J", "abcd"),
		.verification_uri = pick(
		    ORG "/activate", "https://evil.example/", ORG ".evil.example/"),
		.verification_uri_complete = pick(
		    ORG "/activate?user_code=ABCD-EFGH", "", ORG "/\n"),
		.expires_in_s = fuzz_u8(&t.in) < 200 ? 600 : fuzz_u8(&t.in),
		.interval_s = 5,
		.qr = pick("", "\xe2\x96\x80 \n", "\x1b") };

	return okta_wire_put_prompt(buf, &p);
}

static enum okta_rc
say_verdict(struct okta_buf *buf, bool bare)
{
	static struct okta_claims c;
	const struct okta_view nonce = { t.nonce, sizeof(t.nonce) };
	uint8_t op;

	memset(&c, 0, sizeof(c));
	c.iss = pick(ORG, "https://evil.okta.com", ORG "/");
	c.sub = pick(t.person->sub, "00uada", "00ubob");
	c.preferred_username = pick("ada@acme.example", "\x1b[31m", "");
	c.jti = pick("ID.1", "ID.used", "");
	op = fuzz_u8(&t.in);
	c.iat_s = (uint64_t)(NOW_S + (op < 200 ? 0 : (op - 228) * 10));
	op = fuzz_u8(&t.in);
	c.exp_s = (uint64_t)(NOW_S + (op < 200 ? 3600 : (op - 228) * 10));
	c.has_groups = fuzz_u8(&t.in) < 228;
	if (c.has_groups)
		c.groups[c.n_groups++] = pick(
		    "Engineering", "engineering", "Contractors");
	if (c.has_groups && fuzz_u8(&t.in) >= 200)
		c.groups[c.n_groups++] = okta_view_str("Contractors");
	c.amr[c.n_amr++] = pick("mfa", "pwd", "MFA");
	if (bare)
		return okta_wire_put_claims(buf, &c);
	op = fuzz_u8(&t.in);
	return okta_wire_put_verdict(
	    buf, op < 228 ? nonce : okta_view_str("0123456789abcdef"), &c);
}

static enum okta_rc
say_raw(struct okta_buf *buf)
{
	struct okta_view raw = fuzz_take(&t.in, fuzz_u8(&t.in));

	okta_buf_clear(buf);
	return okta_buf_append(buf, raw.p, raw.len);
}

static enum okta_rc
say_failure(struct okta_buf *buf)
{
	struct okta_failure f = { (enum okta_failure_code)(1 + fuzz_u8(&t.in) % 14),
		pick("detail", "a \"quoted\\ detail", "") };

	return okta_wire_put_failure(buf, &f);
}

static enum okta_rc
say(uint8_t op, struct okta_buf *buf, int64_t deadline_ms)
{
	switch (op % 16) {
	case 1:
	case 2:
		return t.was_prompted ? say_verdict(buf, false) : say_prompt(buf);
	case 3:
		return say_prompt(buf);
	case 4:
	case 5:
		return say_verdict(buf, false);
	case 6:
		return say_verdict(buf, true);
	case 7:
		return say_failure(buf);
	case 8:
		return say_raw(buf);
	case 9:
		return OKTA_E_UNAVAIL;
	case 10:
		return OKTA_E_TOOBIG;
	case 11:
		return OKTA_E_NOMEM;
	default:
		if (deadline_ms > t.mono_ms)
			t.mono_ms = deadline_ms;
		return OKTA_E_TIMEOUT;
	}
}

enum okta_rc
__wrap_okta_chan_recv(
    int fd, struct okta_buf *buf, const struct okta_clock *clock, int64_t deadline_ms)
{
	uint8_t op = fuzz_u8(&t.in), at;
	enum okta_rc r;

	(void)clock;
	FUZZ_CHECK(fd == 1000);
	okta_buf_clear(buf);
	r = say(op, buf, deadline_ms);
	if (r == OKTA_OK && op >= 240 && buf->len > 0) { /* one byte of it is another */
		at = fuzz_u8(&t.in);
		buf->data[at % buf->len] ^= (char)(1 << at % 8);
	}
	t.mono_ms += fuzz_u8(&t.in) * 20;
	okta_buf_clear(&t.last);
	if (r == OKTA_OK)
		FUZZ_CHECK(okta_buf_append(&t.last, buf->data, buf->len) == OKTA_OK);
	t.was_prompted = true;
	return r;
}

/* --- PAM, as the module sees it --- */

static int
talk(int n, const struct pam_message **msg, struct pam_response **resp, void *ptr)
{
	uint8_t op = fuzz_u8(&t.in);
	const unsigned char *p;
	struct pam_response *r;

	(void)ptr;
	FUZZ_CHECK(n == 1 && strlen(msg[0]->msg) < 12288);
	for (p = (const unsigned char *)msg[0]->msg; *p != '\0'; p++)
		FUZZ_CHECK(*p == '\n' || (*p >= 0x20 && *p < 0x7f) ||
			   (*p == 0xe2 && p[1] == 0x96) ||
			   (*p == 0x96 && p[-1] == 0xe2) ||
			   (p[-1] == 0x96 && p[-2] == 0xe2));
	t.mono_ms += fuzz_u8(&t.in) * 1000;
	if (op == 255 && msg[0]->msg_style != PAM_ERROR_MSG) {
		(void)snprintf(t.user, sizeof(t.user), "dee");
		t.user_changed = strcmp(t.person->name, "dee") != 0;
	}
	if (op > 245 && op < 255)
		return PAM_CONV_ERR;
	*resp = NULL;
	if (op > 240 && op < 246)
		return PAM_SUCCESS;
	r = calloc(1, sizeof(*r));
	FUZZ_CHECK(r != NULL);
	*resp = r;
	if (op <= 236 || op == 255)
		r->resp = strdup(op < 200 ? "" : "c4naryPassword");
	if (op == 236) {
		free(r->resp);
		r->resp = calloc(1, 65537);
		FUZZ_CHECK(r->resp != NULL);
		memset(r->resp, 'x', 65536);
	}
	return PAM_SUCCESS;
}

int
pam_get_item(const pam_handle_t *pamh, int type, const void **item)
{
	(void)pamh;
	*item = type == PAM_USER      ? (const void *)t.user
		: type == PAM_SERVICE ? t.service
		: type == PAM_RHOST   ? "203.0.113.7\n"
		: type == PAM_CONV    ? (const void *)&t.conv
				      : NULL;
	return PAM_SUCCESS;
}

int
pam_get_user(pam_handle_t *pamh, const char **user, const char *prompt)
{
	(void)pamh;
	(void)prompt;
	*user = t.user;
	return PAM_SUCCESS;
}

void pam_syslog(const pam_handle_t *pamh, int priority, const char *fmt, ...);
void
pam_syslog(const pam_handle_t *pamh, int priority, const char *fmt, ...)
{
	char line[4096];
	va_list ap;
	int n;

	(void)pamh;
	(void)priority;
	va_start(ap, fmt);
	n = vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	FUZZ_CHECK(n > 0 && (size_t)n < sizeof(line));
	FUZZ_CHECK(okta_text_is_printable(okta_view_str(line)));
	FUZZ_CHECK(strstr(line, "c4nary") == NULL);
	FUZZ_CHECK(memmem(line, strlen(line), t.nonce, sizeof(t.nonce)) == NULL);
}

static int64_t
now_s(void *ctx)
{
	(void)ctx;
	return NOW_S;
}

static int64_t
mono_ms(void *ctx)
{
	(void)ctx;
	return t.mono_ms;
}

/* --- the oracle --- */

/* Frames, read by nobody else's code. */
struct raw {
	const unsigned char *p;
	size_t left;
	bool bad;
};

static uint64_t
raw_number(struct raw *r, size_t bytes)
{
	uint64_t n = 0;
	size_t i;

	if (r->left < bytes) {
		r->bad = true;
		return 0;
	}
	for (i = 0; i < bytes; i++)
		n |= (uint64_t)r->p[i] << (8 * i);
	r->p += bytes;
	r->left -= bytes;
	return n;
}

static struct raw
raw_text(struct raw *r)
{
	uint64_t len = raw_number(r, 4);
	struct raw text = { r->p, (size_t)len, false };

	if (r->bad || len > r->left) {
		r->bad = true;
		return (struct raw){ (const unsigned char *)"", 0, true };
	}
	r->p += len;
	r->left -= (size_t)len;
	return text;
}

static bool
raw_is(struct raw text, const char *s)
{
	return text.left == strlen(s) && memcmp(text.p, s, text.left) == 0;
}

/* One of a list of texts is S. */
static bool
raw_list_has(struct raw *r, const char *s)
{
	uint64_t n = raw_number(r, 8), i;
	bool has = false;

	for (i = 0; i < n && !r->bad; i++)
		has = raw_is(raw_text(r), s) || has;
	return has;
}

/* The approval of the person who logs in, for this very login, now. */
static bool
is_right(void)
{
	struct raw r = { (const unsigned char *)t.last.data, t.last.len, false }, nonce,
		   copy, jti;
	bool good;
	uint64_t iat, exp;

	good = raw_number(&r, 2) == 0x0501;
	nonce = raw_text(&r);
	good = good && nonce.left == 16 && memcmp(nonce.p, t.nonce, 16) == 0;
	copy = raw_text(&r);
	if (r.bad || r.left != 0)
		return false;
	r = copy;
	good = raw_number(&r, 2) == 0x0301 && good;
	good = raw_is(raw_text(&r), ORG) && good;
	good = raw_is(raw_text(&r), t.person->sub) && good;
	(void)raw_text(&r);
	jti = raw_text(&r);
	good = jti.left > 0 && !raw_is(jti, "ID.used") && good;
	iat = raw_number(&r, 8);
	exp = raw_number(&r, 8);
	(void)raw_number(&r, 8);
	good = iat >= NOW_S - SKEW && exp >= NOW_S - SKEW && good;
	good = raw_number(&r, 8) == 1 && good; /* there is a groups claim */
	copy = r;
	good = raw_list_has(&copy, "Engineering") && good;
	good = !raw_list_has(&r, "Contractors") && good;
	good = raw_list_has(&r, "mfa") && good;
	return good && !r.bad && r.left == 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const services[] = { "sshd", "su", "login", "odd \n service" };
	static const struct okta_clock clock = { now_s, mono_ms, NULL };
	const char *argument = "debug";
	struct po_host host = po_host_system;
	int r;

	if (snapshot == NULL)
		snapshot = fx_bytes(&snapshot_len);
	host.clock = &clock;
	host.owner = geteuid();
	memset(&t, 0, sizeof(t));
	t.in = (struct fuzz_in){ data, size };
	t.conv.conv = talk;
	t.mono_ms = 1000000;
	okta_buf_init(&t.last, OKTA_FRAME_MAX_BYTES);
	t.person = &people[fuzz_u8(&t.in) % 8];
	t.service = services[fuzz_u8(&t.in) % 4];
	(void)snprintf(t.user, sizeof(t.user), "%s", t.person->name);
	/* the handle is ours as well: the module only ever passes it on */
	r = po_authenticate((pam_handle_t *)(void *)&t, &host, size % 2 == 0, &argument);
	if (r == PAM_SUCCESS) {
		FUZZ_CHECK(t.person->may && !t.user_changed && !t.failed);
		FUZZ_CHECK(t.was_stored && t.mono_ms < t.deadline_ms);
		FUZZ_CHECK(is_right());
	}
	FUZZ_CHECK(r != PAM_IGNORE);
	FUZZ_CHECK(r != PAM_USER_UNKNOWN || !t.was_prompted);
	FUZZ_CHECK(t.n_children == 0 && !t.is_alone);
	okta_buf_clear(&t.last);
	return 0;
}

size_t
fuzz_seed(unsigned i, uint8_t *out, size_t max)
{
	/* zeros: every choice is the good one */
	static const uint8_t seeds[][40] = {
		{ 0, 0, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 4 },
		{ 0, 1, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 4 },
		{ 3, 0, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 15, 0, 0, 0, 4 },
		{ 1, 0, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 7, 1 },
		{ 4 },
		{ 0, 2, 0, 0, 0, 7, 3 },
	};

	if (i >= sizeof(seeds) / sizeof(seeds[0]))
		return 0;
	FUZZ_CHECK(sizeof(seeds[i]) <= max);
	memcpy(out, seeds[i], sizeof(seeds[i]));
	return sizeof(seeds[i]);
}
