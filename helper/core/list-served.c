// SPDX-License-Identifier: MIT
#include "core/list-served.h"

#include "base/clock.h"
#include "base/text.h"
#include "core/serving.h"
#include "core/share-client.h"
#include "core/terminal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct served_visit {
	const char *name; // NULL: of all
	bool begun;	  // the table's head is printed
	cJSON *array;
};

static bool served_is_of(const struct served *served, const char *name)
{
	return !name || text_has_word(served->names, name, strlen(name));
}

static void served_put_age(int64_t at, const char *end)
{
	int64_t age = clock_now().wall - at;

	if (age < 120)
		printf("%lld s ago%s", (long long)(age < 0 ? 0 : age), end);
	else if (age < 7200)
		printf("%lld min ago%s", (long long)age / 60, end);
	else
		printf("%lld h ago%s", (long long)age / 3600, end);
}

static void served_print(const struct served *served, void *context)
{
	struct served_visit *visit = context;

	if (!served_is_of(served, visit->name))
		return;
	if (!visit->begun)
		printf("\n%sSERVED%s\n", terminal_color(TERMINAL_HEAD), terminal_color(TERMINAL_PLAIN));
	visit->begun = true;
	printf("%s of %s at %s (process %lld): since ", served->command, served->names, served->socket, (long long)served->pid);
	served_put_age(served->since, ", last used ");
	served_put_age(served->used, "\n");
}

void list_print_served(const char *name)
{
	struct served_visit visit = { .name = name };

	serving_each(served_print, &visit);
}

static void served_add(const struct served *served, void *context)
{
	struct served_visit *visit = context;
	cJSON *object;

	if (!served_is_of(served, visit->name))
		return;
	object = cJSON_CreateObject();
	cJSON_AddStringToObject(object, "command", served->command);
	cJSON_AddStringToObject(object, "socket", served->socket);
	cJSON_AddNumberToObject(object, "pid", (double)served->pid);
	cJSON_AddNumberToObject(object, "since", (double)served->since);
	cJSON_AddNumberToObject(object, "last_used", (double)served->used);
	cJSON_AddItemToArray(visit->array, object);
}

cJSON *list_served_of(const char *name)
{
	struct served_visit visit = { .name = name, .array = cJSON_CreateArray() };

	serving_each(served_add, &visit);
	return visit.array;
}

enum status list_print_json(cJSON *json, struct err *err)
{
	char *text = cJSON_PrintUnformatted(json);

	cJSON_Delete(json);
	if (!text)
		return err_set(err, STATUS_INTERNAL, "no memory");
	puts(text);
	free(text);
	return STATUS_OK;
}

static enum status list_print_shared_json(const struct shared_profiles *shared, struct err *err)
{
	cJSON *array = cJSON_CreateArray();

	for (size_t i = 0; i < shared->count; i++) {
		const struct profile *profile = &shared->profiles[i];
		cJSON *object = cJSON_CreateObject();

		cJSON_AddStringToObject(object, "profile", profile->name);
		cJSON_AddStringToObject(object, "socket", profile_dir_socket());
		cJSON_AddStringToObject(object, "scope", profile->scope ? profile->scope : "");
		cJSON_AddItemToObject(object, "urls", cJSON_CreateStringArray(profile->urls, (int)profile->url_count));
		cJSON_AddItemToArray(array, object);
	}
	return list_print_json(array, err);
}

enum status list_print_shared(bool json, bool names_only, struct err *err)
{
	BUF_AUTO(text, MESSAGE_MAX);
	struct shared_profiles shared;
	enum status status = share_client_profiles(&shared, &text, err);

	if (status != STATUS_OK)
		return status;
	if (json)
		return list_print_shared_json(&shared, err);
	for (size_t i = 0; i < shared.count; i++) {
		const struct profile *profile = &shared.profiles[i];

		if (names_only)
			puts(profile->name);
		else
			printf("%s: for %s, shared at %s\n", profile->name,
			       profile->url_count ? profile->urls[0] : "any server", profile_dir_socket());
	}
	return STATUS_OK;
}
