/* SPDX-License-Identifier: BSD-2-Clause */
/* links: net snap model base; libs: libcrypto json-c inih */
/*
 * `oktactl status`: what okta-sync wrote about its last run and about one at work.  What
 * a terminal gets is printable lines, what a program gets is JSON, whatever the files
 * hold.  First byte: for whom; then both files, with a form feed between them.
 */
#include <sys/stat.h>

#include "../../cmd/oktactl/ctl.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/paths.h"
#include "base/text.h"
#include "capture.h"
#include "host/config.h"
#include "seen_by_json_c.h"

#define NOW INT64_C(1800000000)

static struct {
	struct okta_view status, progress;
	bool read_status, read_progress;
} t;

enum okta_rc __wrap_okta_file_read_trusted(const char *path, uid_t owner,
    enum okta_file_kind kind, size_t max_bytes, char **ret_data, size_t *ret_len,
    struct okta_err *err);
enum okta_rc __wrap_okta_snap_open(const char *path, uid_t owner, struct okta_snap *ret);
int64_t __wrap_okta_clock_now_s(const struct okta_clock *clock);
int __wrap_lstat(const char *path, struct stat *st);

enum okta_rc
__wrap_okta_file_read_trusted(const char *path, uid_t owner, enum okta_file_kind kind,
    size_t max_bytes, char **ret_data, size_t *ret_len, struct okta_err *err)
{
	const bool is_status = strcmp(path, OKTA_STATUS_FILE) == 0;
	const struct okta_view v = is_status ? t.status : t.progress;

	(void)owner;
	(void)err;
	FUZZ_CHECK(is_status || strcmp(path, OKTA_PROGRESS_FILE) == 0);
	FUZZ_CHECK(kind == OKTA_FILE_PUBLIC);
	if (is_status)
		t.read_status = true;
	else
		t.read_progress = true;
	if (v.len > max_bytes)
		return okta_err_set(err, OKTA_E_TOOBIG, "%s: too long", path);
	*ret_data = malloc(v.len + 1);
	FUZZ_CHECK(*ret_data != NULL);
	if (v.len > 0)
		memcpy(*ret_data, v.p, v.len);
	(*ret_data)[v.len] = '\0';
	*ret_len = v.len;
	return OKTA_OK;
}

/* No snapshot: what it holds is fuzz_snap's. */
enum okta_rc
__wrap_okta_snap_open(const char *path, uid_t owner, struct okta_snap *ret)
{
	(void)path;
	(void)owner;
	(void)ret;
	return OKTA_E_NOTFOUND;
}

enum okta_rc
okta_config_load(const char *file, uid_t owner, unsigned use, struct okta_conf **ret,
    struct okta_err *err)
{
	(void)file;
	(void)owner;
	(void)use;
	(void)ret;
	return okta_err_set(err, OKTA_E_NOTFOUND, "no configuration");
}

int64_t
__wrap_okta_clock_now_s(const struct okta_clock *clock)
{
	(void)clock;
	return NOW;
}

int
__wrap_lstat(const char *path, struct stat *st)
{
	(void)path;
	memset(st, 0, sizeof(*st));
	st->st_mtime = NOW - 5;
	return 0;
}

uid_t
ctl_owner_of(const char *path)
{
	(void)path;
	return 0;
}

bool
ctl_state_path(const struct ctl *ctl, const char *name, char ret[PATH_MAX])
{
	(void)ctl;
	(void)snprintf(ret, PATH_MAX, "%s", name);
	return true;
}

int
ctl_usage(const char *text)
{
	(void)text;
	return 64;
}

static void
check_json(struct okta_view printed)
{
	struct json_tokener *tok = json_tokener_new();
	struct json_object *o, *m = NULL;

	FUZZ_CHECK(printed.len > 0 && printed.p[printed.len - 1] == '\n');
	printed.len--;
	FUZZ_CHECK(okta_text_is_printable(printed));
	json_tokener_set_flags(tok, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	o = json_tokener_parse_ex(tok, printed.p, (int)printed.len);
	FUZZ_CHECK(json_tokener_get_error(tok) == json_tokener_success);
	FUZZ_CHECK(json_object_object_get_ex(o, "ok", &m));
	FUZZ_CHECK(json_object_object_get_ex(o, "last_sync", &m));
	/* said to run, so it was said just now */
	FUZZ_CHECK(json_object_object_get_ex(o, "running", &m));
	FUZZ_CHECK(
	    m == NULL || memmem(t.progress.p, t.progress.len, "updated", 7) != NULL);
	json_object_put(o);
	json_tokener_free(tok);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char name[] = "status";
	static char *argv[] = { name, NULL };
	struct fuzz_in in = { data, size };
	struct ctl ctl = { .config = "conf", .state = "state" };
	struct okta_view rest, printed;
	int status;

	ctl.json = fuzz_u8(&in) % 2 == 1;
	rest = fuzz_take(&in, in.left);
	memset(&t, 0, sizeof(t));
	t.status = okta_view_split(&rest, '\f');
	t.progress = rest;
	fuzz_capture();
	status = ctl_status(&ctl, 1, argv);
	printed = fuzz_captured();
	/* there is no snapshot: that is a problem, whatever else is fine */
	FUZZ_CHECK(status == 1 && t.read_status && t.read_progress);
	if (ctl.json) {
		check_json(printed);
		return 0;
	}
	FUZZ_CHECK(printed.len > 0);
	while (printed.len > 0)
		FUZZ_CHECK(okta_text_is_printable(okta_view_split(&printed, '\n')));
	return 0;
}

#define LAST                                                                             \
	"{\"version\":1,\"started\":1799999900,\"ended\":1799999910,\"result\":\"kept\"" \
	",\"exit\":75,\"message\":\"Okta is away\",\"mode\":\"watch\",\"request\":\"\"," \
	"\"last_full\":1799990000,\"last_delta\":1799999000,\"log\":true,"               \
	"\"problem_count\":3,\"problems\":[\"x\"]}"
#define RUNS(updated, why)                                                               \
	"{\"updated\":" updated ",\"started\":1799999990,\"people\":5,\"groups\":2,"     \
	"\"memberships\":9,\"per_second\":100,\"lists_done\":1,\"lists\":3,"             \
	"\"left_s\":40,\"waiting_s\":7,\"waiting_for\":\"" why "\"}"

size_t
fuzz_seed(unsigned i, uint8_t *out, size_t max)
{
	static const char *const seeds[] = { "0" LAST "\f" RUNS("1799999999", "a limit"),
		"1" LAST "\f" RUNS("1799999999", "a limit"),
		"0" LAST "\f" RUNS("1799999900", "x"),
		"0{\"ended\":1,\"problem_count\":0,\"result\":\"done\",\"message\":"
		"\"\\u001b[31m\\n\"}\f" RUNS("1800000001", "\\u001b]0;\\u0007"),
		"1{\"ended\":1,\"problem_count\":0,\"result\":\"\\u00e4\",\"message\":"
		"\"\\u001b\\n\\u00fc\\\"\"}\f" RUNS("1800000001", "\\u00fc\\u0000"),
		"0{\"ended\":-1}\f{}", "1\f" };
	size_t len = fuzz_seed_text(seeds, sizeof(seeds) / sizeof(seeds[0]), i, out, max);

	if (len > 0)
		out[0] = (uint8_t)(out[0] - '0');
	return len;
}
