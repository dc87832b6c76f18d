// SPDX-License-Identifier: MIT
#include "items.h"

#include "base/text.h"
#include "base/wire.h"
#include "bus.h"

#include <stdio.h>
#include <string.h>

// While a collection is locked, gnome-keyring does not match xdg:schema, which libsecret adds unless told not to: the item
// would be "not found".
static const SecretSchema schema = {
	.name = "sk-helper",
	.flags = SECRET_SCHEMA_DONT_MATCH_NAME,
	.attributes = { { "application", SECRET_SCHEMA_ATTRIBUTE_STRING },
			{ "name", SECRET_SCHEMA_ATTRIBUTE_STRING },
			{ "path", SECRET_SCHEMA_ATTRIBUTE_STRING },
			{ NULL, 0 } },
};

// Of one item, or of all of ours where name is NULL. path: of the profile's file.
static GHashTable *attributes_of(const char *name, const char *path)
{
	GHashTable *attributes = g_hash_table_new(g_str_hash, g_str_equal);

	g_hash_table_insert(attributes, (gpointer) "application", (gpointer) "sk-helper");
	if (name)
		g_hash_table_insert(attributes, (gpointer) "name", (gpointer)(uintptr_t)name);
	if (path)
		g_hash_table_insert(attributes, (gpointer) "path", (gpointer)(uintptr_t)path);
	return attributes;
}

// The items with this name (NULL: all of ours), locked ones too. Free with g_list_free_full(, g_object_unref).
static enum status item_search(SecretService *service, const char *name, const char *path, GList **items, struct err *err)
{
	GHashTable *attributes = attributes_of(name, path);
	GError *error = NULL;

	*items = secret_service_search_sync(service, &schema, attributes, SECRET_SEARCH_ALL, NULL, &error);
	g_hash_table_unref(attributes);
	if (error)
		return bus_explain(error, err);
	for (GList *i = *items; i; i = i->next) {
		if (secret_item_get_locked(i->data)) {
			g_list_free_full(*items, g_object_unref);
			*items = NULL;
			return err_set(err, STATUS_LOCKED, "locked: unlock the keyring and try again");
		}
	}
	return STATUS_OK;
}

static void add_lines(struct buf *answer, const char *text, size_t len)
{
	const char *end = text + len;

	while (text < end) {
		const char *lf = memchr(text, '\n', (size_t)(end - text));
		size_t length = lf ? (size_t)(lf - text) : (size_t)(end - text);

		buf_adds(answer, "value=");
		buf_add(answer, text, length);
		buf_addc(answer, '\n');
		text += length + 1;
	}
}

enum status item_get(SecretService *service, struct item_request *request, struct buf *answer, struct err *err)
{
	GError *error = NULL;
	SecretValue *value;
	const char *text;
	gsize len = 0;
	GList *items;
	enum status status = item_search(service, request->name, request->path, &items, err);

	if (status != STATUS_OK)
		return status;
	if (!items)
		return err_set(err, STATUS_NOT_FOUND, "nothing is stored");
	if (!secret_item_load_secret_sync(items->data, NULL, &error)) {
		g_list_free_full(items, g_object_unref);
		return bus_explain(error, err);
	}
	// NULL when it was locked in between
	value = secret_item_get_secret(items->data);
	if (value) {
		text = secret_value_get(value, &len);
		add_lines(answer, text, len);
		secret_value_unref(value);
	}
	g_list_free_full(items, g_object_unref);
	return value ? STATUS_OK : err_set(err, STATUS_LOCKED, "locked: unlock the keyring and try again");
}

enum status item_put(SecretService *service, struct item_request *request, struct buf *answer, struct err *err)
{
	GHashTable *attributes = attributes_of(request->name, request->path);
	SecretValue *value = secret_value_new(request->value.data, (gssize)request->value.len, "text/plain");
	char label[256];
	GError *error = NULL;
	gboolean stored;

	(void)answer;
	(void)snprintf(label, sizeof label, "sk-helper %s", request->name);
	stored = secret_service_store_sync(service, &schema, attributes, request->collection, label, value, NULL, &error);
	secret_value_unref(value);
	g_hash_table_unref(attributes);
	return stored ? STATUS_OK : bus_explain(error, err);
}

enum status item_delete(SecretService *service, struct item_request *request, struct buf *answer, struct err *err)
{
	GError *error = NULL;
	GList *items;
	enum status status = item_search(service, request->name, request->path, &items, err);

	(void)answer;
	if (status == STATUS_OK && !items)
		return err_set(err, STATUS_NOT_FOUND, "nothing is stored");
	for (GList *i = items; i && status == STATUS_OK; i = i->next) {
		if (!secret_item_delete_sync(i->data, NULL, &error))
			status = bus_explain(error, err);
	}
	g_list_free_full(items, g_object_unref);
	return status;
}

enum status item_list(SecretService *service, struct item_request *request, struct buf *answer, struct err *err)
{
	GList *items;
	enum status status = item_search(service, NULL, NULL, &items, err);

	(void)request;
	for (GList *i = items; i; i = i->next) {
		GHashTable *attributes = secret_item_get_attributes(i->data);

		const char *name = g_hash_table_lookup(attributes, "name");

		// somebody else's: it would make the whole list fail
		if (name && text_has_no_control(name, strlen(name)) && strlen(name) < 256)
			wire_put(answer, "name", name);
		g_hash_table_unref(attributes);
	}
	g_list_free_full(items, g_object_unref);
	return status;
}
