// SPDX-License-Identifier: MIT
// sk-proxy: an HTTP server for programs that must not hold a token, and the HTTPS client that adds it. sk-core starts it with the socket to
// listen on, and answers its questions for tokens. It sees no client secret and no keyring, opens no file but CA certificates and what the
// resolver needs, runs nothing, and connects to the profiles' own servers alone. Not meant to be run by hand.
#include "base/harden.h"
#include "base/text.h"
#include "base/wire.h"
#include "http/loopback.h"
#include "http/proxy.h"
#include "http/sandbox.h"
#include "proxy/proxy.h"

#include <malloc.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>

// What sk-core says at the beginning: what is for all, and then each profile, beginning with "profile=". The strings point into its packet.
struct proxy_settings {
	const char *version;
	struct policy policies[PROXY_ROUTES_MAX];
};

static bool settings_add(const char **list, size_t *count, const char *value)
{
	if (*count == PROXY_ALLOWED_MAX)
		return false;
	list[(*count)++] = value;
	return true;
}

static bool settings_take_of_all(struct proxy *proxy, struct proxy_settings *settings, const struct wire_field *field)
{
	int64_t number = 0;

	if (!strcmp(field->key, "version")) {
		settings->version = field->value;
	} else if (!strcmp(field->key, "prefix")) {
		if (field->value_len >= sizeof proxy->prefix)
			return false;
		memcpy(proxy->prefix, field->value, field->value_len + 1);
		proxy->on_loopback = true;
	} else if (!strcmp(field->key, "origin[]")) {
		return settings_add(proxy->origins, &proxy->origin_count, field->value);
	} else if (!strcmp(field->key, "host[]")) {
		return settings_add(proxy->hosts, &proxy->host_count, field->value);
	} else if (!strcmp(field->key, "uid[]")) {
		if (proxy->uid_count == PROXY_ALLOWED_MAX || !text_to_number(field->value, 0, UINT32_MAX, &number))
			return false;
		proxy->uids[proxy->uid_count++] = (uid_t)number;
	} else if (!strcmp(field->key, "idle")) {
		if (!text_to_number(field->value, 1, INT32_MAX, &number))
			return false;
		proxy->idle_ms = number * 1000;
	}
	return true;
}

static void settings_take_of_profile(struct proxy *proxy, struct proxy_settings *settings, const struct wire_field *field)
{
	struct policy *policy = &settings->policies[proxy->count - 1];

	if (!strcmp(field->key, "url"))
		policy->url = proxy->routes[proxy->count - 1].url = field->value;
	else if (!strcmp(field->key, "ca_file"))
		policy->ca_file = field->value;
	else if (!strcmp(field->key, "ca_file_sha256"))
		policy->ca_sha256 = field->value;
	else if (!strcmp(field->key, "proxy"))
		policy->proxy = field->value;
}

static bool settings_read(struct buf *packet, struct proxy *proxy, struct proxy_settings *settings)
{
	struct wire_field field;
	struct wire wire;
	bool good = true;

	if (!core_wait(packet))
		return false;
	wire = wire_message(packet->data, packet->len);
	while (good && wire_next(&wire, &field, NULL) == WIRE_FIELD) {
		if (!strcmp(field.key, "profile")) {
			good = proxy->count < PROXY_ROUTES_MAX;
			if (good)
				proxy->routes[proxy->count++].name = field.value;
		} else if (proxy->count) {
			settings_take_of_profile(proxy, settings, &field);
		} else {
			good = settings_take_of_all(proxy, settings, &field);
		}
	}
	for (size_t i = 0; i < proxy->count; i++)
		good = good && proxy->routes[i].url &&
		       url_parse(&proxy->routes[i].base, proxy->routes[i].url, NULL) == STATUS_OK;
	return good && proxy->count && wire_is_our_version(settings->version);
}

// Which files and ports the servers need. More ports than there is room for are all of them.
static void proxy_enter_sandbox(const struct proxy *proxy)
{
	struct sandbox sandbox = { .serves = true };
	bool any_port = false;

	for (size_t i = 0; i < proxy->count; i++) {
		const struct policy *policy = &proxy->upstreams[i].policy;
		const char *way = proxy_for(&policy->target, policy->proxy);

		if (policy->ca_file && sandbox.ca_file_count < SANDBOX_CA_FILES_MAX)
			sandbox.ca_files[sandbox.ca_file_count++] = policy->ca_file;
		if (sandbox.port_count < SANDBOX_PORTS_MAX)
			sandbox.ports[sandbox.port_count++] = way ? proxy_port(way) : policy->target.port;
		else
			any_port = true;
		if (!policy->target.https)
			loopback_prepare();
	}
	sandbox.port_count = any_port ? 0 : sandbox.port_count;
	(void)sandbox_enter(&sandbox);
}

static bool proxy_begin_upstreams(struct proxy *proxy, const struct proxy_settings *settings, struct err *err)
{
	for (size_t i = 0; i < proxy->count; i++) {
		struct upstream *upstream = &proxy->upstreams[i];

		if (upstream_begin(upstream, proxy->routes[i].name, &settings->policies[i], i ? &proxy->upstreams[0] : NULL,
				   err) != STATUS_OK)
			return false;
		upstream->plain = true;
	}
	return true;
}

int main(void)
{
	BUF_AUTO(packet, WIRE_PACKET_MAX);
	static struct proxy_settings settings;
	struct err err = { STATUS_OK, "" };
	static struct proxy proxy;
	int signal_fd;

	harden_process_but(PROXY_LISTENER_FD);
	harden_runner();
	harden_open_files();
	// large bodies come and go (mallopt(3))
	mallopt(M_MMAP_THRESHOLD, 131072);
	mallopt(M_TRIM_THRESHOLD, 262144);
	signal_fd = harden_take_signals();
	prctl(PR_SET_PDEATHSIG, SIGTERM, 0, 0, 0);
	if (signal_fd < 0 || !settings_read(&packet, &proxy, &settings))
		return 2;
	srandom((unsigned)time(NULL));
	if (!proxy_begin_upstreams(&proxy, &settings, &err)) {
		core_notice(err.text);
		return 3;
	}
	if (!proxy_begin(&proxy))
		return 2;
	proxy_enter_sandbox(&proxy);
	proxy_run(&proxy, signal_fd);
#ifdef SK_SANITIZE // where leaks are looked for
	proxy_free(&proxy);
#else
	for (size_t i = 0; i < proxy.count; i++)
		token_source_free(&proxy.upstreams[i].tokens);
#endif
	buf_free(&packet);
	wire_exit(0);
}
