// SPDX-License-Identifier: MIT
// sk-oauth: the only program of ours that talks to the network. A request on stdin, an answer on stdout, then it is gone.
// It opens no keyring, and no file but CA certificates and what the resolver needs. Not meant to be run by hand.
#include "base/harden.h"
#include "base/json-read.h"
#include "base/private-request.h"
#include "base/wire.h"
#include "http/loopback.h"
#include "http/proxy.h"
#include "http/sandbox.h"
#include "model/url.h"
#include "oauth/actions-token.h"
#include "oauth/discovery.h"
#include "oauth/http.h"
#include "oauth/token-endpoint.h"

#include <stdlib.h>
#include <string.h>

// What may come more than once.
static void oauth_take_list(const struct wire_field *field, void *context)
{
	struct oauth_request *request = context;

	if (!strcmp(field->key, "param") && request->param_count < PROFILE_PARAMS_MAX)
		request->params[request->param_count++] = field->value;
	else if (!strcmp(field->key, "client_assertion") && request->assertion_count < ASSERTIONS_MAX)
		request->assertions[request->assertion_count++] = field->value;
}

static enum status oauth_read_request(struct buf *text, struct oauth_request *request, struct err *err)
{
	static const struct private_key_place places[] = {
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
		KEY(scope),
		KEY(resource),
		KEY(audience),
		KEY(token),
		KEY(ca_file),
		KEY(ca_file_sha256),
		KEY(proxy),
		KEY(timeout_ms),
		KEY(grant),
		KEY(identity_token),
		KEY(assertion_type),
		KEY(subject_token_type),
		KEY(token_request),
		KEY(identity_token_reuse),
#undef KEY
	};
	struct private_request how = { .program = "sk-oauth",
				       .places = places,
				       .place_count = sizeof places / sizeof places[0],
				       .take_other = oauth_take_list };
	enum status status;

	*request = (struct oauth_request){ 0 };
	status = private_request_read(&how, text, request, err);
	if (status == STATUS_OK && (!request->operation || !request->timeout_ms))
		return err_set(err, STATUS_INTERNAL, "sk-oauth: its request is incomplete");
	return status;
}

static const struct {
	const char *name;
	oauth_operation *run;
	bool chooses_ports; // it follows URLs that servers name, to any port
} oauth_operations[] = {
	{ "token", token_endpoint_request, false }, { "look", token_endpoint_probe, false },
	{ "revoke", token_endpoint_revoke, false }, { "discover", discovery_run, true },
	{ "libraries", http_libraries, false },	    { "identity-token", actions_token_run, false },
};

static bool oauth_chooses_ports(const struct oauth_request *request)
{
	for (size_t i = 0; i < sizeof oauth_operations / sizeof oauth_operations[0]; i++) {
		if (!strcmp(oauth_operations[i].name, request->operation))
			return oauth_operations[i].chooses_ports;
	}
	return false;
}

static enum status oauth_run(const struct oauth_request *request, struct buf *answer, struct oauth_failure *failure,
			     struct err *err)
{
	for (size_t i = 0; i < sizeof oauth_operations / sizeof oauth_operations[0]; i++) {
		if (!strcmp(oauth_operations[i].name, request->operation))
			return oauth_operations[i].run(request, answer, failure, err);
	}
	return err_set(err, STATUS_INTERNAL, "sk-oauth: no operation '%s'", request->operation);
}

// The port of a URL that is asked, or of the proxy on the way to it. *plain: it is plain http.
static void add_port(struct sandbox *sandbox, const char *text, const char *proxy, bool *plain)
{
	struct url url;

	if (!text || url_parse(&url, text, NULL) != STATUS_OK)
		return;
	*plain = *plain || !url.https;
	proxy = proxy_for(&url, proxy);
	sandbox->ports[sandbox->port_count++] = proxy ? proxy_port(proxy) : url.port;
}

static const char *const closed_port_url = "https://localhost:1";

static struct sandbox_report enter_sandbox(const struct oauth_request *request)
{
	struct sandbox sandbox = { .ca_files = { request->ca_file },
				   .ca_file_count = request->ca_file != NULL,
				   .certificate = request->certificate };
	bool plain = false;

	add_port(&sandbox, request->token_endpoint ? request->token_endpoint : closed_port_url, request->proxy, &plain);
	add_port(&sandbox, request->revocation_endpoint, request->proxy, &plain);
	add_port(&sandbox, request->url, request->proxy, &plain);
	add_port(&sandbox, request->issuer, request->proxy, &plain);
	if (oauth_chooses_ports(request))
		sandbox.port_count = 0;
	if (plain)
		loopback_prepare();
	return sandbox_enter(&sandbox);
}

int main(void)
{
	BUF_AUTO(text, 65536);
	BUF_AUTO(answer, 65536);
	struct oauth_request request;
	struct err err = { STATUS_OK, "" };
	struct oauth_failure failure = { .retry_after = -1 };
	struct sandbox_report walls = { 0 };
	enum status status;

	harden_process();
	harden_runner();
	die_with_parent();
	status = oauth_read_request(&text, &request, &err);
	if (status == STATUS_OK) {
		harden_deadline(62); // the longest timeout there is, and a little
		walls = enter_sandbox(&request);
		json_wipe_memory();
		http_start();
		status = oauth_run(&request, &answer, &failure, &err);
	}
	if (status == STATUS_OK && !buf_ok(&answer))
		status = err_set(&err, STATUS_POLICY, "token endpoint: the answer is too large, or has control characters");
	if (status != STATUS_OK) {
		private_answer_fail(&answer, status, &err); // libcurl may quote what a certificate says
		if (failure.retry_after >= 0)
			wire_put_number(&answer, "retry_after", failure.retry_after);
		if (failure.http_status)
			wire_put_number(&answer, "http_status", failure.http_status);
		wire_put(&answer, "error", oauth_error_code(failure.error));
		wire_put(&answer, "was_sent", failure.was_sent ? "yes" : "no");
	}
	wire_put_number(&answer, "landlock", walls.landlock);
	wire_put(&answer, "seccomp", walls.seccomp ? "yes" : "no");
	return private_answer_send(&answer, &text);
}
