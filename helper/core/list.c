// SPDX-License-Identifier: MIT
// list: the profiles, where each secret is, and whether a token is cached and for how long.
#include "base/text.h"
#include "core/commands.h"
#include "core/terminal.h"
#include "core/token-cache.h"
#include "keyring/keyring.h"
#include "model/auth-method.h"
#include "model/profile-dir.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const struct option list_options[] = {
	{ "--json", NULL, "as a JSON array" },
	{ "--names", NULL, "only the names, without a look into any keyring" },
	{ NULL, NULL, NULL },
};

struct row {
	struct profile id; // name and file_id, and nothing else
	char problem[200]; // "" where the profile can be read
	char endpoint[256], scope[128];
	const struct auth_method *method;  // how the client says who it is
	const char *store;		   // NULL with a problem
	size_t store_number, cache_number; // which keyrings; KEYRING_COUNT for none
	const char *secret;		   // "stored", "missing", "locked", "unavailable"
	cJSON *urls;			   // whom its tokens are for
	int64_t left;			   // of the token, 0 for none
	bool in[KEYRING_COUNT];		   // whether that keyring has a secret of this name
};

struct rows {
	struct row *row;
	size_t count, room;
	bool no_memory;
	// each keyring is asked once, and only where a profile uses it: one that hangs takes its deadline
	struct {
		bool asked;
		enum status status;
	} keyring[KEYRING_COUNT];
};

static bool add_name(const char *name, void *context)
{
	struct rows *rows = context;

	if (rows->count == rows->room) {
		struct row *more = reallocarray(rows->row, rows->room ? 2 * rows->room : 64, sizeof *more);

		rows->no_memory = !more;
		if (!more)
			return false;
		rows->room = rows->room ? 2 * rows->room : 64;
		rows->row = more;
	}
	memset(&rows->row[rows->count], 0, sizeof *rows->row);
	memcpy(rows->row[rows->count++].id.name, name, strlen(name) + 1);
	return true;
}

static const char *secret_state(enum status status)
{
	switch (status) {
	case STATUS_OK:
		return "stored";
	case STATUS_NOT_FOUND:
		return "missing";
	case STATUS_LOCKED:
		return "locked";
	default:
		return "unavailable";
	}
}

struct mark {
	struct rows *rows;
	size_t keyring;
};

static void mark_row(const struct keyring_key *key, void *context)
{
	const struct mark *mark = context;

	for (size_t i = 0; i < mark->rows->count; i++) {
		if (keyring_key_is_of(key, &mark->rows->row[i].id))
			mark->rows->row[i].in[mark->keyring] = true;
	}
}

// By the names that the keyring lists: a secret is not taken out only to be looked at.
static enum status ask_keyring(struct rows *rows, size_t number)
{
	struct mark mark = { rows, number };

	if (!rows->keyring[number].asked) {
		rows->keyring[number].asked = true;
		rows->keyring[number].status = keyrings[number]->list(KEYRING_SECRET, mark_row, &mark, NULL);
	}
	return rows->keyring[number].status;
}

static size_t number_of(const char *name)
{
	size_t number = 0;

	while (number < KEYRING_COUNT && strcmp(keyrings[number]->name, name) != 0)
		number++;
	return number;
}

static int64_t token_life(const struct profile *profile)
{
	const struct request request = request_of(profile);
	CACHED_TOKEN_AUTO(cached);
	int64_t left = token_cache_get(profile, &request, &cached) ? cached_token_left(&cached, clock_now()) : 0;

	return left > 0 ? left : 0;
}

// What the profile's file says.
static void list_read_profile(struct row *row)
{
	BUF_AUTO(text, PROFILE_TEXT_MAX);
	struct profile profile;
	struct err err;

	if (profile_dir_load(row->id.name, &text, &profile, &err) != STATUS_OK) {
		(void)snprintf(row->problem, sizeof row->problem, "%.199s", err.text);
		text_sanitize(row->problem);
		return;
	}
	memcpy(row->id.file_id, profile.file_id, sizeof profile.file_id);
	(void)snprintf(row->endpoint, sizeof row->endpoint, "%s", profile.token_endpoint);
	(void)snprintf(row->scope, sizeof row->scope, "%s", profile.scope ? profile.scope : "");
	row->method = auth_method_find(profile.auth_method);
	row->urls = cJSON_CreateStringArray(profile.urls, (int)profile.url_count);
	row->store_number = number_of(profile.secret_store);
	row->cache_number = number_of(profile.token_cache);
	row->store = keyrings[row->store_number]->name;
}

// What the keyrings have for it. All files are known by now, so that one answer of a keyring is enough for all rows.
static void list_ask_keyrings(struct rows *rows, struct row *row)
{
	BUF_AUTO(text, PROFILE_TEXT_MAX);
	struct profile profile;
	enum status status;

	if (*row->problem)
		return;
	status = ask_keyring(rows, row->store_number);
	row->secret = secret_state(status == STATUS_OK && !row->in[row->store_number] ? STATUS_NOT_FOUND : status);
	if (row->cache_number < KEYRING_COUNT && ask_keyring(rows, row->cache_number) == STATUS_OK &&
	    profile_dir_load(row->id.name, &text, &profile, NULL) == STATUS_OK)
		row->left = token_life(&profile);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct row *)a)->id.name, ((const struct row *)b)->id.name);
}

static enum status print_json(const struct rows *rows, struct err *err)
{
	cJSON *array = cJSON_CreateArray();
	char *text;

	for (size_t i = 0; i < rows->count; i++) {
		const struct row *row = &rows->row[i];
		cJSON *object = cJSON_CreateObject();

		cJSON_AddStringToObject(object, "profile", row->id.name);
		if (*row->problem) {
			cJSON_AddStringToObject(object, "problem", row->problem);
		} else {
			cJSON_AddStringToObject(object, "token_endpoint", row->endpoint);
			cJSON_AddStringToObject(object, "scope", row->scope);
			cJSON_AddItemReferenceToObject(object, "urls", row->urls);
			cJSON_AddStringToObject(object, "auth_method", row->method->name);
			cJSON_AddStringToObject(object, "secret_store", row->store);
			cJSON_AddStringToObject(object, "secret", row->secret);
			cJSON_AddBoolToObject(object, "token_cached", row->left > 0);
			cJSON_AddNumberToObject(object, "token_expires_in", (double)row->left);
		}
		cJSON_AddItemToArray(array, object);
	}
	text = cJSON_PrintUnformatted(array);
	cJSON_Delete(array);
	if (!text)
		return err_set(err, STATUS_INTERNAL, "no memory");
	puts(text);
	free(text);
	return STATUS_OK;
}

static void describe_life(int64_t left, char text[32])
{
	if (left <= 0)
		(void)snprintf(text, 32, "none");
	else if (left < 120)
		(void)snprintf(text, 32, "%lld s", (long long)left);
	else if (left < 7200)
		(void)snprintf(text, 32, "%lld min", (long long)left / 60);
	else
		(void)snprintf(text, 32, "%lld h", (long long)left / 3600);
}

static void describe_secret(const struct row *row, char text[64])
{
	(void)snprintf(text, 64, "%s, %s%s", row->store, row->method->uses_key ? "key " : "", row->secret);
}

static void widen(int *width, const char *text)
{
	if ((int)strlen(text) > *width)
		*width = (int)strlen(text);
}

static void print_table(const struct rows *rows)
{
	int names = (int)strlen("PROFILE"), secrets = (int)strlen("SECRET");
	const char *bad = terminal_color(TERMINAL_BAD), *plain = terminal_color(TERMINAL_PLAIN);
	char secret[64], life[32];

	for (size_t i = 0; i < rows->count; i++) {
		widen(&names, rows->row[i].id.name);
		if (*rows->row[i].problem)
			continue;
		describe_secret(&rows->row[i], secret);
		widen(&secrets, secret);
	}
	printf("%s%-*s  %-*s  %-8s  %s%s\n", terminal_color(TERMINAL_HEAD), names, "PROFILE", secrets, "SECRET", "TOKEN",
	       "TOKEN ENDPOINT", plain);
	for (size_t i = 0; i < rows->count; i++) {
		const struct row *row = &rows->row[i];

		if (*row->problem) {
			printf("%-*s  %s%s%s\n", names, row->id.name, bad, row->problem, plain);
			continue;
		}
		describe_secret(row, secret);
		describe_life(row->left, life);
		printf("%-*s  %s%-*s%s  %-8s  %s\n", names, row->id.name, strcmp(row->secret, "stored") != 0 ? bad : "",
		       secrets, secret, plain, life, row->endpoint);
	}
}

struct list_words {
	bool json, names;
};

static enum status list_take_word(void *context, const char *option, const char *value, struct err *err)
{
	struct list_words *words = context;

	if (!option)
		return err_set(err, STATUS_USAGE, "list takes no name, and no '%s': it shows all profiles", value);
	if (!strcmp(option, "--json"))
		words->json = true;
	else
		words->names = true;
	return STATUS_OK;
}

enum status command_list(char **args, struct err *err)
{
	const struct options parser = { "list", list_options, false };
	struct list_words words = { false, false };
	struct rows rows = { 0 };
	enum status status = options_parse(&parser, &args, list_take_word, &words, err);
	bool json = words.json, names = words.names;

	if (status == STATUS_OK && json && names)
		return err_set(err, STATUS_USAGE, "list: --json and --names cannot be used together");
	if (status != STATUS_OK)
		return status;
	status = profile_dir_each(add_name, &rows, err);
	if (rows.no_memory)
		status = err_set(err, STATUS_INTERNAL, "no memory");
	if (rows.count)
		qsort(rows.row, rows.count, sizeof *rows.row, by_name);
	for (size_t i = 0; i < rows.count && !names; i++)
		list_read_profile(&rows.row[i]);
	for (size_t i = 0; i < rows.count && !names; i++)
		list_ask_keyrings(&rows, &rows.row[i]);
	if (status == STATUS_OK && json)
		status = print_json(&rows, err);
	else if (status == STATUS_OK && names)
		for (size_t i = 0; i < rows.count; i++)
			puts(rows.row[i].id.name);
	else if (status == STATUS_OK && rows.count)
		print_table(&rows);
	else if (status == STATUS_OK && isatty(STDOUT_FILENO))
		puts("no profiles yet: 'sk-helper add NAME ...' makes one");
	for (size_t i = 0; i < rows.count; i++)
		cJSON_Delete(rows.row[i].urls);
	free(rows.row);
	return status;
}
