// SPDX-License-Identifier: MIT
// proxy: runs sk-proxy, an HTTP server for programs that must not hold a token, and stays behind as the one who answers its questions for
// tokens. The socket that it listens on is made here.
#include "base/clock.h"
#include "base/confine.h"
#include "base/harden.h"
#include "base/subprocess.h"
#include "base/text.h"
#include "base/wire.h"
#include "core/ask-oauth.h"
#include "core/broker.h"
#include "core/commands.h"
#include "core/server-options.h"
#include "core/server-socket.h"
#include "core/serving.h"
#include "core/trust.h"
#include "model/profile-dir.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define ALLOWED_MAX	  15 // of each kind
#define SECRET_BYTES	  16
#define KILL_AFTER_MS	  1000
#define PROXY_PREFIX_SIZE (2 * SECRET_BYTES + 2)

const struct option proxy_options[] = {
	SERVER_OPTIONS,
	{ "--listen", "127.0.0.1:PORT", "listen on loopback instead, behind a secret path" },
	{ "--url", "URL", "which url, of a profile that has several; may be repeated" },
	{ "--allow-origin", "ORIGIN", "a page that may ask from a browser; may be repeated" },
	{ "--allow-host", "NAME", "another name of this proxy in Host headers; may be repeated" },
	{ NULL, NULL, NULL },
};

_Static_assert(SERVER_PROFILES_MAX <= BROKER_PROFILES_MAX, "the broker has room for all profiles that are served");

struct proxy_call {
	struct server_options server;
	const char *listen;
	const char *urls[ALLOWED_MAX], *origins[ALLOWED_MAX], *hosts[ALLOWED_MAX];
	size_t url_count, origin_count, host_count;
};

static enum status proxy_add(const char **list, size_t *count, const char *option, const char *value, struct err *err)
{
	if (!*value || !text_is_graphic(value))
		return err_set(err, STATUS_USAGE, "%s: it is empty, or has a blank in it", option);
	if (*count == ALLOWED_MAX)
		return err_set(err, STATUS_USAGE, "%s: given more than %d times", option, ALLOWED_MAX);
	list[(*count)++] = value;
	return STATUS_OK;
}

// As browsers send it: scheme, host and port, and no path.
static bool proxy_origin_ok(const char *text)
{
	struct url url;

	return url_parse(&url, text, NULL) == STATUS_OK && url.path_len == 0 && !url.has_query;
}

static enum status proxy_take_word(void *context, const char *option, const char *value, struct err *err)
{
	struct proxy_call *call = context;
	enum status status = server_options_take(&call->server, "proxy", option, value, err);

	if (status != STATUS_NOT_FOUND)
		return status;
	if (!strcmp(option, "--listen")) {
		call->listen = value;
		return STATUS_OK;
	}
	if (!strcmp(option, "--allow-origin") && !proxy_origin_ok(value))
		return err_set(err, STATUS_USAGE, "--allow-origin: '%.100s' is not an origin, such as https://app.example.com",
			       value);
	if (!strcmp(option, "--allow-host") && (!*value || strpbrk(value, ":/?#@")))
		return err_set(err, STATUS_USAGE, "--allow-host: '%.100s' is not the name of a host, without a port", value);
	if (!strcmp(option, "--url"))
		return proxy_add(call->urls, &call->url_count, option, value, err);
	if (!strcmp(option, "--allow-origin"))
		return proxy_add(call->origins, &call->origin_count, option, value, err);
	return proxy_add(call->hosts, &call->host_count, option, value, err);
}

// --- what sk-proxy is told

// The profile's URL that is served: its only one, or the one that --url names.
static enum status proxy_choose_url(const struct proxy_call *call, const struct profile *profile, const char **url,
				    struct err *err)
{
	*url = NULL;
	if (profile->url_count == 0)
		return err_set(err, STATUS_USAGE, "profile '%s' has no url: 'sk-helper set %s --url URL' gives it one",
			       profile->name, profile->name);
	for (size_t i = 0; i < call->url_count; i++) {
		struct url wanted;

		if (url_parse(&wanted, call->urls[i], NULL) == STATUS_OK && profile_covers(profile, &wanted))
			*url = call->urls[i];
	}
	if (*url || profile->url_count == 1) {
		*url = *url ? *url : profile->urls[0];
		return STATUS_OK;
	}
	return err_set(err, STATUS_USAGE, "profile '%s' has several urls: say which one with --url, such as --url %.*s",
		       profile->name, url_shown(profile->urls[0]), profile->urls[0]);
}

// A served profile's lines, in settings.
static enum status proxy_put_profile(const struct proxy_call *call, const char *name, struct buf *text, struct profile *profile,
				     const char **url, struct buf *settings, struct err *err)
{
	char ca_file_sha256[SHA256_HEX_SIZE] = "";
	enum status status = profile_dir_load(name, text, profile, err);

	if (status == STATUS_OK)
		status = trust_profile_place(profile, err);
	if (status == STATUS_OK)
		status = proxy_choose_url(call, profile, url, err);
	if (status == STATUS_OK)
		status = trust_ca_file(profile, ca_file_sha256, err);
	if (status != STATUS_OK)
		return status;
	wire_put(settings, "profile", profile->name);
	wire_put(settings, "url", *url);
	wire_put(settings, "ca_file", profile->ca_file);
	wire_put(settings, "ca_file_sha256", ca_file_sha256);
	wire_put(settings, "proxy", profile->proxy);
	return STATUS_OK;
}

static void proxy_put_all(const struct proxy_call *call, const char *prefix, struct buf *settings)
{
	buf_adds(settings, WIRE_VERSION);
	wire_put(settings, "prefix", prefix);
	for (size_t i = 0; i < call->origin_count; i++)
		wire_put(settings, "origin[]", call->origins[i]);
	for (size_t i = 0; i < call->host_count; i++)
		wire_put(settings, "host[]", call->hosts[i]);
	for (size_t i = 0; i < call->server.uid_count; i++)
		wire_put_number(settings, "uid[]", call->server.uids[i]);
	if (call->server.idle)
		wire_put_number(settings, "idle", call->server.idle);
}

// --- the socket

// Every account of this machine can connect to loopback: so there is a path that only we know.
static bool proxy_make_prefix(char prefix[PROXY_PREFIX_SIZE])
{
	unsigned char bytes[SECRET_BYTES];

	if (getrandom(bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes)
		return false;
	prefix[0] = '/';
	for (size_t i = 0; i < sizeof bytes; i++)
		(void)snprintf(prefix + 1 + 2 * i, 3, "%02x", bytes[i]);
	return true;
}

static enum status proxy_open(struct proxy_call *call, struct server_socket *server, char prefix[PROXY_PREFIX_SIZE],
			      struct err *err)
{
	enum status status;

	prefix[0] = '\0';
	if (!call->listen)
		return server_options_open(&call->server, "proxy", server, err);
	*server = (struct server_socket){ .fd = -1 };
	if (call->server.socket)
		return err_set(err, STATUS_USAGE, "proxy: --socket and --listen cannot be used together");
	if (call->server.uid_count)
		return err_set(err, STATUS_USAGE,
			       "proxy: --allow-uid is for --socket: on loopback, it is the path that is secret");
	status = server_socket_listen_on(server, call->listen, err);
	if (status == STATUS_OK && !proxy_make_prefix(prefix))
		status = err_set(err, STATUS_INTERNAL, "no random numbers");
	return status;
}

// The host and port that are listened on, as a URL has them.
static int proxy_shown_host(const char *listen)
{
	return (int)(strrchr(listen, ':') - listen);
}

// Where to send requests: once, for whoever started us.
static void proxy_print_urls(const struct proxy_call *call, const struct server_socket *server, const char *prefix)
{
	for (size_t i = 0; i < call->server.name_count; i++) {
		if (server->port)
			printf("%s: http://%.*s:%u%s/%s\n", call->server.names[i], proxy_shown_host(call->listen), call->listen,
			       server->port, prefix, call->server.names[i]);
		else
			printf("%s: http://localhost/%s at %s\n", call->server.names[i], call->server.names[i], server->path);
	}
	(void)fflush(stdout);
}

// --- serving

// True when it had to be killed.
static bool proxy_serve(struct broker *broker, struct serving *serving, int signal_fd, pid_t proxy)
{
	struct pollfd fds[1 + BROKER_FDS];
	int64_t told_at = 0;
	bool goes_on = true;

	while (goes_on && !(told_at && clock_now().boot >= told_at + KILL_AFTER_MS)) {
		struct signalfd_siginfo info;

		fds[0] = (struct pollfd){ .fd = signal_fd, .events = POLLIN };
		broker_fill(broker, fds + 1);
		if (poll(fds, 2 + broker->count * QUESTION_FDS, told_at ? KILL_AFTER_MS : -1) < 0 && errno != EINTR)
			break;
		if (fds[0].revents && read(signal_fd, &info, sizeof info) > 0) {
			told_at = told_at ? told_at : clock_now().boot;
			kill(proxy, SIGTERM);
		}
		goes_on = broker_step(broker, fds + 1);
		if (broker->used_at > serving->used_at)
			serving_note_use(serving);
	}
	if (goes_on)
		kill(proxy, SIGKILL);
	return goes_on;
}

static enum status proxy_wait_for_end(pid_t proxy, bool killed, struct err *err)
{
	int how = 0;

	while (waitpid(proxy, &how, 0) < 0 && errno == EINTR)
		;
	if ((WIFEXITED(how) && WEXITSTATUS(how) == 0) || killed)
		return STATUS_OK;
	return err_set(err, STATUS_INTERNAL, "sk-proxy, the process that carries the requests, ended unexpectedly (%s %d)",
		       WIFEXITED(how) ? "status" : "signal", WIFEXITED(how) ? WEXITSTATUS(how) : WTERMSIG(how));
}

struct proxy_profiles {
	struct buf text[SERVER_PROFILES_MAX];
	struct profile profile[SERVER_PROFILES_MAX];
	const char *url[SERVER_PROFILES_MAX];
};

static enum status proxy_run(const struct proxy_call *call, const struct proxy_profiles *profiles,
			     const struct server_socket *server, const struct buf *settings, int signal_fd, struct err *err)
{
	const struct subprocess what = { .program = "sk-proxy", .environment = oauth_environment, .setting = OAUTH_SETTING };
	int socket = -1;
	static struct broker broker;
	struct serving serving;
	enum status status;
	bool killed = false;
	pid_t proxy = 0;

	status = subprocess_start_with_socket(&what, server->fd, &proxy, &socket, err);
	if (status != STATUS_OK)
		return status;
	broker_begin(&broker, "proxy", socket);
	for (size_t i = 0; i < call->server.name_count; i++)
		broker_add(&broker, call->server.names[i], profiles->url[i]);
	serving_begin(&serving, "proxy", &call->server, server);
	if (send(socket, settings->data, settings->len, MSG_NOSIGNAL) == (ssize_t)settings->len)
		killed = proxy_serve(&broker, &serving, signal_fd, proxy);
	broker_end(&broker);
	serving_end(&serving);
	return proxy_wait_for_end(proxy, killed, err);
}

// Each --url is for one of the profiles.
static enum status proxy_check_urls(const struct proxy_call *call, const struct proxy_profiles *profiles, struct err *err)
{
	for (size_t i = 0; i < call->url_count; i++) {
		bool used = false;

		for (size_t j = 0; j < call->server.name_count; j++)
			used = used || profiles->url[j] == call->urls[i];
		if (!used)
			return err_set(
				err, STATUS_POLICY,
				"proxy: --url '%.*s' is covered by no profile, or there is another --url for its profile",
				url_shown(call->urls[i]), call->urls[i]);
	}
	return STATUS_OK;
}

enum status command_proxy(char **args, struct err *err)
{
	const struct options parser = { "proxy", proxy_options, false };
	static struct proxy_profiles profiles;
	char prefix[PROXY_PREFIX_SIZE] = "";
	BUF_AUTO(settings, WIRE_PACKET_MAX);
	struct server_socket server = { .fd = -1 };
	static struct proxy_call call;
	bool returns = false;
	int signal_fd;
	BUF_AUTO(lines, WIRE_PACKET_MAX);
	enum status status = options_parse(&parser, &args, proxy_take_word, &call, err);

	if (status == STATUS_OK)
		status = server_options_check(&call.server, "proxy", err);
	for (size_t i = 0; status == STATUS_OK && i < call.server.name_count; i++) {
		profiles.text[i] = (struct buf)BUF_INIT(PROFILE_TEXT_MAX);
		status = proxy_put_profile(&call, call.server.names[i], &profiles.text[i], &profiles.profile[i],
					   &profiles.url[i], &lines, err);
	}
	// a signal that comes from now on takes the socket away
	signal_fd = harden_take_signals();
	if (status == STATUS_OK && signal_fd < 0)
		status = err_set(err, STATUS_INTERNAL, "proxy: signals cannot be read");
	harden_open_files();
	if (status == STATUS_OK)
		status = proxy_check_urls(&call, &profiles, err);
	if (status == STATUS_OK)
		status = proxy_open(&call, &server, prefix, err);
	if (status == STATUS_OK) {
		confine_listening_ends();
		proxy_put_all(&call, prefix, &settings);
		buf_add(&settings, lines.data, lines.len);
		proxy_print_urls(&call, &server, prefix);
		status = buf_ok(&lines) && buf_ok(&settings) ? server_options_go_on(&call.server, &returns, err) :
							       err_set(err, STATUS_USAGE, "proxy: what it is told is too long");
	}
	if (status == STATUS_OK && !returns)
		status = proxy_run(&call, &profiles, &server, &settings, signal_fd, err);
	if (!returns)
		server_socket_close(&server);
	for (size_t i = 0; i < call.server.name_count; i++)
		buf_free(&profiles.text[i]);
	return status;
}
