// SPDX-License-Identifier: MIT
#include "core/ssh-agent.h"

#include "base/clock.h"
#include "base/debug.h"
#include "base/peer.h"
#include "base/text.h"
#include "model/ssh-key.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define AGENT_VARIABLE	  "SSH_AUTH_SOCK"
#define AGENT_MESSAGE_MAX (256 * 1024) // OpenSSH's own bound

enum { AGENT_FAILURE = 5, AGENT_LIST = 11, AGENT_LISTED = 12, AGENT_SIGN = 13, AGENT_SIGNED = 14 };

struct agent {
	const struct profile *profile;
	const char *path; // of its socket
	int fd;		  // -1: not connected
	int64_t end;	  // CLOCK_BOOTTIME in ms: it is not waited for any longer
	struct buf answer;
};

#define AGENT_AUTO(name, the_profile)                                                                                          \
	__attribute__((cleanup(agent_close))) struct agent name = { .profile = (the_profile),                                  \
								    .fd = -1,                                                  \
								    .answer = BUF_INIT(AGENT_MESSAGE_MAX) }

static void agent_close(struct agent *agent)
{
	if (agent->fd >= 0)
		close(agent->fd);
	buf_free(&agent->answer);
}

// --- the connection

static enum status agent_find(struct agent *agent, struct err *err)
{
	agent->path = agent->profile->ssh_agent_socket ? agent->profile->ssh_agent_socket : getenv(AGENT_VARIABLE);
	if (!agent->path || !*agent->path)
		return err_set(err, STATUS_NOT_FOUND,
			       "there is none: " AGENT_VARIABLE
			       " is not set. Start one ('eval $(ssh-agent)', 'ssh-add FILE'), or name its "
			       "socket in the profile: --ssh-agent-socket PATH (of 'sk-helper add' or 'set')");
	if (agent->path[0] != '/')
		return err_set(err, STATUS_POLICY, "'%.200s' is not an absolute path (" AGENT_VARIABLE ")", agent->path);
	return STATUS_OK;
}

// Another user's would learn who we are, and could sign as nobody that we know.
static enum status agent_check_owner(const struct agent *agent, struct err *err)
{
	const uid_t root = 0;
	uid_t uid;

	if (peer_is_allowed(agent->fd, &root, 1, &uid))
		return STATUS_OK;
	return err_set(err, STATUS_POLICY, "what listens at '%.200s' belongs to user %d: nothing was sent to it", agent->path,
		       (int)uid);
}

static enum status agent_connect(struct agent *agent, struct err *err)
{
	const struct timespec pause = { 0, 50000000 };
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	enum status status = agent_find(agent, err);

	errno = 0;
	if (status != STATUS_OK)
		return status;
	if (strlen(agent->path) >= sizeof address.sun_path)
		return err_set(err, STATUS_USAGE, "'%.200s': the path of a socket has at most %zu bytes", agent->path,
			       sizeof address.sun_path - 1);
	memcpy(address.sun_path, agent->path, strlen(agent->path) + 1);
	// one that is frozen, and has many waiting, would make connect(2) wait
	agent->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	while (agent->fd >= 0 && connect(agent->fd, (const struct sockaddr *)&address, sizeof address) < 0) {
		if (errno != EAGAIN || clock_now().boot >= agent->end)
			break;
		(void)nanosleep(&pause, NULL);
		errno = 0;
	}
	if (agent->fd >= 0 && errno == 0)
		return agent_check_owner(agent, err);
	if (errno == EAGAIN)
		return err_set(err, STATUS_TEMPORARY, "it does not answer at '%.200s', where others are waiting, too",
			       agent->path);
	return err_set(err, STATUS_NOT_FOUND, "it cannot be reached at '%.200s': %s: is it still running?", agent->path,
		       strerror(errno));
}

static enum status agent_wait(const struct agent *agent, short events, struct err *err)
{
	struct pollfd fd = { .fd = agent->fd, .events = events };
	int64_t left;

	while ((left = agent->end - clock_now().boot) > 0) {
		int found = poll(&fd, 1, (int)left);

		if (found > 0)
			return STATUS_OK;
		if (found < 0 && errno != EINTR)
			break;
	}
	return err_set(
		err, STATUS_TEMPORARY,
		"it did not answer within %lld s: does it ask for confirmation (ssh-add -c, a security key's button), or hang? --secret-timeout SECONDS (of 'sk-helper add' or 'set') gives it more time",
		(long long)profile_secret_timeout(agent->profile));
}

static enum status agent_broken(const struct agent *agent, struct err *err)
{
	return err_set(err, STATUS_UNAVAILABLE, "what answers at '%.200s' is no ssh-agent, or it has closed the connection",
		       agent->path);
}

static enum status agent_send(const struct agent *agent, const struct buf *message, struct err *err)
{
	for (size_t done = 0; done < message->len;) {
		ssize_t sent = send(agent->fd, message->data + done, message->len - done, MSG_NOSIGNAL);
		enum status status = STATUS_OK;

		if (sent > 0)
			done += (size_t)sent;
		else if (errno == EAGAIN)
			status = agent_wait(agent, POLLOUT, err);
		else if (errno != EINTR)
			status = agent_broken(agent, err);
		if (status != STATUS_OK)
			return status;
	}
	return STATUS_OK;
}

static enum status agent_receive(struct agent *agent, size_t size, struct err *err)
{
	buf_reset(&agent->answer);
	while (agent->answer.len < size) {
		size_t room;
		char *data = buf_reserve(&agent->answer, size - agent->answer.len, &room);
		ssize_t got;
		enum status status;

		if (!data)
			return err_set(err, STATUS_INTERNAL, "no memory");
		got = recv(agent->fd, data, room < size - agent->answer.len ? room : size - agent->answer.len, 0);
		if (got > 0)
			buf_extend(&agent->answer, (size_t)got);
		if (got > 0 || (got < 0 && errno == EINTR))
			continue;
		if (got == 0 || errno != EAGAIN)
			return agent_broken(agent, err);
		status = agent_wait(agent, POLLIN, err);
		if (status != STATUS_OK)
			return status;
	}
	return STATUS_OK;
}

// Sends a message, and reads the answer to it: its kind, and the rest of it.
static enum status agent_ask(struct agent *agent, const struct buf *message, unsigned char *kind, struct ssh_reader *answer,
			     struct err *err)
{
	BUF_AUTO(frame, AGENT_MESSAGE_MAX);
	struct ssh_reader size;
	enum status status;
	uint32_t len = 0;

	ssh_put_string(&frame, message->data, message->len);
	if (!buf_ok(&frame) || !buf_ok(message))
		return err_set(err, STATUS_INTERNAL, "the request is too long");
	status = agent_send(agent, &frame, err);
	if (status == STATUS_OK)
		status = agent_receive(agent, 4, err);
	if (status != STATUS_OK)
		return status;
	size = (struct ssh_reader){ (const unsigned char *)agent->answer.data, agent->answer.len, false };
	len = ssh_read_number(&size);
	if (len == 0 || len > AGENT_MESSAGE_MAX)
		return agent_broken(agent, err);
	status = agent_receive(agent, len, err);
	if (status != STATUS_OK)
		return status;
	*answer = (struct ssh_reader){ (const unsigned char *)agent->answer.data, agent->answer.len, false };
	*kind = ssh_read_byte(answer);
	return STATUS_OK;
}

// --- the key

static enum status agent_is_locked(struct err *err)
{
	return err_set(err, STATUS_LOCKED,
		       "it shows no key: it is locked or empty ('ssh-add -X' unlocks it, 'ssh-add FILE' adds a key)");
}

// The blob of the key with the profile's fingerprint, which others with the same key, such as certificates, do not have.
static enum status agent_find_key(struct agent *agent, struct buf *blob, struct err *err)
{
	BUF_AUTO(message, 16);
	struct ssh_reader keys;
	unsigned char kind;
	uint32_t count, certificates = 0;
	enum status status;

	buf_addc(&message, AGENT_LIST);
	status = agent_ask(agent, &message, &kind, &keys, err);
	if (status != STATUS_OK)
		return status;
	if (kind == AGENT_FAILURE)
		return agent_is_locked(err);
	if (kind != AGENT_LISTED)
		return agent_broken(agent, err);
	count = ssh_read_number(&keys);
	for (uint32_t i = 0; i < count && !keys.failed; i++) {
		struct ssh_string key = ssh_read_string(&keys);
		char fingerprint[SSH_FINGERPRINT_SIZE];

		(void)ssh_read_string(&keys); // a comment
		certificates += memmem(key.data, key.len, "-cert-v01@", 10) != NULL;
		ssh_key_fingerprint(key.data, key.len, fingerprint);
		if (keys.failed || strcmp(fingerprint, agent->profile->ssh_agent) != 0)
			continue;
		buf_add(blob, key.data, key.len);
		return STATUS_OK;
	}
	if (keys.failed)
		return agent_broken(agent, err);
	if (count == 0)
		return agent_is_locked(err);
	if (certificates)
		return err_set(
			err, STATUS_NOT_FOUND,
			"it has %u key%s, but none with the fingerprint %s, unless that is one of its certificates: the plain key is needed "
			"('ssh-add FILE' without FILE-cert.pub beside it)",
			(unsigned)count, count == 1 ? "" : "s", agent->profile->ssh_agent);
	return err_set(err, STATUS_NOT_FOUND,
		       "it has %u key%s, but none with the fingerprint %s ('ssh-add -l' shows them, 'ssh-add FILE' adds one)",
		       (unsigned)count, count == 1 ? "" : "s", agent->profile->ssh_agent);
}

// Connects, and finds the key; it points into blob.
static enum status agent_open(struct agent *agent, struct buf *blob, struct ssh_key *key, struct err *err)
{
	enum status status;

	agent->end = clock_now().boot + profile_secret_timeout(agent->profile) * 1000;
	status = agent_connect(agent, err);
	if (status == STATUS_OK)
		status = agent_find_key(agent, blob, err);
	return status == STATUS_OK ? ssh_key_parse(key, blob->data, blob->len, err) : status;
}

static void agent_put_key_id(const struct profile *profile, const struct ssh_key *key, struct buf *id)
{
	if (profile->ssh_agent_kid)
		buf_adds(id, profile->ssh_agent_kid);
	else
		ssh_key_put_thumbprint(key, id);
}

enum status ssh_agent_describe(const struct profile *profile, struct buf *answer, struct client_key *described, struct err *err)
{
	AGENT_AUTO(agent, profile);
	BUF_AUTO(blob, AGENT_MESSAGE_MAX);
	BUF_AUTO(id, 1024);
	struct ssh_key key;
	enum status status = agent_open(&agent, &blob, &key, err);

	if (status != STATUS_OK) {
		err_prefix(err, "ssh-agent");
		return status;
	}
	agent_put_key_id(profile, &key, &id);
	buf_reset(answer);
	ssh_key_put_jwk(&key, id.data, answer);
	*described = (struct client_key){ "", answer->data, ssh_key_algorithm(&key, NULL) };
	return buf_ok(answer) ? STATUS_OK : err_set(err, STATUS_INTERNAL, "the public key is too long");
}

static enum status agent_sign(struct agent *agent, const struct buf *blob, const struct ssh_key *key, struct buf *text,
			      struct err *err)
{
	BUF_AUTO(message, AGENT_MESSAGE_MAX);
	struct ssh_reader answer;
	struct ssh_string signature;
	unsigned char kind;
	uint32_t flags = ssh_key_flags(key);
	enum status status;

	buf_addc(&message, AGENT_SIGN);
	ssh_put_string(&message, blob->data, blob->len);
	ssh_put_string(&message, text->data, text->len);
	for (int shift = 24; shift >= 0; shift -= 8)
		buf_addc(&message, (char)(flags >> shift & 255));
	status = agent_ask(agent, &message, &kind, &answer, err);
	if (status != STATUS_OK)
		return status;
	if (kind == AGENT_FAILURE)
		return err_set(
			err, STATUS_DENIED,
			"it refuses to sign: its question was answered with no (ssh-add -c), the key is for certain hosts "
			"alone (ssh-add -h), or its token is not there");
	signature = ssh_read_string(&answer);
	if (kind != AGENT_SIGNED || answer.failed)
		return agent_broken(agent, err);
	buf_addc(text, '.');
	return ssh_key_put_signature(key, signature.data, signature.len, text, err);
}

enum status ssh_agent_sign(const struct profile *profile, const struct assertion *wanted, struct buf *text, struct err *err)
{
	AGENT_AUTO(agent, profile);
	BUF_AUTO(blob, AGENT_MESSAGE_MAX);
	BUF_AUTO(id, 1024);
	struct assertion assertion = *wanted;
	int64_t began_at = clock_now().boot;
	struct ssh_key key;
	enum status status = agent_open(&agent, &blob, &key, err);

	if (status == STATUS_OK) {
		assertion.algorithm = ssh_key_algorithm(&key, wanted->algorithm);
		if (!assertion.algorithm)
			status = err_set(err, STATUS_USAGE, "assertion_alg: the key cannot do '%s'", wanted->algorithm);
	}
	if (status == STATUS_OK) {
		agent_put_key_id(profile, &key, &id);
		assertion.key_id = id.data;
		status = assertion_write(&assertion, text, err);
	}
	if (status == STATUS_OK)
		status = agent_sign(&agent, &blob, &key, text, err);
	debug_say("the ssh-agent answered after %lld ms: %s", (long long)(clock_now().boot - began_at), status_word(status));
	if (status != STATUS_OK)
		err_prefix(err, "ssh-agent");
	return status;
}

bool ssh_agent_is_forwarded(const struct profile *profile)
{
	AGENT_AUTO(agent, profile);
	struct ucred peer = { 0 };
	socklen_t len = sizeof peer;
	char path[64], name[32] = "";
	FILE *file;

	if (agent_connect(&agent, NULL) != STATUS_OK || getsockopt(agent.fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) < 0)
		return false;
	(void)snprintf(path, sizeof path, "/proc/%d/comm", (int)peer.pid);
	file = fopen(path, "re");
	if (file && !fgets(name, sizeof name, file))
		name[0] = '\0';
	if (file)
		(void)fclose(file);
	return text_starts(name, "sshd");
}
