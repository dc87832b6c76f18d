// SPDX-License-Identifier: MIT
#include "core/findings.h"

#include "base/text.h"
#include "core/terminal.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define FINDINGS_COLUMN 22 // where the text begins

static const struct {
	const char *word;
	enum terminal_color color;
} levels[] = {
	[LEVEL_OK] = { "ok", TERMINAL_GOOD },
	[LEVEL_NONE] = { "-", TERMINAL_PLAIN },
	[LEVEL_WARN] = { "warn", TERMINAL_HEAD },
	[LEVEL_BAD] = { "BAD", TERMINAL_BAD },
};

struct findings findings_begin(bool json)
{
	struct findings findings = { .json = json };

	if (json)
		findings.list = cJSON_CreateArray();
	return findings;
}

static void findings_add_object(struct findings *findings, const char *what, enum level level, const char *text)
{
	cJSON *object = cJSON_CreateObject();

	if (findings->profile)
		cJSON_AddStringToObject(object, "profile", findings->profile);
	cJSON_AddStringToObject(object, "check", what);
	cJSON_AddStringToObject(object, "result", levels[level].word);
	cJSON_AddStringToObject(object, "text", text);
	cJSON_AddItemToArray(findings->list, object);
}

void findings_add(struct findings *findings, const char *what, enum level level, enum status status, const char *format, ...)
{
	char text[1600];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(text, sizeof text, format, args);
	va_end(args);
	text_sanitize(text);
	if (level == LEVEL_BAD && findings->worst.status == STATUS_OK)
		err_set(&findings->worst, status, "%s%s%s%s: %.600s", findings->profile ? "profile '" : "",
			findings->profile ? findings->profile : "", findings->profile ? "': " : "", what, text);
	if (findings->json) {
		findings_add_object(findings, what, level, text);
		return;
	}
	printf("%-15s %s%-4s%s  ", what, terminal_color(levels[level].color), levels[level].word,
	       terminal_color(TERMINAL_PLAIN));
	terminal_print_wrapped(stdout, text, FINDINGS_COLUMN, terminal_width(stdout));
}

enum status findings_end(struct findings *findings, struct err *err)
{
	char *text;

	if (findings->json) {
		text = cJSON_Print(findings->list);
		cJSON_Delete(findings->list);
		if (!text)
			return err_set(err, STATUS_INTERNAL, "no memory");
		puts(text);
		free(text);
	}
	*err = findings->worst;
	return findings->worst.status;
}
