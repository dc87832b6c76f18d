// SPDX-License-Identifier: MIT
// The sandbox of a process that reads what servers send: it can do only what an exchange over HTTPS needs.
#ifndef SK_SANDBOX_H
#define SK_SANDBOX_H

#include <stdbool.h>
#include <stddef.h>

#define SANDBOX_PORTS_MAX    16
#define SANDBOX_CA_FILES_MAX 16

struct sandbox {
	const char *ca_files[SANDBOX_CA_FILES_MAX]; // files that may be read, too
	size_t ca_file_count;
	const char *certificate;	   // and another one; NULL for none
	unsigned ports[SANDBOX_PORTS_MAX]; // TCP ports that may be connected to, besides that of DNS
	size_t port_count;		   // 0: any
	bool serves;			   // it takes connections from a socket that listens already
};

// Which walls this kernel has.
struct sandbox_report {
	int landlock; // the version of its interface (landlock(7)); 0: none
	bool seccomp;
};

// From here on: files can be read where certificates, resolver files and libraries are, and written nowhere; no program can be run; no
// key of the kernel's, no bus and no other process can be reached, nothing listened for; and of system calls there are only those that
// an exchange needs. Best effort: a kernel without Landlock or seccomp has weaker walls, which the report says.
struct sandbox_report sandbox_enter(const struct sandbox *sandbox);

#endif
