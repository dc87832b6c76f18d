// SPDX-License-Identifier: MIT
// sk-secret-service: looks up, stores and deletes one item of the Secret Service. The only file that includes libsecret. A
// request on stdin, an answer on stdout, and an end after two seconds whatever happens: libsecret waits 25 s for a provider
// that is being started, 50 s for one that hangs, and for ever for a bus that never answers. Not meant to be run by hand.
//
// It never prompts. libsecret's simple calls return the same NULL for "locked" and "not found", and prompt by themselves, so
// what state the service is in is asked over D-Bus first.
#include "base/harden.h"
#include "base/status.h"
#include "base/text.h"
#include "base/wire.h"

#include <gio/gio.h>
#include <libsecret/secret.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SERVICE	      "org.freedesktop.secrets"
#define SERVICE_PATH  "/org/freedesktop/secrets"
#define CALL_MS	      600
#define ACTIVATION_MS 1500

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

struct item_request {
	const char *version, *operation, *name, *path, *collection;
	struct buf value;
};

static bool is_our_socket(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISSOCK(st.st_mode) && st.st_uid == geteuid();
}

// Hooks run us without DBUS_SESSION_BUS_ADDRESS and XDG_RUNTIME_DIR. The bus of a systemd user session is where it always is;
// nothing is launched for its sake.
static bool find_bus(void)
{
	const char *address = getenv("DBUS_SESSION_BUS_ADDRESS"), *run = getenv("XDG_RUNTIME_DIR");
	char path[512], unix_path[600];
	bool found = false;

	// other addresses launch a bus (autolaunch:), or have a peer that does not say who it is (tcp:)
	if (address && *address)
		return text_starts(address, "unix:") && !strchr(address, ';');
	if (run && (size_t)snprintf(path, sizeof path, "%s/bus", run) < sizeof path)
		found = is_our_socket(path);
	if (!found) {
		(void)snprintf(path, sizeof path, "/run/user/%u/bus", (unsigned)geteuid());
		found = is_our_socket(path);
	}
	(void)snprintf(unix_path, sizeof unix_path, "unix:path=%s", path);
	return found && setenv("DBUS_SESSION_BUS_ADDRESS", unix_path, 1) == 0;
}

// "sudo -E" brings another user's address along: what listens there is not to have our secrets.
static bool is_our_bus(GDBusConnection *bus)
{
	GIOStream *stream = g_dbus_connection_get_stream(bus);
	GCredentials *peer = NULL;
	uid_t uid = (uid_t)-1;

	if (G_IS_SOCKET_CONNECTION(stream))
		peer = g_socket_get_credentials(g_socket_connection_get_socket(G_SOCKET_CONNECTION(stream)), NULL);
	if (peer)
		uid = g_credentials_get_unix_user(peer, NULL);
	g_clear_object(&peer);
	return uid == geteuid();
}

static GVariant *call(GDBusConnection *bus, const char *service, const char *path, const char *interface, const char *method,
		      GVariant *arguments, const char *type, int timeout, GError **error)
{
	return g_dbus_connection_call_sync(bus, service, path, interface, method, arguments, G_VARIANT_TYPE(type),
					   G_DBUS_CALL_FLAGS_NO_AUTO_START, timeout, NULL, error);
}

static GVariant *call_bus(GDBusConnection *bus, const char *method, GVariant *arguments, const char *type, int timeout,
			  GError **error)
{
	return call(bus, "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", method, arguments, type,
		    timeout, error);
}

static enum status explain(GError *error, struct err *err)
{
	enum status status;
	char text[300];

	if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT) ||
	    g_error_matches(error, G_DBUS_ERROR, G_DBUS_ERROR_NO_REPLY)) {
		status = err_set(err, STATUS_UNAVAILABLE, "unresponsive: the keyring daemon runs but does not answer");
	} else {
		(void)snprintf(text, sizeof text, "%s", error ? error->message : "no reason given");
		text_sanitize(text);
		status = err_set(err, STATUS_UNAVAILABLE, "%s", text);
	}
	g_clear_error(&error);
	return status;
}

static bool is_activatable(GDBusConnection *bus)
{
	GVariant *answer = call_bus(bus, "ListActivatableNames", NULL, "(as)", CALL_MS, NULL);
	GVariantIter *names;
	const char *name;
	bool found = false;

	if (!answer)
		return false;
	g_variant_get(answer, "(as)", &names);
	while (g_variant_iter_loop(names, "&s", &name))
		found = found || !strcmp(name, SERVICE);
	g_variant_iter_free(names);
	g_variant_unref(answer);
	return found;
}

// Whether someone provides the service; starts the one that could only if asked to.
static enum status find_provider(GDBusConnection *bus, bool may_start, struct err *err)
{
	GError *error = NULL;
	GVariant *answer = call_bus(bus, "NameHasOwner", g_variant_new("(s)", SERVICE), "(b)", CALL_MS, &error);
	gboolean owned = FALSE;

	if (!answer)
		return explain(error, err);
	g_variant_get(answer, "(b)", &owned);
	g_variant_unref(answer);
	if (owned)
		return STATUS_OK;
	if (!is_activatable(bus))
		return err_set(err, STATUS_UNAVAILABLE,
			       "no provider: no keyring daemon on this bus (gnome-keyring, KWallet and "
			       "KeePassXC are some): start one, or use the kernel keyring");
	if (!may_start)
		return err_set(err, STATUS_UNAVAILABLE,
			       "not running: a keyring daemon is installed but was not started in this session");
	answer = call_bus(bus, "StartServiceByName", g_variant_new("(su)", SERVICE, 0U), "(u)", ACTIVATION_MS, &error);
	if (!answer)
		return explain(error, err);
	g_variant_unref(answer);
	return STATUS_OK;
}

// Whether the collection that secrets go to is there and unlocked.
static enum status check_collection(GDBusConnection *bus, struct err *err)
{
	GError *error = NULL;
	GVariant *answer, *inner;
	const char *path;
	gboolean locked;

	answer = call(bus, SERVICE, SERVICE_PATH, "org.freedesktop.Secret.Service", "ReadAlias",
		      g_variant_new("(s)", "default"), "(o)", CALL_MS, &error);
	if (!answer)
		return explain(error, err);
	g_variant_get(answer, "(&o)", &path);
	if (!strcmp(path, "/")) {
		g_variant_unref(answer);
		return err_set(err, STATUS_UNAVAILABLE,
			       "no default collection: it is made at the first login with a password "
			       "('gnome-keyring-daemon --unlock' makes it, too)");
	}
	inner = call(bus, SERVICE, path, "org.freedesktop.DBus.Properties", "Get",
		     g_variant_new("(ss)", "org.freedesktop.Secret.Collection", "Locked"), "(v)", CALL_MS, &error);
	g_variant_unref(answer);
	if (!inner)
		return explain(error, err);
	g_variant_get(inner, "(v)", &answer);
	locked = g_variant_is_of_type(answer, G_VARIANT_TYPE_BOOLEAN) && g_variant_get_boolean(answer);
	g_variant_unref(answer);
	g_variant_unref(inner);
	if (locked)
		return err_set(err, STATUS_LOCKED,
			       "locked: unlock the keyring (log in, open it in its manager, or "
			       "'gnome-keyring-daemon --unlock') and try again");
	return STATUS_OK;
}

static enum status look(GDBusConnection **bus, const struct item_request *request, struct err *err)
{
	bool probing = strcmp(request->operation, "probe") == 0;
	GError *error = NULL;
	enum status status;

	if (!find_bus())
		return err_set(err, STATUS_UNAVAILABLE,
			       "no bus: there is no D-Bus session of this user here (DBUS_SESSION_BUS_ADDRESS): "
			       "log in to a session, use 'dbus-run-session', or the kernel keyring");
	*bus = g_bus_get_sync(G_BUS_TYPE_SESSION, NULL, &error);
	if (!*bus) {
		status = explain(error, err);
		err_prefix(err, "no bus");
		return status;
	}
	g_dbus_connection_set_exit_on_close(*bus, FALSE);
	if (!is_our_bus(*bus))
		return err_set(err, STATUS_UNAVAILABLE,
			       "no bus: the one that DBUS_SESSION_BUS_ADDRESS names is another user's");
	status = find_provider(*bus, !probing, err);
	if (status != STATUS_OK)
		return status;
	// the session collection is always there and never locked
	if (request->collection && !strcmp(request->collection, SECRET_COLLECTION_SESSION))
		return STATUS_OK;
	return check_collection(*bus, err);
}

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
static enum status search(SecretService *service, const char *name, const char *path, GList **items, struct err *err)
{
	GHashTable *attributes = attributes_of(name, path);
	GError *error = NULL;

	*items = secret_service_search_sync(service, &schema, attributes, SECRET_SEARCH_ALL, NULL, &error);
	g_hash_table_unref(attributes);
	if (error)
		return explain(error, err);
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

static enum status get_item(SecretService *service, struct item_request *request, struct buf *answer, struct err *err)
{
	GError *error = NULL;
	SecretValue *value;
	const char *text;
	gsize len = 0;
	GList *items;
	enum status status = search(service, request->name, request->path, &items, err);

	if (status != STATUS_OK)
		return status;
	if (!items)
		return err_set(err, STATUS_NOT_FOUND, "nothing is stored");
	if (!secret_item_load_secret_sync(items->data, NULL, &error)) {
		g_list_free_full(items, g_object_unref);
		return explain(error, err);
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

static enum status put_item(SecretService *service, struct item_request *request, struct buf *answer, struct err *err)
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
	return stored ? STATUS_OK : explain(error, err);
}

static enum status delete_item(SecretService *service, struct item_request *request, struct buf *answer, struct err *err)
{
	GError *error = NULL;
	GList *items;
	enum status status = search(service, request->name, request->path, &items, err);

	(void)answer;
	if (status == STATUS_OK && !items)
		return err_set(err, STATUS_NOT_FOUND, "nothing is stored");
	for (GList *i = items; i && status == STATUS_OK; i = i->next) {
		if (!secret_item_delete_sync(i->data, NULL, &error))
			status = explain(error, err);
	}
	g_list_free_full(items, g_object_unref);
	return status;
}

static enum status list_items(SecretService *service, struct item_request *request, struct buf *answer, struct err *err)
{
	GList *items;
	enum status status = search(service, NULL, NULL, &items, err);

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

static const struct {
	const char *name;
	enum status (*run)(SecretService *service, struct item_request *request, struct buf *answer, struct err *err);
	bool needs_name;
} operations[] = {
	{ "probe", NULL, false },     { "get", get_item, true },     { "put", put_item, true },
	{ "del", delete_item, true }, { "list", list_items, false },
};

static enum status run(struct item_request *request, struct buf *answer, struct err *err)
{
	enum status (*operation)(SecretService *, struct item_request *, struct buf *, struct err *) = NULL;
	GDBusConnection *bus = NULL;
	SecretService *service;
	GError *error = NULL;
	enum status status;
	bool known = false;

	for (size_t i = 0; i < sizeof operations / sizeof operations[0] && !known; i++) {
		known = request->operation && !strcmp(operations[i].name, request->operation) &&
			(!operations[i].needs_name || (request->name && request->collection));
		operation = operations[i].run;
	}
	if (!wire_is_our_version(request->version))
		return err_set(
			err, STATUS_INTERNAL,
			"sk-secret-service is of another version than sk-core: is sk-helper installed completely? ('make install')");
	if (!known)
		return err_set(err, STATUS_INTERNAL, "its request is incomplete");
	status = look(&bus, request, err);
	if (status == STATUS_OK && operation) {
		service = secret_service_get_sync(SECRET_SERVICE_OPEN_SESSION, NULL, &error);
		status = service ? operation(service, request, answer, err) : explain(error, err);
		g_clear_object(&service);
		secret_service_disconnect();
	}
	g_clear_object(&bus);
	return status;
}

static bool read_request(struct buf *text, struct item_request *request)
{
	enum wire_result result;
	struct wire_field field;
	struct wire wire;

	if (!buf_read(text, STDIN_FILENO))
		return false;
	wire = wire_message(text->data, text->len);
	while ((result = wire_next(&wire, &field, NULL)) == WIRE_FIELD) {
		if (!strcmp(field.key, "version"))
			request->version = field.value;
		else if (!strcmp(field.key, "operation"))
			request->operation = field.value;
		else if (!strcmp(field.key, "name"))
			request->name = field.value;
		else if (!strcmp(field.key, "path"))
			request->path = field.value;
		else if (!strcmp(field.key, "collection"))
			request->collection = field.value;
		else if (!strcmp(field.key, "value")) {
			buf_add(&request->value, field.value, field.value_len);
			buf_addc(&request->value, '\n');
		}
	}
	return result == WIRE_END && buf_ok(&request->value);
}

int main(void)
{
	BUF_AUTO(text, 131072);
	BUF_AUTO(answer, 131072);
	struct item_request request = { .value = BUF_INIT(131072) };
	struct err err = { STATUS_OK, "works: unlocked" };
	enum status status;

	harden_process();
	harden_runner();
	die_with_parent();
	harden_deadline(3); // whoever runs us ends us after two seconds
	setenv("GIO_USE_VFS", "local", 1);
	status = read_request(&text, &request) ? run(&request, &answer, &err) :
						 err_set(&err, STATUS_INTERNAL, "its request cannot be read");
	if (status != STATUS_OK)
		buf_reset(&answer);
	wire_put(&answer, "status", status_word(status));
	wire_put(&answer, "message", err.text);
	buf_free(&request.value);
	wire_end(&answer);
	if (!buf_ok(&answer) || !buf_write(&answer, STDOUT_FILENO))
		return 1;
	buf_free(&answer);
	buf_free(&text);
	wire_exit(0);
}
