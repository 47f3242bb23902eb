/* SPDX-License-Identifier: BSD-2-Clause */
/* Plain questions on a terminal. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "setup.h"

/* Without blanks around it; NULL: there is no more. */
static char *
read_line(void)
{
	char *line = NULL, *start;
	size_t size = 0, len;

	(void)fflush(stdout);
	if (getline(&line, &size, stdin) < 0) {
		free(line);
		(void)putchar('\n');
		return NULL;
	}
	start = line + strspn(line, " \t\r\n");
	len = strlen(start);
	while (len > 0 && strchr(" \t\r\n", start[len - 1]) != NULL)
		len--;
	memmove(line, start, len);
	line[len] = '\0';
	return line;
}

enum setup_reply
setup_ask_yes(const char *question)
{
	enum setup_reply reply;
	char *line;

	(void)printf("\n%s [y/N] ", question);
	line = read_line();
	if (line == NULL)
		return SETUP_END;
	reply = strcmp(line, "y") == 0 || strcmp(line, "Y") == 0 ||
			strcmp(line, "yes") == 0
		    ? SETUP_YES
		    : SETUP_NO;
	free(line);
	return reply;
}

enum setup_reply
setup_ask_again(const char *question)
{
	enum setup_reply reply;
	char *line;

	(void)printf("%s ", question);
	line = read_line();
	if (line == NULL)
		return SETUP_END;
	reply = line[0] == 's' || line[0] == 'S' ? SETUP_NO : SETUP_YES;
	free(line);
	return reply;
}

static void
show_question(const struct setup_key_info *info, const char *value)
{
	const char *p = info->where, *end;

	(void)printf("\n%s\n", info->question);
	while (*p != '\0') {
		end = p + strcspn(p, "\n");
		(void)printf("  %.*s\n", (int)(end - p), p);
		p = *end == '\0' ? end : end + 1;
	}
	if (value != NULL && value[0] != '\0')
		(void)printf("  [%s]: ", value);
	else
		(void)printf("  %s: ", info->may_be_empty ? "[-]" : "");
}

enum setup_reply
setup_ask_answer(struct setup_answers *a, enum setup_key key)
{
	const struct setup_key_info *info = &setup_keys[key];
	struct okta_err err = { 0 };
	const char *answer;
	char *line;
	bool is_right = false;

	while (!is_right) {
		show_question(info, a->value[key]);
		line = read_line();
		if (line == NULL)
			return SETUP_END;
		answer = strcmp(line, "-") == 0	 ? ""
			 : line[0] != '\0'	 ? line
			 : a->value[key] != NULL ? a->value[key]
						 : "";
		is_right = setup_answers_check(key, answer, &err) == OKTA_OK;
		if (!is_right)
			(void)printf("  Not so: it %s.\n", err.msg);
		else if (answer != a->value[key] && !setup_answers_set(a, key, answer))
			is_right = false;
		free(line);
	}
	return SETUP_YES;
}
