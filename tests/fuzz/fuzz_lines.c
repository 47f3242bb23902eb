/* SPDX-License-Identifier: BSD-2-Clause */
/* links: model base; libs: inih */
/*
 * `oktactl registry import`: lines of passwd(5), of group(5), or "login, uid[, gid]".
 * Each line is kept or complained about, once; what is kept is a name and an id that
 * anybody may have.  The registry is replaced by one that remembers nothing, and
 * contradicts names that begin with a 'q'.
 */
#include "../../cmd/oktactl/registry_lines.h"
#include "base/text.h"
#include "capture.h"

#define ID_MIN 100000
#define ID_MAX 200000

static size_t n_kept, n_refused;
static bool groups_began;

static bool
is_name(struct okta_view v)
{
	size_t i;

	for (i = 0; i < v.len; i++)
		if (strchr(i == 0 ? "abcdefghijklmnopqrstuvwxyz_"
				  : "abcdefghijklmnopqrstuvwxyz_0123456789.-",
			v.p[i]) == NULL ||
		    v.p[i] == '\0')
			return false;
	return v.len > 0 && v.len <= 32;
}

enum okta_rc
okta_registry_keep(struct okta_registry *reg, enum okta_registry_kind kind,
    struct okta_view name, uint32_t id, struct okta_err *err)
{
	static const char *const never[] = { "root", "sudo", "wheel", "docker", "shadow",
		"disk", "daemon", "nobody", "adm", "mine" };
	size_t i;

	(void)reg;
	FUZZ_CHECK(is_name(name) && id >= ID_MIN && id <= ID_MAX);
	for (i = 0; i < sizeof(never) / sizeof(never[0]); i++)
		FUZZ_CHECK(!okta_view_eq_str(name, never[i]));
	/* a private group must find its user there */
	groups_began = groups_began || kind == OKTA_REGISTRY_GROUP;
	FUZZ_CHECK(kind == (groups_began ? OKTA_REGISTRY_GROUP : OKTA_REGISTRY_USER));
	if (name.p[0] == 'q') {
		n_refused++;
		return okta_err_set(err, OKTA_E_CONFLICT, "is another's");
	}
	n_kept++;
	return OKTA_OK;
}

enum okta_rc
okta_registry_each_refuted(struct okta_registry *reg,
    enum okta_rc (*each)(void *ctx, const struct okta_registry_row *row), void *ctx,
    struct okta_err *err)
{
	(void)reg;
	(void)each;
	(void)ctx;
	(void)err;
	return OKTA_OK;
}

/* Lines that are no comment and not empty. */
static size_t
count_lines(struct okta_view rest)
{
	struct okta_view line;
	size_t n = 0;

	while (rest.len > 0) {
		line = okta_view_trim(okta_view_split(&rest, '\n'));
		n += line.len > 0 && line.p[0] != '#';
	}
	return n;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char domain[] = "acme.example", mine[] = "mine";
	static char *domains[] = { domain }, *reserved[] = { mine };
	const struct okta_conf conf = { .strip_domains = { domains, 1 },
		.reserved_names = { reserved, 1 },
		.id_min = ID_MIN,
		.id_max = ID_MAX };
	struct okta_view text = { (const char *)data, size }, printed, line;
	struct okta_err err = { 0 };
	struct ctl_lines lines;
	size_t n = 0;
	enum okta_rc r;

	n_kept = n_refused = 0;
	groups_began = false;
	fuzz_capture();
	lines = (struct ctl_lines){ .said = stderr };
	r = ctl_lines_keep(NULL, &conf, "ids", text, &lines, &err);
	printed = fuzz_captured();
	FUZZ_CHECK(r == OKTA_OK);
	FUZZ_CHECK(lines.kept == n_kept && lines.other_gid <= n_kept);
	FUZZ_CHECK(lines.faults >= n_refused);
	FUZZ_CHECK(lines.kept + lines.faults == count_lines(text));
	for (; printed.len > 0; n++) {
		line = okta_view_split(&printed, '\n');
		FUZZ_CHECK(line.len > 10 && memcmp(line.p, "ids: line ", 10) == 0);
		FUZZ_CHECK(okta_text_is_printable(line));
	}
	FUZZ_CHECK(n == lines.faults);
	return 0;
}

size_t
fuzz_seed(unsigned i, uint8_t *out, size_t max)
{
	static const char *const seeds[] = {
		"# of the old directory\n"
		"ada:x:100001:100001:Ada,,,:/home/ada:/bin/bash\n"
		"bob:*:100002:100:Bob:/home/bob:/bin/sh\n\n"
		"eng:x:100500:ada,bob\n",
		"Ada@acme.example, 100001\nbob,100002,100002\n cy , 100003 , 100\n",
		"ada@evil.example,100001\nada,99\nada,4294967296\n,100001\nada\n",
		"sudo:x:150000:\nmine:x:150001:\nEng:x:150002:\neng:x:61184:\n",
		"root,150000\nmine,150000\nqueen,150000\n",
		"a:b:c\na,b,c,d\n\x1b[31m,1\nada\t,\t100001\r\n",
	};

	return fuzz_seed_text(seeds, sizeof(seeds) / sizeof(seeds[0]), i, out, max);
}
