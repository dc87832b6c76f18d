// SPDX-License-Identifier: MIT
// sk-key: what is done with a client's private key: read, made, described, and used to sign. A request on stdin, an answer on stdout, then it is
// gone. It has no network and opens no file, so that the program that reads what servers send (sk-oauth) needs no key. Not meant to be
// run by hand.
#include "base/confine.h"
#include "base/harden.h"
#include "base/json-read.h"
#include "base/private-request.h"
#include "key/client-key.h"

#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

#define KEY_SECONDS 30 // an RSA key takes its time to be made

static enum status key_read_request(struct buf *text, struct key_request *request, struct err *err)
{
	static const struct private_key_place places[] = {
#define KEY(member) { #member, offsetof(struct key_request, member) }
		KEY(operation), KEY(private_key), KEY(key_id), KEY(algorithm), KEY(client_id), KEY(audience), KEY(count),
#undef KEY
	};
	struct private_request how = { .program = "sk-key", .places = places, .place_count = sizeof places / sizeof places[0] };
	enum status status = private_request_read(&how, text, request, err);

	request->body = how.body;
	request->body_len = how.body_len;
	return status;
}

static const struct {
	const char *name;
	key_operation *run;
} key_operations[] = {
	{ "import", client_key_import },
	{ "generate", client_key_generate },
	{ "describe", client_key_describe },
	{ "sign", client_key_sign },
};

static enum status key_run(const struct key_request *request, struct buf *answer, struct err *err)
{
	for (size_t i = 0; i < sizeof key_operations / sizeof key_operations[0]; i++) {
		if (request->operation && !strcmp(key_operations[i].name, request->operation))
			return key_operations[i].run(request, answer, err);
	}
	return err_set(err, STATUS_INTERNAL, "sk-key: no operation '%s'", request->operation ? request->operation : "");
}

int main(void)
{
	BUF_AUTO(text, 65536);
	BUF_AUTO(answer, 65536);
	struct key_request request = { .body = "" };
	struct err err = { STATUS_OK, "" };
	enum status status;

	harden_process();
	harden_runner();
	die_with_parent();
	harden_deadline(KEY_SECONDS);
	// a configuration file would have other libraries loaded
	OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL);
	confine_computing();
	json_wipe_memory();
	status = key_read_request(&text, &request, &err);
	if (status == STATUS_OK)
		status = key_run(&request, &answer, &err);
	if (status == STATUS_OK && !buf_ok(&answer))
		status = err_set(&err, STATUS_INTERNAL, "sk-key: its answer is too long");
	if (status != STATUS_OK)
		private_answer_fail(&answer, status, &err);
	return private_answer_send(&answer, &text);
}
