// SPDX-License-Identifier: MIT
// sk-secret-service: looks up, stores and deletes one item of the Secret Service; the only program that links libsecret. A request on
// stdin, an answer on stdout, and an end after two seconds whatever happens: libsecret waits 25 s for a provider that is being
// started, 50 s for one that hangs, and for ever for a bus that never answers. It never prompts, and talks to nothing but the session
// bus. Not meant to be run by hand.
#include "base/confine.h"
#include "base/harden.h"
#include "base/private-request.h"
#include "base/wire.h"
#include "bus.h"
#include "items.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct {
	const char *name;
	item_operation *run;
	bool needs_name;
} item_operations[] = {
	{ "probe", NULL, false },     { "get", item_get, true },    { "put", item_put, true },
	{ "del", item_delete, true }, { "list", item_list, false },
};

static enum status item_run(struct item_request *request, struct buf *answer, struct err *err)
{
	item_operation *operation = NULL;
	bool in_session;
	char which[300];
	GDBusConnection *bus = NULL;
	SecretService *service;
	GError *error = NULL;
	enum status status;
	bool known = false;

	for (size_t i = 0; i < sizeof item_operations / sizeof item_operations[0] && !known; i++) {
		known = request->operation && !strcmp(item_operations[i].name, request->operation) &&
			(!item_operations[i].needs_name || (request->name && request->collection));
		operation = item_operations[i].run;
	}
	if (!wire_is_our_version(request->version))
		return err_set(
			err, STATUS_INTERNAL,
			"sk-secret-service is of another version than sk-core: is sk-helper installed completely? ('make install')");
	if (!known)
		return err_set(err, STATUS_INTERNAL, "its request is incomplete");
	// the session collection is always there and never locked
	in_session = request->collection && !strcmp(request->collection, SECRET_COLLECTION_SESSION);
	status = bus_open(&bus, operation != NULL, !in_session, which, err);
	if (status == STATUS_OK)
		err_suffix(err, "%s", which);
	if (status == STATUS_OK && operation) {
		service = secret_service_get_sync(SECRET_SERVICE_OPEN_SESSION, NULL, &error);
		status = service ? operation(service, request, answer, err) : bus_explain(error, err);
		g_clear_object(&service);
		secret_service_disconnect();
	}
	g_clear_object(&bus);
	return status;
}

static bool item_read_request(struct buf *text, struct item_request *request)
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
	confine_bus_client();
	status = item_read_request(&text, &request) ? item_run(&request, &answer, &err) :
						      err_set(&err, STATUS_INTERNAL, "its request cannot be read");
	if (status != STATUS_OK)
		buf_reset(&answer);
	wire_put(&answer, "status", status_word(status));
	wire_put(&answer, "message", err.text);
	buf_free(&request.value);
	return private_answer_send(&answer, &text);
}
