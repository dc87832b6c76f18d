// SPDX-License-Identifier: MIT
// sk-bridge: an MCP client on standard input and output, an MCP server over HTTPS, and the token that the client does not have. sk-core
// starts it, and answers its questions for tokens. It sees no client secret and no keyring, opens no file but CA certificates and what
// the resolver needs, runs nothing, and does not outlive its client. Not meant to be run by hand.
#include "base/harden.h"
#include "base/text.h"
#include "base/wire.h"
#include "bridge/bridge.h"
#include "http/loopback.h"
#include "http/proxy.h"
#include "http/sandbox.h"

#include <malloc.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

// What sk-core says at the beginning. The strings point into its packet.
struct bridge_settings {
	const char *version, *profile, *url, *ca_file, *ca_file_sha256, *proxy, *sse, *problem;
};

static bool settings_read(struct buf *packet, struct bridge_settings *settings)
{
	static const struct {
		const char *key;
		size_t offset;
	} keys[] = {
#define KEY(member) { #member, offsetof(struct bridge_settings, member) }
		KEY(version), KEY(profile), KEY(url), KEY(ca_file), KEY(ca_file_sha256), KEY(proxy), KEY(sse), KEY(problem),
#undef KEY
	};
	struct wire_field field;
	struct wire wire;

	*settings = (struct bridge_settings){ 0 };
	if (!core_wait(packet))
		return false;
	wire = wire_message(packet->data, packet->len);
	while (wire_next(&wire, &field, NULL) == WIRE_FIELD) {
		for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
			if (!strcmp(field.key, keys[i].key))
				*(const char **)((char *)settings + keys[i].offset) = field.value;
		}
	}
	return wire_is_our_version(settings->version) && settings->profile && (settings->url || settings->problem);
}

static void bridge_enter_sandbox(const struct upstream *upstream)
{
	const char *proxy = proxy_for(&upstream->policy.target, upstream->policy.proxy);
	struct sandbox sandbox = { .ca_files = { upstream->policy.ca_file },
				   .ca_file_count = upstream->policy.ca_file != NULL,
				   .port_count = 1 };

	sandbox.ports[0] = proxy ? proxy_port(proxy) : upstream->policy.target.port;
	if (!upstream->policy.target.https)
		loopback_prepare();
	(void)sandbox_enter(&sandbox);
}

// Large messages come and go: their memory is given back, however many there were before (mallopt(3): a threshold that is set does not
// grow by itself).
static void keep_memory_small(void)
{
	mallopt(M_MMAP_THRESHOLD, 131072);
	mallopt(M_TRIM_THRESHOLD, 262144);
}

int main(void)
{
	BUF_AUTO(packet, WIRE_PACKET_MAX);
	struct bridge_settings settings;
	static struct bridge bridge;
	struct err err = { STATUS_OK, "" };
	struct policy policy = { 0 };
	int signal_fd;
	bool good;

	harden_process_but(CORE_FD);
	harden_runner();
	keep_memory_small();
	signal_fd = harden_take_signals();
	prctl(PR_SET_PDEATHSIG, SIGTERM, 0, 0, 0); // read like the others: the session is ended
	if (signal_fd < 0 || !settings_read(&packet, &settings))
		return 2;
	srandom((unsigned)time(NULL) ^ (unsigned)getpid());
	bridge = (struct bridge){ .profile = settings.profile, .problem = settings.problem, .sse = settings.sse != NULL };
	policy.url = settings.url;
	policy.ca_file = settings.ca_file;
	policy.ca_sha256 = settings.ca_file_sha256;
	policy.proxy = settings.proxy;
	if (!bridge.problem && upstream_begin(&bridge.upstream, settings.profile, &policy, NULL, &err) != STATUS_OK)
		bridge.problem = err.text;
	if (!bridge.problem)
		bridge_enter_sandbox(&bridge.upstream);
	good = bridge_run(&bridge, signal_fd);
#ifdef SK_SANITIZE
	if (bridge.upstream.multi)
		upstream_free(&bridge.upstream);
#endif
	token_source_free(&bridge.upstream.tokens);
	buf_free(&packet);
	wire_exit(good ? 0 : 1);
}
