// SPDX-License-Identifier: MIT
#include "http/loopback.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define STATE_LISTEN 0x0a // TCP_LISTEN in include/net/tcp_states.h

static int tables[2] = { -1, -1 };

void loopback_prepare(void)
{
	tables[0] = open("/proc/net/tcp", O_RDONLY | O_CLOEXEC);
	tables[1] = open("/proc/net/tcp6", O_RDONLY | O_CLOEXEC);
}

// A line of /proc/net/tcp and tcp6 (proc_net(5)), as far as it is used.
struct tcp_line {
	struct in6_addr local; // IPv4 as ::ffff:a.b.c.d
	unsigned local_port, remote_port, state, uid;
};

// "0100007F": words of 32 bits, each in the byte order of the machine, printed as numbers.
static bool read_tcp_address(const char *hex, struct in6_addr *address)
{
	size_t words = strlen(hex) / 8;
	uint32_t word;

	memset(address, 0, sizeof *address);
	if (words != 1 && words != 4)
		return false;
	if (words == 1)
		address->s6_addr[10] = address->s6_addr[11] = 0xff;
	for (size_t i = 0; i < words; i++) {
		char digits[9] = "";

		memcpy(digits, hex + 8 * i, 8);
		word = (uint32_t)strtoul(digits, NULL, 16);
		memcpy(address->s6_addr + (words == 1 ? 12 : 4 * i), &word, 4);
	}
	return true;
}

static bool read_tcp_line(const char *text, struct tcp_line *line)
{
	char local[33];

	return sscanf(text, " %*u: %32[0-9A-F]:%x %*32[0-9A-F]:%x %x %*x:%*x %*x:%*x %*x %u", local, &line->local_port,
		      &line->remote_port, &line->state, &line->uid) == 5 &&
	       read_tcp_address(local, &line->local);
}

struct tcp_search {
	struct in6_addr address; // of the server
	unsigned port, local_port;
	int listener_rank;	   // of the listener that gets the connection; 0 for none
	unsigned listener_foreign; // whose it is: the uid of another user, else 0
	bool connected;		   // the server's half of our connection was seen
	unsigned connected_foreign;
};

static bool is_any(const struct in6_addr *address)
{
	return IN6_IS_ADDR_UNSPECIFIED(address) ||
	       (IN6_IS_ADDR_V4MAPPED(address) && !memcmp(address->s6_addr + 12, "\0\0\0", 4));
}

// inet_lookup_listener in the kernel: of several sockets that listen on a port, the one with the exact address gets the connection, then
// one of the same family, then one of IPv6 for IPv4: one that another user has opened beside it does not count.
static int listener_rank(const struct tcp_search *search, const struct tcp_line *line)
{
	if (!memcmp(&line->local, &search->address, sizeof line->local))
		return 3;
	if (!is_any(&line->local))
		return 0;
	return IN6_IS_ADDR_V4MAPPED(&line->local) == IN6_IS_ADDR_V4MAPPED(&search->address) ? 2 : 1;
}

// A connection that its server has not accepted yet has no owner of its own (uid 0 before Linux 6.5), but then the socket that
// listens is still there; one that was accepted has its owner, even where that one has closed the socket that listened.
static void look_at_line(struct tcp_search *search, const struct tcp_line *line)
{
	unsigned foreign = line->uid != 0 && line->uid != geteuid() ? line->uid : 0;
	int rank = listener_rank(search, line);

	if (line->local_port != search->port || rank == 0)
		return;
	if (line->state == STATE_LISTEN) {
		// several of one rank (SO_REUSEPORT): any of them may get it
		if (rank > search->listener_rank) {
			search->listener_rank = rank;
			search->listener_foreign = 0;
		}
		if (rank == search->listener_rank && foreign)
			search->listener_foreign = foreign;
	} else if (rank == 3 && line->remote_port == search->local_port) {
		search->connected = true;
		if (foreign)
			search->connected_foreign = foreign;
	}
}

static void look_at_table(struct tcp_search *search, int fd)
{
	char text[8192];
	size_t used = 0;
	ssize_t got;

	if (fd < 0 || lseek(fd, 0, SEEK_SET) < 0)
		return;
	while ((got = read(fd, text + used, sizeof text - 1 - used)) > 0) {
		char *at = text, *end;

		used += (size_t)got;
		text[used] = '\0';
		while ((end = strchr(at, '\n'))) {
			struct tcp_line line;

			*end = '\0';
			if (read_tcp_line(at, &line))
				look_at_line(search, &line);
			at = end + 1;
		}
		used = (size_t)(text + used - at);
		memmove(text, at, used);
	}
}

// Our ports of the connections whose server was ours: one bit each.
static unsigned char known_ports[65536 / 8];

void loopback_forget(unsigned local_port)
{
	known_ports[local_port / 8 % sizeof known_ports] &= (unsigned char)~(1U << local_port % 8);
}

static bool is_known(unsigned local_port)
{
	return known_ports[local_port / 8 % sizeof known_ports] & (1U << local_port % 8);
}

bool loopback_is_ours(const char *address, unsigned port, unsigned local_port, char *why)
{
	struct tcp_search search = { .port = port, .local_port = local_port };
	unsigned foreign;
	struct in_addr v4;
	bool found;

	if (is_known(local_port))
		return true;
	if (inet_pton(AF_INET, address, &v4) == 1) {
		search.address.s6_addr[10] = search.address.s6_addr[11] = 0xff;
		memcpy(search.address.s6_addr + 12, &v4, 4);
	} else if (inet_pton(AF_INET6, address, &search.address) != 1) {
		search.port = 0;
	}
	look_at_table(&search, tables[0]);
	look_at_table(&search, tables[1]);
	found = search.listener_rank || search.connected;
	foreign = search.connected_foreign ? search.connected_foreign : search.listener_foreign;
	if (foreign)
		(void)snprintf(
			why, 200,
			"port %u of this machine belongs to another user (uid %u), and over plain http that user would get what is "
			"sent: nothing was sent; use https, or run the server as yourself or root",
			port, foreign);
	else if (!found)
		(void)snprintf(
			why, 200,
			"it is not known which user's server has port %u of this machine, and plain http does not prove it: nothing was "
			"sent; use https",
			port);
	if (found && !foreign)
		known_ports[local_port / 8 % sizeof known_ports] |= (unsigned char)(1U << local_port % 8);
	return found && !foreign;
}
