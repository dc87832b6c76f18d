// SPDX-License-Identifier: MIT
// list: the profiles, where each secret is, and whether a token is cached and for how long.
#include "base/text.h"
#include "core/commands.h"
#include "core/list-served.h"
#include "core/terminal.h"
#include "core/token-cache.h"
#include "keyring/keyring.h"
#include "model/auth-method.h"
#include "model/profile-dir.h"
#include "model/secret-store.h"

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

#define USE_SIZE (URL_MAX + 32)

struct row {
	struct profile id;		   // name and file_id, and nothing else
	char problem[200];		   // "" where the profile can be read
	char shown[PROFILE_NAME_MAX + 16]; // the name, with a mark
	char endpoint[URL_MAX + 1], scope[512], client_id[256], issuer[256], resource[256];
	char identity_token[256];	   // where it comes from; "" for nowhere
	const struct auth_method *method;  // how the client says who it is
	const char *store;		   // NULL with a problem
	size_t store_number, cache_number; // which keyrings; KEYRING_COUNT for none
	const char *secret;		   // "stored", "missing", "locked", "unavailable"; "none" where the client has none
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
	(void)snprintf(row->client_id, sizeof row->client_id, "%s", profile.client_id ? profile.client_id : "");
	(void)snprintf(row->issuer, sizeof row->issuer, "%s", profile.issuer ? profile.issuer : "");
	(void)snprintf(row->resource, sizeof row->resource, "%s", profile.resource ? profile.resource : "");
	(void)snprintf(row->identity_token, sizeof row->identity_token, "%s",
		       profile.identity_token ? profile.identity_token : "");
	row->method = auth_method_find(profile.auth_method);
	row->urls = cJSON_CreateStringArray(profile.urls, (int)profile.url_count);
	row->store_number = number_of(profile.secret_store);
	row->cache_number = number_of(profile.token_cache);
	row->store = secret_store_find(profile.secret_store)->name;
}

// What the keyrings have for it. All files are known by now, so that one answer of a keyring is enough for all rows.
static void list_ask_keyrings(struct rows *rows, struct row *row)
{
	BUF_AUTO(text, PROFILE_TEXT_MAX);
	struct profile profile;
	enum status status;

	if (*row->problem)
		return;
	row->secret = secret_store_is_elsewhere(row->store) ? "elsewhere" : "none";
	if (row->store_number < KEYRING_COUNT) {
		status = ask_keyring(rows, row->store_number);
		row->secret = secret_state(status == STATUS_OK && !row->in[row->store_number] ? STATUS_NOT_FOUND : status);
	}
	if (row->cache_number < KEYRING_COUNT && ask_keyring(rows, row->cache_number) == STATUS_OK &&
	    profile_dir_load(row->id.name, &text, &profile, NULL) == STATUS_OK)
		row->left = token_life(&profile);
}

static enum status print_json(const struct rows *rows, struct err *err)
{
	cJSON *array = cJSON_CreateArray();

	for (size_t i = 0; i < rows->count; i++) {
		const struct row *row = &rows->row[i];
		cJSON *object = cJSON_CreateObject();

		cJSON_AddStringToObject(object, "profile", row->id.name);
		if (*row->problem) {
			cJSON_AddStringToObject(object, "problem", row->problem);
		} else {
			cJSON_AddStringToObject(object, "token_endpoint", row->endpoint);
			cJSON_AddStringToObject(object, "client_id", row->client_id);
			cJSON_AddStringToObject(object, "issuer", row->issuer);
			cJSON_AddStringToObject(object, "resource", row->resource);
			cJSON_AddStringToObject(object, "scope", row->scope);
			cJSON_AddItemReferenceToObject(object, "urls", row->urls);
			cJSON_AddStringToObject(object, "auth_method", row->method->name);
			cJSON_AddStringToObject(object, "secret_store", row->store);
			cJSON_AddStringToObject(object, "secret", row->secret);
			cJSON_AddStringToObject(object, "identity_token", row->identity_token);
			cJSON_AddBoolToObject(object, "token_cached", row->left > 0);
			cJSON_AddNumberToObject(object, "token_expires_in", (double)row->left);
			cJSON_AddItemToObject(object, "served", list_served_of(row->id.name));
		}
		cJSON_AddItemToArray(array, object);
	}
	return list_print_json(array, err);
}

static void describe_life(int64_t left, char text[USE_SIZE])
{
	if (left <= 0)
		(void)snprintf(text, USE_SIZE, "none");
	else if (left < 120)
		(void)snprintf(text, USE_SIZE, "%lld s", (long long)left);
	else if (left < 7200)
		(void)snprintf(text, USE_SIZE, "%lld min", (long long)left / 60);
	else
		(void)snprintf(text, USE_SIZE, "%lld h", (long long)left / 3600);
}

static void describe_secret(const struct row *row, char text[USE_SIZE])
{
	if (secret_store_is_elsewhere(row->store))
		(void)snprintf(text, USE_SIZE, "%s", row->store);
	else if (row->store_number == KEYRING_COUNT)
		(void)snprintf(text, USE_SIZE, "identity token");
	else
		(void)snprintf(text, USE_SIZE, "%s, %s%s", row->store, row->method->uses_key ? "key " : "", row->secret);
}

static void widen(int *width, const char *text)
{
	if ((int)strlen(text) > *width)
		*width = (int)strlen(text);
}

// Whom its tokens are for, in one line.
static void list_describe_use(const struct row *row, char text[USE_SIZE])
{
	int count = cJSON_GetArraySize(row->urls);
	struct url url;

	if (count > 1)
		(void)snprintf(text, USE_SIZE, "%s (+%d)", cJSON_GetStringValue(cJSON_GetArrayItem(row->urls, 0)), count - 1);
	else if (count == 1)
		(void)snprintf(text, USE_SIZE, "%s", cJSON_GetStringValue(cJSON_GetArrayItem(row->urls, 0)));
	else if (*row->resource)
		(void)snprintf(text, USE_SIZE, "%s", row->resource);
	else if (url_parse(&url, row->endpoint, NULL) == STATUS_OK)
		(void)snprintf(text, USE_SIZE, "no url; tokens from %.*s", (int)url.host_len, url.host);
	else
		text[0] = '\0';
}

static void list_put_cut(const char *text, int width)
{
	int len = (int)strlen(text);

	if (width <= 3 || len <= width)
		printf("%-*s", width, text);
	else
		printf("%.*s...", width - 3, text);
}

struct widths {
	int name, use, scope, secret;
};

#define LIST_TOKEN_WIDTH 7

// As wide as what is in them; on a terminal, what is for whom and the scope share what the others leave.
static struct widths list_widths(const struct rows *rows)
{
	struct widths widths = { (int)strlen("PROFILE"), (int)strlen("FOR"), (int)strlen("SCOPE"), (int)strlen("SECRET") };
	int left = terminal_width(stdout);
	char text[USE_SIZE];

	for (size_t i = 0; i < rows->count; i++) {
		widen(&widths.name, rows->row[i].shown);
		if (*rows->row[i].problem)
			continue;
		describe_secret(&rows->row[i], text);
		widen(&widths.secret, text);
		list_describe_use(&rows->row[i], text);
		widen(&widths.use, text);
		widen(&widths.scope, rows->row[i].scope);
	}
	left -= widths.name + widths.secret + LIST_TOKEN_WIDTH + 4 * 2;
	if (terminal_width(stdout) && widths.use + widths.scope > left) {
		int share = left * 3 / 5;

		if (widths.use > share)
			widths.use = left - widths.scope > share ? left - widths.scope : share;
		widths.scope = left - widths.use;
	}
	return widths;
}

static void print_table(const struct rows *rows)
{
	const char *bad = terminal_color(TERMINAL_BAD), *plain = terminal_color(TERMINAL_PLAIN);
	struct widths widths = list_widths(rows);
	char text[USE_SIZE];

	printf("%s%-*s  %-*s  %-*s  %-*s  %s%s\n", terminal_color(TERMINAL_HEAD), widths.name, "PROFILE", widths.use, "FOR",
	       widths.scope, "SCOPE", widths.secret, "SECRET", "TOKEN", plain);
	for (size_t i = 0; i < rows->count; i++) {
		const struct row *row = &rows->row[i];
		bool is_missing;

		printf("%-*s  ", widths.name, row->shown);
		if (*row->problem) {
			printf("%s", bad);
			terminal_print_wrapped(stdout, row->problem, widths.name + 2, terminal_width(stdout));
			printf("%s", plain);
			continue;
		}
		list_describe_use(row, text);
		list_put_cut(text, widths.use);
		printf("  ");
		list_put_cut(row->scope, widths.scope);
		describe_secret(row, text);
		is_missing = strcmp(row->secret, "stored") != 0 && row->store_number < KEYRING_COUNT;
		printf("  %s%-*s%s  ", is_missing ? bad : "", widths.secret, text, is_missing ? plain : "");
		describe_life(row->left, text);
		printf("%s\n", text);
	}
}

// --- the command

struct list_words {
	const char *name;
	bool json, names;
};

static enum status list_take_word(void *context, const char *option, const char *value, struct err *err)
{
	struct list_words *words = context;

	if (!option && words->name)
		return err_set(err, STATUS_USAGE, "list takes the name of one profile, not also '%s'", value);
	if (!option)
		words->name = value;
	else if (!strcmp(option, "--json"))
		words->json = true;
	else
		words->names = true;
	return STATUS_OK;
}

static enum status list_find_names(const struct list_words *words, struct rows *rows, struct err *err)
{
	BUF_AUTO(text, PROFILE_TEXT_MAX);
	struct profile profile;
	enum status status;

	if (words->name) {
		status = profile_name_check(words->name, err);
		// one whose file is not valid is listed, too
		if (status == STATUS_OK && !profile_dir_exists(words->name))
			return profile_dir_load(words->name, &text, &profile, err);
		if (status == STATUS_OK)
			(void)add_name(words->name, rows);
	} else {
		status = profile_dir_each_by_name(add_name, rows, err);
	}
	return rows->no_memory ? err_set(err, STATUS_INTERNAL, "no memory") : status;
}

static void list_mark_default(struct rows *rows)
{
	char name[PROFILE_NAME_MAX + 1] = "";

	(void)profile_dir_choose(name, NULL, NULL, NULL);
	for (size_t i = 0; i < rows->count; i++)
		(void)snprintf(rows->row[i].shown, sizeof rows->row[i].shown, "%s%s", rows->row[i].id.name,
			       rows->count > 1 && !strcmp(name, rows->row[i].id.name) ? " (default)" : "");
}

static enum status list_print(const struct list_words *words, struct rows *rows, struct err *err)
{
	if (words->json)
		return print_json(rows, err);
	if (words->names) {
		for (size_t i = 0; i < rows->count; i++)
			puts(rows->row[i].id.name);
		return STATUS_OK;
	}
	if (rows->count) {
		print_table(rows);
		list_print_served(words->name);
	} else {
		(void)fputs("there is no profile yet: 'sk-helper add' makes one\n", stderr);
	}
	return STATUS_OK;
}

enum status command_list(char **args, struct err *err)
{
	const struct options parser = { "list", list_options, false };
	struct list_words words = { 0 };
	struct rows rows = { 0 };
	enum status status = options_parse(&parser, &args, list_take_word, &words, err);

	if (status == STATUS_OK && words.json && words.names)
		return err_set(err, STATUS_USAGE, "list: --json and --names cannot be used together");
	if (status == STATUS_OK && profile_dir_socket())
		return list_print_shared(words.json, words.names, err);
	if (status == STATUS_OK)
		status = list_find_names(&words, &rows, err);
	for (size_t i = 0; i < rows.count && !words.names; i++)
		list_read_profile(&rows.row[i]);
	for (size_t i = 0; i < rows.count && !words.names; i++)
		list_ask_keyrings(&rows, &rows.row[i]);
	list_mark_default(&rows);
	if (status == STATUS_OK)
		status = list_print(&words, &rows, err);
	for (size_t i = 0; i < rows.count; i++)
		cJSON_Delete(rows.row[i].urls);
	free(rows.row);
	return status;
}
