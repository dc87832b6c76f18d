// SPDX-License-Identifier: MIT
// The walls around the process that reads what servers send.
#ifndef SK_SANDBOX_H
#define SK_SANDBOX_H

// From here on: files can be read where certificates, resolver files and libraries are (and ca_file and certificate, which may be NULL),
// and written nowhere; no program can be run; no key of the kernel's can be reached. Best effort: a kernel without Landlock or seccomp
// has weaker walls.
void sandbox_enter(const char *ca_file, const char *certificate);

#endif
