/* SPDX-License-Identifier: BSD-2-Clause */
/* links: snapw snap base; libs: cmocka */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "snap_fixture.h"

struct dir {
	char path[64], file[80], tmp[120];
	unsigned char *p;
	size_t len;
	struct okta_view bytes;
};

static int
dir_setup(void **state)
{
	struct dir *d = calloc(1, sizeof(*d));

	assert_non_null(d);
	(void)snprintf(d->path, sizeof(d->path), "/tmp/okta-publish-XXXXXX");
	assert_non_null(mkdtemp(d->path));
	(void)snprintf(d->file, sizeof(d->file), "%s/s", d->path);
	(void)snprintf(d->tmp, sizeof(d->tmp), "%s/s.%ld.tmp", d->path, (long)getpid());
	d->p = fx_bytes(&d->len);
	d->bytes.p = (const char *)d->p;
	d->bytes.len = d->len;
	*state = d;
	return 0;
}

/* How many names there are in the directory; removes them if told to. */
static unsigned
entries(const struct dir *d, bool and_remove)
{
	DIR *list = opendir(d->path);
	struct dirent *e;
	unsigned n = 0;

	assert_non_null(list);
	while ((e = readdir(list)) != NULL) {
		if (e->d_name[0] == '.')
			continue;
		n++;
		if (and_remove && unlinkat(dirfd(list), e->d_name, 0) < 0)
			(void)unlinkat(dirfd(list), e->d_name, AT_REMOVEDIR);
	}
	(void)closedir(list);
	return n;
}

static int
dir_teardown(void **state)
{
	struct dir *d = *state;

	(void)chmod(d->path, 0755);
	(void)entries(d, true);
	assert_int_equal(rmdir(d->path), 0);
	free(d->p);
	free(d);
	return 0;
}

static void
publish_puts_a_readable_file_in_place(void **state)
{
	const struct dir *d = *state;
	struct okta_snap snap;
	struct okta_err err = { 0 };
	struct stat st;
	mode_t old = umask(0077); /* everybody has to read it, whatever the umask */

	if (okta_snapw_publish(d->file, geteuid(), d->bytes, &err) != OKTA_OK)
		fail_msg("%s", err.msg);
	(void)umask(old);
	assert_int_equal(stat(d->file, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0644);
	assert_int_equal(st.st_size, d->len);
	assert_int_equal(okta_snap_open(d->file, geteuid(), &snap), OKTA_OK);
	assert_int_equal(okta_snap_verify(&snap, NULL), OKTA_OK);
	assert_false(okta_snap_is_superseded(&snap));
	okta_snap_close(&snap);
	assert_int_equal(entries(d, false), 1);
}

static void
publish_marks_the_file_it_replaced_and_changes_nothing_else_in_it(void **state)
{
	const struct dir *d = *state;
	struct okta_snap old, new;

	assert_int_equal(okta_snapw_publish(d->file, geteuid(), d->bytes, NULL), OKTA_OK);
	assert_int_equal(okta_snap_open(d->file, geteuid(), &old), OKTA_OK);
	assert_false(okta_snap_is_superseded(&old));
	assert_int_equal(okta_snapw_publish(d->file, geteuid(), d->bytes, NULL), OKTA_OK);
	assert_true(okta_snap_is_superseded(&old));
	assert_memory_equal(old.base, d->p, 20);
	assert_int_equal(okta_le32(old.base + 20), 1);
	assert_memory_equal(old.base + 24, d->p + 24, d->len - 24);
	assert_int_equal(
	    okta_snap_verify(&old, NULL), OKTA_OK); /* who has it may go on */
	assert_int_equal(okta_snap_open(d->file, geteuid(), &new), OKTA_OK);
	assert_int_not_equal(new.ino, old.ino);
	assert_false(okta_snap_is_superseded(&new));
	okta_snap_close(&old);
	okta_snap_close(&new);
	assert_int_equal(entries(d, false), 2); /* it and the previous one */
}

static ino_t
inode_of(const char *path)
{
	struct stat st;

	assert_int_equal(lstat(path, &st), 0);
	return st.st_ino;
}

/* So that no reader is the last user of a file, and has to wait for its deletion. */
static void
publish_keeps_the_file_it_replaced_until_the_next(void **state)
{
	const struct dir *d = *state;
	ino_t first, second;
	char previous[100];

	(void)snprintf(previous, sizeof(previous), "%s.previous", d->file);
	assert_int_equal(okta_snapw_publish(d->file, geteuid(), d->bytes, NULL), OKTA_OK);
	first = inode_of(d->file);
	assert_int_equal(okta_snapw_publish(d->file, geteuid(), d->bytes, NULL), OKTA_OK);
	second = inode_of(d->file);
	assert_int_equal(inode_of(previous), first);
	assert_int_equal(okta_snapw_publish(d->file, geteuid(), d->bytes, NULL), OKTA_OK);
	assert_int_equal(inode_of(previous), second);
	assert_int_equal(entries(d, false), 2);
}

/* As on a file system without links. */
static void
publish_succeeds_where_the_replaced_file_cannot_be_kept(void **state)
{
	const struct dir *d = *state;
	char previous[100];
	ino_t first;

	(void)snprintf(previous, sizeof(previous), "%s.previous", d->file);
	assert_int_equal(mkdir(previous, 0755), 0);
	assert_int_equal(okta_snapw_publish(d->file, geteuid(), d->bytes, NULL), OKTA_OK);
	first = inode_of(d->file);
	assert_int_equal(okta_snapw_publish(d->file, geteuid(), d->bytes, NULL), OKTA_OK);
	assert_int_not_equal(inode_of(d->file), first);
}

/* Who still has an old file of an older format mapped learns that a new one is there. */
static void
publish_replaces_and_marks_a_snapshot_of_an_older_format(void **state)
{
	const struct dir *d = *state;
	unsigned char head[OKTA_SNAP_HEADER_BYTES], word[4];
	struct okta_snap snap;
	int fd;

	memcpy(head, d->p, sizeof(head));
	okta_le32_put(head + 8, OKTA_SNAP_VERSION - 1);
	fx_seal_header(head);
	fd = open(d->file, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, head, sizeof(head)), sizeof(head));
	assert_int_equal(okta_snap_open(d->file, geteuid(), &snap), OKTA_E_INPUT);
	assert_int_equal(okta_snapw_publish(d->file, geteuid(), d->bytes, NULL), OKTA_OK);
	assert_int_equal(pread(fd, word, sizeof(word), 20), sizeof(word));
	assert_int_equal(okta_le32(word), 1);
	(void)close(fd);
	assert_int_equal(okta_snap_open(d->file, geteuid(), &snap), OKTA_OK);
	okta_snap_close(&snap);
}

static void
publish_never_writes_into_a_file_that_is_no_snapshot(void **state)
{
	const struct dir *d = *state;
	char text[400], back[400];
	int fd;

	memset(text, 'x', sizeof(text));
	fd = open(d->file, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, sizeof(text)), sizeof(text));
	assert_int_equal(okta_snapw_publish(d->file, geteuid(), d->bytes, NULL), OKTA_OK);
	assert_int_equal(pread(fd, back, sizeof(back), 0), sizeof(back));
	assert_memory_equal(text, back, sizeof(text));
	(void)close(fd);
	assert_int_equal(entries(d, false), 1); /* and does not keep it either */
}

static void
expect_refusal(
    const struct dir *d, struct okta_view bytes, enum okta_rc rc, const char *word)
{
	struct okta_err err = { 0 };
	struct stat before = { 0 }, after = { 0 };

	(void)lstat(d->file, &before);
	assert_int_equal(okta_snapw_publish(d->file, geteuid(), bytes, &err), rc);
	if (strstr(err.msg, word) == NULL)
		fail_msg("\"%s\" is not in: %s", word, err.msg);
	(void)lstat(d->file, &after);
	assert_int_equal(before.st_ino, after.st_ino); /* untouched */
}

static void
publish_refuses_damaged_bytes_and_keeps_the_old_file(void **state)
{
	const struct dir *d = *state;
	struct okta_view cut = { d->bytes.p, d->len - 8 }, none = { "", 0 };

	assert_int_equal(okta_snapw_publish(d->file, geteuid(), d->bytes, NULL), OKTA_OK);
	expect_refusal(d, cut, OKTA_E_INPUT, "not a snapshot");
	expect_refusal(d, none, OKTA_E_INPUT, "not a snapshot");
	d->p[300] ^= 1;
	expect_refusal(d, d->bytes, OKTA_E_INPUT, "damaged");
	d->p[300] ^= 1;
	d->p[20] = 1;
	expect_refusal(d, d->bytes, OKTA_E_INPUT, "superseded");
	assert_int_equal(entries(d, false), 1);
}

static void
publish_refuses_directories_that_readers_would(void **state)
{
	const struct dir *d = *state;
	struct okta_err err = { 0 };
	char path[160];

	assert_int_equal(chmod(d->path, 0777), 0);
	expect_refusal(d, d->bytes, OKTA_E_SYS, "chmod go-w");
	assert_int_equal(chmod(d->path, 0755), 0);
	assert_int_equal(entries(d, false), 0);

	(void)snprintf(path, sizeof(path), "%s/none/s", d->path);
	assert_int_equal(okta_snapw_publish(path, geteuid(), d->bytes, &err), OKTA_E_SYS);
	assert_non_null(strstr(err.msg, "created first"));

	(void)snprintf(path, sizeof(path), "%s/link", d->path);
	assert_int_equal(symlink(d->path, path), 0);
	(void)snprintf(path, sizeof(path), "%s/link/s", d->path);
	assert_int_equal(okta_snapw_publish(path, geteuid(), d->bytes, &err), OKTA_E_SYS);
	assert_non_null(strstr(err.msg, "symlink"));
	assert_int_equal(entries(d, false), 1);
	(void)snprintf(path, sizeof(path), "%s/", d->path);
	assert_int_equal(okta_snapw_publish(path, geteuid(), d->bytes, &err), OKTA_E_SYS);
	assert_non_null(strstr(err.msg, "names no file"));
}

/* The link goes, what it points at stays as it is. */
static void
publish_replaces_a_symlink_instead_of_following_it(void **state)
{
	const struct dir *d = *state;
	struct stat st;
	char other[100];

	(void)snprintf(other, sizeof(other), "%s/other", d->path);
	assert_int_equal(symlink(other, d->file), 0);
	assert_int_equal(okta_snapw_publish(d->file, geteuid(), d->bytes, NULL), OKTA_OK);
	assert_int_equal(lstat(d->file, &st), 0);
	assert_true(S_ISREG(st.st_mode));
	assert_int_equal(lstat(other, &st), -1);
}

static void
publish_over_a_directory_fails_and_leaves_nothing(void **state)
{
	const struct dir *d = *state;

	assert_int_equal(mkdir(d->file, 0755), 0);
	expect_refusal(d, d->bytes, OKTA_E_SYS, "cannot replace");
	assert_int_equal(entries(d, false), 1);
}

static void
publish_as_another_owner_than_readers_expect_is_refused(void **state)
{
	const struct dir *d = *state;
	struct okta_err err = { 0 };

	assert_int_equal(okta_snapw_publish(d->file, geteuid() + 1, d->bytes, &err),
	    geteuid() == 0 ? OKTA_E_INPUT : OKTA_E_SYS);
	assert_non_null(strstr(err.msg, geteuid() == 0 ? "untrusted" : "chown"));
	assert_int_equal(entries(d, false), 0);
}

/* A writer that was killed leaves its file; one that lives holds a lock on it. */
static void
publish_removes_what_dead_writers_left_and_nothing_else(void **state)
{
	const struct dir *d = *state;
	char dead[100], alive[100], mine[100];
	int fd;

	(void)snprintf(dead, sizeof(dead), "%s/s.1.tmp", d->path);
	(void)snprintf(alive, sizeof(alive), "%s/s.2.tmp", d->path);
	(void)snprintf(mine, sizeof(mine), "%s/sx.tmp", d->path);
	(void)close(open(dead, O_RDWR | O_CREAT | O_CLOEXEC, 0600));
	(void)close(open(mine, O_RDWR | O_CREAT | O_CLOEXEC, 0600));
	(void)close(open(d->tmp, O_RDWR | O_CREAT | O_CLOEXEC, 0600));
	fd = open(alive, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	assert_int_equal(flock(fd, LOCK_EX), 0);
	assert_int_equal(okta_snapw_publish(d->file, geteuid(), d->bytes, NULL), OKTA_OK);
	assert_int_equal(access(dead, F_OK), -1);
	assert_int_equal(access(d->tmp, F_OK), -1);
	assert_int_equal(access(alive, F_OK), 0);
	assert_int_equal(access(mine, F_OK), 0);
	(void)close(fd);
}

/* In a child: publish under file size limit LIMIT; 0 if that failed cleanly. */
static int
publish_with_limit(const struct dir *d, rlim_t limit)
{
	const struct rlimit r = { limit, limit };
	struct okta_err err = { 0 };
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		(void)signal(SIGXFSZ, SIG_IGN);
		(void)setrlimit(RLIMIT_FSIZE, &r);
		if (okta_snapw_publish(d->file, geteuid(), d->bytes, &err) !=
			OKTA_E_SYS ||
		    err.sys_errno != EFBIG || strstr(err.msg, "cannot write") == NULL)
			_exit(1);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static void
publish_that_cannot_write_keeps_the_old_file_and_leaves_nothing(void **state)
{
	const struct dir *d = *state;
	struct okta_snap snap;
	rlim_t limit;

	assert_int_equal(okta_snapw_publish(d->file, geteuid(), d->bytes, NULL), OKTA_OK);
	assert_int_equal(okta_snapw_publish(d->file, geteuid(), d->bytes, NULL), OKTA_OK);
	assert_int_equal(okta_snap_open(d->file, geteuid(), &snap), OKTA_OK);
	/* the one before makes room first: entries() */
	for (limit = 0; limit < d->len; limit += 97) {
		assert_int_equal(publish_with_limit(d, limit), 0);
		assert_int_equal(entries(d, false), 1);
	}
	assert_false(okta_snap_is_superseded(&snap));
	okta_snap_close(&snap);
	assert_int_equal(okta_snap_open(d->file, geteuid(), &snap), OKTA_OK);
	okta_snap_close(&snap);
}

static void
publish_on_a_full_disk_keeps_the_old_file_and_leaves_nothing(void **state)
{
	const struct dir *d = *state;
	struct okta_err err = { 0 };
	char fill[100];
	static char zeros[65536];
	int status, fd;
	pid_t pid;

	if (geteuid() != 0)
		skip();
	pid = fork();
	if (pid == 0) {
		if (unshare(CLONE_NEWNS) < 0 ||
		    mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
		    mount("none", d->path, "tmpfs", 0, "size=64k,mode=755") < 0)
			_exit(77);
		if (okta_snapw_publish(d->file, 0, d->bytes, NULL) != OKTA_OK)
			_exit(1);
		(void)snprintf(fill, sizeof(fill), "%s/fill", d->path);
		fd = open(fill, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
		if (fd < 0 || write(fd, zeros, sizeof(zeros)) <= 0)
			_exit(2);
		if (okta_snapw_publish(d->file, 0, d->bytes, &err) != OKTA_E_SYS ||
		    err.sys_errno != ENOSPC)
			_exit(3);
		_exit(entries(d, false) == 2 && access(d->tmp, F_OK) < 0 ? 0 : 4);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
		skip();
	assert_int_equal(status, 0);
}

int
main(void)
{
#define D(f) cmocka_unit_test_setup_teardown(f, dir_setup, dir_teardown)
	const struct CMUnitTest tests[] = {
		D(publish_puts_a_readable_file_in_place),
		D(publish_marks_the_file_it_replaced_and_changes_nothing_else_in_it),
		D(publish_keeps_the_file_it_replaced_until_the_next),
		D(publish_succeeds_where_the_replaced_file_cannot_be_kept),
		D(publish_replaces_and_marks_a_snapshot_of_an_older_format),
		D(publish_never_writes_into_a_file_that_is_no_snapshot),
		D(publish_refuses_damaged_bytes_and_keeps_the_old_file),
		D(publish_refuses_directories_that_readers_would),
		D(publish_replaces_a_symlink_instead_of_following_it),
		D(publish_over_a_directory_fails_and_leaves_nothing),
		D(publish_as_another_owner_than_readers_expect_is_refused),
		D(publish_removes_what_dead_writers_left_and_nothing_else),
		D(publish_that_cannot_write_keeps_the_old_file_and_leaves_nothing),
		D(publish_on_a_full_disk_keeps_the_old_file_and_leaves_nothing),
	};

	return cmocka_run_group_tests_name("snap_publish", tests, NULL, NULL);
}
