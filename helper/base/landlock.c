// SPDX-License-Identifier: MIT
#include "base/landlock.h"

#include <fcntl.h>
#include <linux/landlock.h>
#include <stddef.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define READ_FILE LANDLOCK_ACCESS_FS_READ_FILE
#define READ_DIR  LANDLOCK_ACCESS_FS_READ_DIR
#define EXECUTE	  LANDLOCK_ACCESS_FS_EXECUTE

// linux/landlock.h of the kernel that we run on may be newer than the one that we are built with; numbers do not change.
#define FS_ABI_1	((1ULL << 13) - 1)
#define FS_REFER	(1ULL << 13) // since version 2 (Linux 5.19)
#define FS_TRUNCATE	(1ULL << 14) // 3 (6.2)
#define FS_IOCTL_DEV	(1ULL << 15) // 5 (6.10)
#define NET_BIND_TCP	(1ULL << 0)  // 4 (6.7)
#define NET_CONNECT_TCP (1ULL << 1)
#define SCOPE_ALL	3ULL // 6 (6.12): abstract Unix sockets, and signals
#define RULE_NET_PORT	2

struct rights {
	uint64_t fs, net, scoped;
};

struct net_port_rule {
	uint64_t allowed_access, port;
};

static struct rights landlock_rights(const struct landlock *landlock)
{
	struct rights rights = { 0, 0, 0 };

	if (landlock->reads)
		rights.fs |= READ_FILE | READ_DIR;
	if (landlock->runs)
		rights.fs |= EXECUTE;
	if (landlock->writes)
		rights.fs |= FS_ABI_1 & ~(uint64_t)(READ_FILE | READ_DIR | EXECUTE);
	if (landlock->writes && landlock->abi >= 2)
		rights.fs |= FS_REFER;
	if (landlock->writes && landlock->abi >= 3)
		rights.fs |= FS_TRUNCATE;
	if (landlock->writes && landlock->abi >= 5)
		rights.fs |= FS_IOCTL_DEV;
	if (landlock->binds && landlock->abi >= 4)
		rights.net |= NET_BIND_TCP;
	if (landlock->connects && landlock->abi >= 4)
		rights.net |= NET_CONNECT_TCP;
	if (landlock->others && landlock->abi >= 6)
		rights.scoped = SCOPE_ALL;
	return rights;
}

void landlock_begin(struct landlock *landlock)
{
	struct rights rights;
	size_t size;

	landlock->abi = (int)syscall(SYS_landlock_create_ruleset, NULL, 0, 1U);
	if (landlock->abi < 1) {
		landlock->abi = 0;
		landlock->ruleset = -1;
		return;
	}
	rights = landlock_rights(landlock);
	size = landlock->abi >= 6 ? sizeof rights :
	       landlock->abi >= 4 ? offsetof(struct rights, scoped) :
				    offsetof(struct rights, net);
	landlock->ruleset = (int)syscall(SYS_landlock_create_ruleset, &rights, size, 0U);
}

static void landlock_allow(struct landlock *landlock, const char *path, uint64_t file, uint64_t directory)
{
	struct landlock_path_beneath_attr rule = { 0 };
	struct stat st;

	if (landlock->ruleset < 0)
		return;
	rule.parent_fd = open(path, O_PATH | O_CLOEXEC);
	if (rule.parent_fd < 0)
		return;
	if (fstat(rule.parent_fd, &st) == 0) {
		rule.allowed_access = S_ISDIR(st.st_mode) ? directory : file;
		if (rule.allowed_access)
			syscall(SYS_landlock_add_rule, landlock->ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0U);
	}
	close(rule.parent_fd);
}

void landlock_allow_reading(struct landlock *landlock, const char *path, bool directories)
{
	landlock_allow(landlock, path, READ_FILE, directories ? READ_FILE | READ_DIR : 0);
}

void landlock_allow_running(struct landlock *landlock, const char *path)
{
	landlock_allow(landlock, path, EXECUTE, EXECUTE);
}

void landlock_allow_connecting(struct landlock *landlock, unsigned port)
{
	struct net_port_rule rule = { NET_CONNECT_TCP, port };

	if (landlock->ruleset >= 0 && landlock->abi >= 4)
		syscall(SYS_landlock_add_rule, landlock->ruleset, RULE_NET_PORT, &rule, 0U);
}

int landlock_enter(struct landlock *landlock)
{
	if (landlock->ruleset < 0 || syscall(SYS_landlock_restrict_self, landlock->ruleset, 0U) < 0)
		landlock->abi = 0;
	if (landlock->ruleset >= 0)
		close(landlock->ruleset);
	return landlock->abi;
}
