// SPDX-License-Identifier: MIT
// bridge: runs sk-bridge between an MCP client and the server at a profile's URL, and stays behind as the one who answers its questions
// for tokens, prints what a person must know, and ends with the client.
#include "base/clock.h"
#include "base/harden.h"
#include "base/subprocess.h"
#include "base/text.h"
#include "base/wire.h"
#include "core/ask-oauth.h"
#include "core/broker.h"
#include "core/commands.h"
#include "core/notice.h"
#include "core/trust.h"
#include "model/profile-dir.h"
#include "model/request.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define KILL_AFTER_MS	 1000 // of an sk-bridge that does not end by itself
#define SECOND_SIGNAL_MS 200

const struct option bridge_options[] = {
	{ "--url", "URL", "the server, where the profile has several, or no name is given" },
	{ "--sse", NULL, "the server speaks the HTTP+SSE transport of MCP 2024-11-05" },
	{ NULL, NULL, NULL },
};

struct bridge_call {
	struct request request;
	bool sse;
};

static enum status bridge_take_word(void *context, const char *option, const char *value, struct err *err)
{
	struct bridge_call *call = context;

	if (option && !strcmp(option, "--sse")) {
		call->sse = true;
		return STATUS_OK;
	}
	if (!*value)
		return err_set(err, STATUS_USAGE, "bridge: the name or URL is empty: is a variable not set?");
	if (option) {
		request_set_url(&call->request, value);
		return request_check_url(&call->request, err);
	}
	if (call->request.profile)
		return err_set(err, STATUS_USAGE, "bridge takes the name of one profile, not also '%s'", value);
	call->request.profile = value;
	return STATUS_OK;
}

// The URL that is asked: the one given, or the profile's only one.
static enum status bridge_choose_url(const struct request *request, const struct profile *profile, const char **url,
				     struct err *err)
{
	*url = request->url ? request->url : profile->urls[0];
	if (request->url || profile->url_count == 1)
		return STATUS_OK;
	if (profile->url_count == 0)
		return err_set(err, STATUS_USAGE, "profile '%s' has no url: 'sk-helper set %s --url URL' gives it one",
			       profile->name, profile->name);
	return err_set(err, STATUS_USAGE, "profile '%s' has several urls: say which one with --url, such as --url %.*s",
		       profile->name, url_shown(profile->urls[0]), profile->urls[0]);
}

static enum status bridge_find_server(const struct request *request, struct buf *text, struct profile *profile,
				      const char **url, char ca_file_sha256[SHA256_HEX_SIZE], struct err *err)
{
	enum status status = profile_dir_for(request, text, profile, NULL, err);

	if (status == STATUS_OK)
		status = trust_profile_place(profile, err);
	if (status == STATUS_OK)
		status = bridge_choose_url(request, profile, url, err);
	return status == STATUS_OK ? trust_ca_file(profile, ca_file_sha256, err) : status;
}

// --- sk-bridge

static bool bridge_send_settings(int socket, const struct profile *profile, const char *url, const char *ca_file_sha256,
				 bool sse, const char *problem)
{
	BUF_AUTO(packet, WIRE_PACKET_MAX);

	buf_adds(&packet, WIRE_VERSION);
	wire_put(&packet, "profile", *profile->name ? profile->name : "-");
	wire_put(&packet, "url", url);
	wire_put(&packet, "ca_file", profile->ca_file);
	wire_put(&packet, "ca_file_sha256", ca_file_sha256);
	wire_put(&packet, "proxy", profile->proxy);
	wire_put(&packet, "sse", sse ? "yes" : NULL);
	wire_put(&packet, "problem", problem);
	return buf_ok(&packet) && send(socket, packet.data, packet.len, MSG_NOSIGNAL) == (ssize_t)packet.len;
}

// Standard input and output are sk-bridge's now: the client must see them end when it ends.
static void give_streams_away(void)
{
	int fd = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (fd < 0)
		return;
	(void)dup2(fd, STDIN_FILENO);
	(void)dup2(fd, STDOUT_FILENO);
	close(fd);
}

// A signal goes on to sk-bridge, which ends the session; a second one, if it does not follow at once, kills it.
static void pass_signal_on(int signal_fd, pid_t bridge, int64_t *told_at)
{
	struct signalfd_siginfo info;
	int64_t now = clock_now().boot;

	if (read(signal_fd, &info, sizeof info) <= 0)
		return;
	kill(bridge, *told_at && now - *told_at > SECOND_SIGNAL_MS ? SIGKILL : SIGTERM);
	*told_at = *told_at ? *told_at : now;
}

enum { FD_SIGNAL, FD_PARENT, FD_BROKER, FDS = FD_BROKER + BROKER_FDS };

// Until sk-bridge is gone, or has been told to end and does not. When whoever started us ends, so do we: not every client closes our
// input, and not every one sends a signal. A signal at the parent's death (prctl(2), PR_SET_PDEATHSIG) would come when the thread ends
// that started us.
// True when it was told to.
static bool bridge_serve(struct broker *broker, int signal_fd, pid_t bridge)
{
	int parent_fd = (int)syscall(SYS_pidfd_open, getppid(), 0);
	int64_t told_at = 0; // CLOCK_BOOTTIME in ms: to end
	struct pollfd fds[FDS];
	bool goes_on = true;

	while (goes_on && !(told_at && clock_now().boot >= told_at + KILL_AFTER_MS)) {
		fds[FD_SIGNAL] = (struct pollfd){ .fd = signal_fd, .events = POLLIN };
		fds[FD_PARENT] = (struct pollfd){ .fd = parent_fd, .events = POLLIN };
		broker_fill(broker, fds + FD_BROKER);
		(void)poll(fds, FDS, told_at ? (int)(told_at + KILL_AFTER_MS - clock_now().boot) : -1);
		if (fds[FD_SIGNAL].revents)
			pass_signal_on(signal_fd, bridge, &told_at);
		if (fds[FD_PARENT].revents) {
			close(parent_fd);
			parent_fd = -1;
			told_at = told_at ? told_at : clock_now().boot;
			kill(bridge, SIGTERM);
		}
		goes_on = broker_step(broker, fds + FD_BROKER);
	}
	if (parent_fd >= 0)
		close(parent_fd);
	return told_at > 0;
}

// It has closed its end, or did not end in time: then it is killed.
static enum status bridge_wait_for_end(pid_t bridge, bool told, struct err *err)
{
	int bridge_fd = (int)syscall(SYS_pidfd_open, bridge, 0), how = 0;

	if (bridge_fd >= 0 && poll(&(struct pollfd){ .fd = bridge_fd, .events = POLLIN }, 1, KILL_AFTER_MS) != 1)
		kill(bridge, SIGKILL);
	while (waitpid(bridge, &how, 0) < 0 && errno == EINTR)
		;
	if (told || (WIFEXITED(how) && WEXITSTATUS(how) == 0))
		return STATUS_OK;
	if (WIFEXITED(how) && WEXITSTATUS(how) == 1)
		return err_set(err, STATUS_INTERNAL, "not all of the responses could be written");
	return err_set(err, STATUS_INTERNAL, "sk-bridge, the process that carries the messages, ended unexpectedly (%s %d)",
		       WIFEXITED(how) ? "status" : "signal", WIFEXITED(how) ? WEXITSTATUS(how) : WTERMSIG(how));
}

static enum status bridge_run(const struct profile *profile, const char *url, const char *ca_file_sha256, bool sse,
			      const char *problem, struct err *err)
{
	const struct subprocess what = { .program = "sk-bridge", .environment = oauth_environment, .setting = OAUTH_SETTING };
	int signal_fd = harden_take_signals(), socket = -1;
	struct broker broker;
	enum status status;
	bool told = false;
	pid_t bridge = 0;

	status = subprocess_start_with_socket(&what, -1, &bridge, &socket, err);
	if (status != STATUS_OK)
		return status;
	give_streams_away();
	broker_begin(&broker, "bridge", socket);
	broker_add(&broker, *profile->name ? profile->name : "-", url);
	if (bridge_send_settings(socket, profile, url, ca_file_sha256, sse, problem))
		told = bridge_serve(&broker, signal_fd, bridge);
	broker_end(&broker);
	return bridge_wait_for_end(bridge, told, err);
}

// Printed here, because nobody may read it, and it must not be waited for.
static enum status bridge_print_error(enum status status, struct err *err)
{
	if (status != STATUS_OK)
		notice_print("bridge", err->text);
	err->text[0] = '\0';
	return status;
}

enum status command_bridge(char **args, struct err *err)
{
	const struct options options = { "bridge", bridge_options, false };
	char ca_file_sha256[SHA256_HEX_SIZE] = "";
	BUF_AUTO(text, PROFILE_TEXT_MAX);
	struct bridge_call call = { .request.usage = "bridge NAME" };
	struct profile profile = { 0 };
	const char *url = NULL;
	struct err ignored;
	enum status status = options_parse(&options, &args, bridge_take_word, &call, err);

	if (status != STATUS_OK)
		return status;
	status = bridge_find_server(&call.request, &text, &profile, &url, ca_file_sha256, err);
	if (status == STATUS_OK && isatty(STDIN_FILENO)) {
		err_set(&ignored, STATUS_OK,
			"bridge: standard input is a terminal, but MCP clients start this command ('sk-helper hook' shows how): it reads JSON-RPC "
			"messages now, one a line; Ctrl-D ends it");
		warn(&ignored);
	}
	if (status == STATUS_OK)
		return bridge_print_error(bridge_run(&profile, url, ca_file_sha256, call.sse, NULL, err), err);
	// A client shows "connection closed" for a server that ends, and the message of one that answers.
	if (!isatty(STDIN_FILENO))
		(void)bridge_run(&profile, NULL, NULL, false, err->text, &ignored);
	return bridge_print_error(status, err);
}
