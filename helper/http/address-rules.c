// SPDX-License-Identifier: MIT
#include "http/address-rules.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

static bool is_forbidden_v4(uint32_t ip)
{
	// 169.254.0.0/16: the metadata services of clouds; 0.0.0.0/8, multicast and reserved: no server has these
	return ip >> 16 == 0xa9fe || ip >> 24 == 0 || ip >> 28 >= 0xe;
}

// An IPv4 address inside of an IPv6 one: mapped, NAT64 (RFC 6052) and 6to4 (RFC 3056).
static bool embedded_v4(const struct in6_addr *ip, uint32_t *v4)
{
	static const unsigned char nat64[12] = { 0x00, 0x64, 0xff, 0x9b };
	const unsigned char *bytes = ip->s6_addr;
	size_t at;

	if (IN6_IS_ADDR_V4MAPPED(ip) || IN6_IS_ADDR_V4COMPAT(ip) || !memcmp(bytes, nat64, sizeof nat64))
		at = 12;
	else if (bytes[0] == 0x20 && bytes[1] == 0x02)
		at = 2;
	else
		return false;
	*v4 = (uint32_t)bytes[at] << 24 | (uint32_t)bytes[at + 1] << 16 | (uint32_t)bytes[at + 2] << 8 | bytes[at + 3];
	return true;
}

static bool is_forbidden_v6(const struct in6_addr *ip)
{
	// Amazon's, the one metadata service over IPv6 that is not at a link-local address
	static const unsigned char amazon[16] = { 0xfd, 0x00, 0x0e, 0xc2, [14] = 0x02, [15] = 0x54 };
	uint32_t v4;

	if (IN6_IS_ADDR_LINKLOCAL(ip) || IN6_IS_ADDR_UNSPECIFIED(ip) || IN6_IS_ADDR_MULTICAST(ip) || IN6_IS_ADDR_V4MAPPED(ip) ||
	    !memcmp(ip, amazon, sizeof amazon))
		return true;
	return !IN6_IS_ADDR_LOOPBACK(ip) && embedded_v4(ip, &v4) && (is_forbidden_v4(v4) || v4 >> 24 == 127);
}

static bool is_forbidden(const struct sockaddr *address)
{
	if (address->sa_family == AF_INET)
		return is_forbidden_v4(ntohl(((const struct sockaddr_in *)(const void *)address)->sin_addr.s_addr));
	if (address->sa_family == AF_INET6)
		return is_forbidden_v6(&((const struct sockaddr_in6 *)(const void *)address)->sin6_addr);
	return true;
}

static bool address_is_loopback(const struct sockaddr *address)
{
	if (address->sa_family == AF_INET)
		return ntohl(((const struct sockaddr_in *)(const void *)address)->sin_addr.s_addr) >> 24 == 127;
	return address->sa_family == AF_INET6 &&
	       IN6_IS_ADDR_LOOPBACK(&((const struct sockaddr_in6 *)(const void *)address)->sin6_addr);
}

bool address_text_is_loopback(const char *text)
{
	struct in_addr v4;
	struct in6_addr v6;

	if (inet_pton(AF_INET, text, &v4) == 1)
		return ntohl(v4.s_addr) >> 24 == 127;
	return inet_pton(AF_INET6, text, &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
}

const char *address_why_refused(const struct sockaddr *address, bool loopback_allowed)
{
	if (is_forbidden(address))
		return "its address is link-local or reserved: no server has such an address";
	if (!loopback_allowed && address_is_loopback(address))
		return "its address is this machine's own, but the server that named it is elsewhere";
	return NULL;
}

const char *address_why_url_refused(const struct url *url, bool loopback_allowed)
{
	struct sockaddr_storage address;

	return url_address(url, &address) ? address_why_refused((struct sockaddr *)&address, loopback_allowed) : NULL;
}
