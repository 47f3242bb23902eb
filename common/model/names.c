/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Threat model: names, ids, homes and shells are chosen by people in Okta.  MUST: a value
 * that is not plainly fine is refused, never bent until it fits (two people could bend to
 * one name).  The one fold is ASCII upper to lower case.
 */
#include "model/names.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"

#define LOWEST_ID	1000
#define HIGHEST_ID	2147483646
#define DYNAMIC_LOWEST	61184 /* systemd's DynamicUser= and nobody, up to 16-bit -1 */
#define DYNAMIC_HIGHEST 65535

/*
 * Accounts and groups that Debian and Fedora or their packages make, and groups whose
 * members are as good as root.  Sorted (LC_ALL=C); searched by halves.
 */
static const char *const reserved[] = { "_apt", "_chrony", "_okta", "_rpc", "_ssh",
	"abrt", "adm", "admin", "administrator", "apache", "audio", "avahi", "backup",
	"bin", "bind", "bluetooth", "cdrom", "chrony", "cockpit-ws", "colord", "crontab",
	"daemon", "dbus", "debian-tor", "dialout", "dip", "disk", "dnsmasq", "docker",
	"fax", "flatpak", "floppy", "ftp", "fwupd-refresh", "games", "gdm", "geoclue",
	"gnats", "google-sudoers", "halt", "i2c", "incus", "incus-admin", "input", "irc",
	"kmem", "kvm", "landscape", "libvirt", "libvirt-qemu", "lightdm", "list", "lock",
	"lp", "lpadmin", "lxc", "lxd", "mail", "man", "mem", "messagebus", "microk8s",
	"munge", "mysql", "netdev", "news", "nfsnobody", "nginx", "nobody", "nogroup",
	"nscd", "nslcd", "ntp", "operator", "plugdev", "podman", "polkitd", "pollinate",
	"postfix", "postgres", "printadmin", "proxy", "pulse", "qemu", "realtime",
	"redis", "render", "root", "rpc", "rpcuser", "rtkit", "sambashare", "saned",
	"sasl", "scanner", "sgx", "shadow", "shutdown", "src", "ssh", "ssh_keys", "sshd",
	"sssd", "staff", "statd", "sudo", "sudoers", "sync", "sys", "syslog", "tape",
	"tcpdump", "toor", "tss", "tty", "unbound", "usbmux", "users", "utempter", "utmp",
	"uucp", "uuidd", "vboxusers", "video", "voice", "wheel", "wireshark",
	"www-data" };

/* Directories whose content is the system's: nobody's home lies in them. */
static const char *const system_dirs[] = { "bin", "boot", "dev", "etc", "lib", "lib32",
	"lib64", "libx32", "lost+found", "proc", "root", "run", "sbin", "sys", "tmp",
	"usr" };

static bool
is_name_byte(char c, bool first)
{
	if ((c >= 'a' && c <= 'z') || c == '_')
		return true;
	return !first && ((c >= '0' && c <= '9') || c == '.' || c == '-');
}

const char *
okta_name_fault(struct okta_view v)
{
	size_t i;

	if (v.len == 0)
		return "its name is empty";
	if (v.len >= OKTA_NAME_BYTES)
		return "its name is longer than 32 bytes";
	if (!is_name_byte(v.p[0], true))
		return "its name does not begin with a letter a-z or _";
	for (i = 1; i < v.len; i++)
		if (!is_name_byte(v.p[i], false))
			return "its name has a character other than a-z 0-9 _ . -";
	return NULL;
}

/* Compare ignoring ASCII case; B is lower case. */
static int
compare_folded(struct okta_view a, const char *b)
{
	size_t i;
	unsigned char x, y;

	for (i = 0; i < a.len; i++) {
		x = (unsigned char)okta_text_lower(a.p[i]);
		y = (unsigned char)b[i];
		if (x != y || y == '\0')
			return x < y ? -1 : 1;
	}
	return b[a.len] == '\0' ? 0 : -1;
}

static bool
equal_folded(struct okta_view a, struct okta_view b)
{
	size_t i;

	if (a.len != b.len)
		return false;
	for (i = 0; i < a.len; i++)
		if (okta_text_lower(a.p[i]) != okta_text_lower(b.p[i]))
			return false;
	return true;
}

bool
okta_name_is_reserved(struct okta_view v, const struct okta_conf *conf)
{
	static const char systemd[] = "systemd-";
	size_t low = 0, high = sizeof(reserved) / sizeof(reserved[0]), mid, i;
	int order;

	while (low < high) {
		mid = low + (high - low) / 2;
		order = compare_folded(v, reserved[mid]);
		if (order == 0)
			return true;
		if (order < 0)
			high = mid;
		else
			low = mid + 1;
	}
	if (v.len >= sizeof(systemd) - 1 &&
	    compare_folded((struct okta_view){ v.p, sizeof(systemd) - 1 }, systemd) == 0)
		return true;
	for (i = 0; i < conf->reserved_names.n; i++)
		if (equal_folded(v, okta_view_str(conf->reserved_names.item[i])))
			return true;
	return false;
}

static enum okta_rc
refuse(struct okta_view raw, const char *why, struct okta_err *err)
{
	char shown[80];

	okta_text_sanitize(shown, sizeof(shown), raw);
	return okta_err_set(err, OKTA_E_REFUSED, "\"%s\": %s", shown, why);
}

/* The part before the '@' when the part behind it is one of CONF's; all of it without
 * '@'. */
static const char *
strip_domain(const struct okta_conf *conf, struct okta_view raw, struct okta_view *ret)
{
	struct okta_view rest = raw, local;
	size_t i;

	local = okta_view_split(&rest, '@');
	if (rest.p == NULL) {
		*ret = local;
		return NULL;
	}
	for (i = 0; i < conf->strip_domains.n; i++)
		if (equal_folded(rest, okta_view_str(conf->strip_domains.item[i]))) {
			*ret = local;
			return NULL;
		}
	return "its domain is not listed in [users] strip_domains";
}

enum okta_rc
okta_name_of_user(const struct okta_conf *conf, struct okta_view raw,
    char ret[OKTA_NAME_BYTES], struct okta_err *err)
{
	char name[OKTA_NAME_BYTES];
	struct okta_view local;
	const char *fault;
	size_t i;

	fault = strip_domain(conf, raw, &local);
	if (fault != NULL)
		return refuse(raw, fault, err);
	if (local.len >= sizeof(name))
		return refuse(raw, "its name is longer than 32 bytes", err);
	/* what look-alikes such as U+212A become when something upstream normalises them
	 */
	if (local.len == 1 && okta_text_lower(local.p[0]) != local.p[0])
		return refuse(raw, "its name is a single capital letter", err);
	for (i = 0; i < local.len; i++)
		name[i] = okta_text_lower(local.p[i]);
	fault = okta_name_fault((struct okta_view){ name, local.len });
	if (fault != NULL)
		return refuse(raw, fault, err);
	if (okta_name_is_reserved((struct okta_view){ name, local.len }, conf))
		return refuse(raw, "its name is reserved for the system", err);
	memcpy(ret, name, local.len);
	ret[local.len] = '\0';
	return OKTA_OK;
}

static bool
is_system_dir(struct okta_view first, struct okta_view second)
{
	size_t i;

	for (i = 0; i < sizeof(system_dirs) / sizeof(system_dirs[0]); i++)
		if (okta_view_eq_str(first, system_dirs[i]))
			return true;
	/* image-based systems keep homes in /var/home; nothing else below /var is one */
	return okta_view_eq_str(first, "var") && !okta_view_eq_str(second, "home");
}

const char *
okta_home_fault(struct okta_view v)
{
	struct okta_view rest, part, first = { NULL, 0 }, second = { NULL, 0 };
	size_t i, n = 0;

	if (v.len == 0 || v.p[0] != '/')
		return "the home directory is not an absolute path";
	if (v.len > 255)
		return "the home directory is longer than 255 bytes";
	for (i = 0; i < v.len; i++)
		if ((unsigned char)v.p[i] <= 0x20 || (unsigned char)v.p[i] >= 0x7f ||
		    v.p[i] == ':' || v.p[i] == ',')
			return "the home directory has a character that does not belong "
			       "there";
	rest = (struct okta_view){ v.p + 1, v.len - 1 };
	while (rest.p != NULL) {
		part = okta_view_split(&rest, '/');
		if (part.len == 0 || okta_view_eq_str(part, ".") ||
		    okta_view_eq_str(part, ".."))
			return "the home directory is not normalised (//, . or .., or a "
			       "slash at its end)";
		if (n == 0)
			first = part;
		if (n == 1)
			second = part;
		n++;
	}
	if (n < 2)
		return "the home directory is directly below /";
	if (is_system_dir(first, second))
		return "the home directory lies in a directory of the system's";
	return NULL;
}

enum okta_rc
okta_home_of_user(const struct okta_conf *conf, struct okta_view name, char ret[256],
    struct okta_err *err)
{
	char home[256];
	const char *p = conf->home, *fault;
	size_t n = 0;

	if (name.len == 0 || memchr(name.p, '/', name.len) != NULL)
		return refuse(name, "cannot be part of a home directory", err);
	while (*p != '\0') {
		if (p[0] == '%' && p[1] == 'u') {
			if (name.len >= sizeof(home) - n)
				return refuse(
				    name, "the home directory is too long", err);
			memcpy(home + n, name.p, name.len);
			n += name.len;
			p += 2;
		} else {
			if (n + 1 >= sizeof(home))
				return refuse(
				    name, "the home directory is too long", err);
			home[n++] = *p++;
		}
	}
	fault = okta_home_fault((struct okta_view){ home, n });
	if (fault != NULL)
		return refuse(name, fault, err);
	memcpy(ret, home, n);
	ret[n] = '\0';
	return OKTA_OK;
}

enum okta_rc
okta_shell_of_user(const struct okta_conf *conf, struct okta_view raw, char ret[256],
    struct okta_err *err)
{
	struct okta_view shell = raw.len == 0 ? okta_view_str(conf->shell) : raw;

	if (shell.len > 255 || !okta_list_has(&conf->shells, shell))
		return refuse(raw, "the shell is not listed in [users] shells", err);
	memcpy(ret, shell.p, shell.len);
	ret[shell.len] = '\0';
	return OKTA_OK;
}

/* Bytes of the well-formed UTF-8 character at P, 0 if there is none. */
static size_t
character(const char *p, size_t left)
{
	unsigned char c = (unsigned char)p[0];
	size_t n = c < 0x80 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;

	return n <= left && okta_text_is_utf8((struct okta_view){ p, n }) ? n : 0;
}

/* Characters that move, hide or split text: C1 controls, zero width, direction,
 * separators. */
static bool
is_invisible(const char *p, size_t n)
{
	unsigned char a = (unsigned char)p[0], b = n > 1 ? (unsigned char)p[1] : 0,
		      c = n > 2 ? (unsigned char)p[2] : 0;

	if (n == 1)
		return a < 0x20 || a == 0x7f || a == ':' || a == ',';
	if (n == 2)
		return (a == 0xc2 && b < 0xa0) || (a == 0xc2 && b == 0xad);
	if (n == 3 && a == 0xe2 && b == 0x80)
		return (c >= 0x8b && c <= 0x8f) || (c >= 0xa8 && c <= 0xae);
	if (n == 3 && a == 0xe2 && b == 0x81)
		return c >= 0xa0 && c <= 0xaf;
	return n == 3 && a == 0xef && b == 0xbb && c == 0xbf;
}

void
okta_gecos_of_user(struct okta_view display_name, char ret[256])
{
	size_t i = 0, n = 0, len;

	while (i < display_name.len) {
		len = character(display_name.p + i, display_name.len - i);
		if (n + (len == 0 ? 1 : len) > 255)
			break;
		if (len == 0 || is_invisible(display_name.p + i, len)) {
			ret[n++] = ' ';
			i += len == 0 ? 1 : len;
			continue;
		}
		memcpy(ret + n, display_name.p + i, len);
		n += len;
		i += len;
	}
	ret[n] = '\0';
}

const char *
okta_id_fault(const struct okta_conf *conf, uint64_t id)
{
	if (id < LOWEST_ID)
		return "the id is below 1000, which is the system's";
	if (id > HIGHEST_ID)
		return "the id is above 2147483646";
	if (id >= DYNAMIC_LOWEST && id <= DYNAMIC_HIGHEST)
		return "the id lies in 61184-65535, which systemd and nobody use";
	if (id < conf->id_min || id > conf->id_max)
		return "the id is outside [users] id_range";
	return NULL;
}

enum okta_rc
okta_id_parse(const struct okta_conf *conf, struct okta_view text, uint32_t *ret_id,
    struct okta_err *err)
{
	uint64_t id;
	const char *fault;

	if (okta_view_u64(text, UINT64_MAX, &id) != OKTA_OK)
		return refuse(text, "the id is not a plain decimal number", err);
	fault = okta_id_fault(conf, id);
	if (fault != NULL)
		return refuse(text, fault, err);
	*ret_id = (uint32_t)id;
	return OKTA_OK;
}

bool
okta_id_has_form(struct okta_view v, const char *prefix)
{
	size_t i, n = strlen(prefix);

	if (v.len != 20 || n > v.len || memcmp(v.p, prefix, n) != 0)
		return false;
	for (i = 0; i < v.len; i++)
		if (!((v.p[i] >= 'a' && v.p[i] <= 'z') ||
			(v.p[i] >= 'A' && v.p[i] <= 'Z') ||
			(v.p[i] >= '0' && v.p[i] <= '9')))
			return false;
	return true;
}
