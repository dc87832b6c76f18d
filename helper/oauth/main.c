// SPDX-License-Identifier: MIT
// sk-oauth: the only program of ours that talks to the network. A request on stdin, an answer on stdout, then it is gone.
// It opens no keyring, and no file but CA certificates and what the resolver needs. Not meant to be run by hand.
#include "base/harden.h"
#include "base/text.h"
#include "base/wire.h"
#include "oauth/client-key.h"
#include "oauth/discovery.h"
#include "oauth/http.h"
#include "oauth/sandbox.h"
#include "oauth/token-endpoint.h"

#include <cjson/cJSON.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static enum status read_request(struct buf *text, struct oauth_request *request, struct err *err)
{
	static const struct {
		const char *key;
		size_t offset;
	} keys[] = {
#define KEY(member) { #member, offsetof(struct oauth_request, member) }
		KEY(operation),
		KEY(url),
		KEY(issuer),
		KEY(token_endpoint),
		KEY(revocation_endpoint),
		KEY(auth_method),
		KEY(client_id),
		KEY(client_secret),
		KEY(private_key),
		KEY(certificate),
		KEY(key_id),
		KEY(assertion_alg),
		KEY(assertion_audience),
		KEY(scope),
		KEY(resource),
		KEY(audience),
		KEY(token),
		KEY(ca_file),
		KEY(proxy),
		KEY(timeout_ms),
	};
	struct wire_field field;
	enum wire_result result;
	struct wire wire;
	const char *end;

	*request = (struct oauth_request){ .body = "" };
	if (!buf_read(text, STDIN_FILENO))
		return err_set(err, STATUS_INTERNAL, "sk-oauth: its request cannot be read");
	end = memmem(text->data, text->len, "\n\n", 2);
	if (end) {
		request->body = end + 2;
		request->body_len = text->len - (size_t)(request->body - text->data);
	}
	wire = wire_message(text->data, text->len);
	while ((result = wire_next(&wire, &field, err)) == WIRE_FIELD) {
		for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
			if (!strcmp(field.key, keys[i].key))
				*(const char **)((char *)request + keys[i].offset) = field.value;
		}
	}
	if (result == WIRE_BAD)
		return STATUS_INTERNAL;
	if (!request->operation || !request->timeout_ms)
		return err_set(err, STATUS_INTERNAL, "sk-oauth: its request is not whole");
	return STATUS_OK;
}

static const struct {
	const char *name;
	enum status (*run)(const struct oauth_request *request, struct buf *answer, struct oauth_failure *failure,
			   struct err *err);
} operations[] = {
	{ "token", token_endpoint_request }, { "look", token_endpoint_look },	  { "revoke", token_endpoint_revoke },
	{ "discover", discovery_run },	     { "import-key", client_key_import }, { "generate-key", client_key_generate },
	{ "public-key", client_key_public },
};

static enum status run(const struct oauth_request *request, struct buf *answer, struct oauth_failure *failure, struct err *err)
{
	for (size_t i = 0; i < sizeof operations / sizeof operations[0]; i++) {
		if (!strcmp(operations[i].name, request->operation))
			return operations[i].run(request, answer, failure, err);
	}
	return err_set(err, STATUS_INTERNAL, "sk-oauth: no operation '%s'", request->operation);
}

// A JWK has a private key in it, an answer a token.
static void wipe_and_free(void *memory)
{
	if (memory)
		explicit_bzero(memory, malloc_usable_size(memory));
	free(memory);
}

int main(void)
{
	cJSON_Hooks hooks = { malloc, wipe_and_free };
	BUF_AUTO(text, 65536);
	BUF_AUTO(answer, 65536);
	struct oauth_request request;
	struct err err = { STATUS_OK, "" };
	struct oauth_failure failure = { .retry_after = -1 };
	enum status status;

	harden();
	harden_more();
	harden_child();
	harden_deadline(62); // the longest timeout there is, and a little
	status = read_request(&text, &request, &err);
	if (status == STATUS_OK) {
		sandbox_enter(request.ca_file, request.certificate);
		cJSON_InitHooks(&hooks);
		http_start();
		status = run(&request, &answer, &failure, &err);
		http_stop();
	}
	if (status == STATUS_OK && !buf_ok(&answer))
		status = err_set(&err, STATUS_POLICY, "token endpoint: the answer is too large, or has control characters");
	if (status != STATUS_OK) {
		buf_reset(&answer);
		text_sanitize(err.text); // libcurl may quote what a certificate says
		wire_put(&answer, "status", status_word(status));
		wire_put(&answer, "message", err.text);
		if (failure.retry_after >= 0)
			wire_put_number(&answer, "retry_after", failure.retry_after);
		if (failure.invalid_client)
			wire_put(&answer, "invalid_client", "yes");
	}
	return buf_ok(&answer) && buf_write(&answer, STDOUT_FILENO) ? 0 : 1;
}
