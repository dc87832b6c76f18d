// SPDX-License-Identifier: MIT
#include "base/harden.h"

#include "base/listen-fds.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#define SERVER_FILES 1024

static void fill_standard_descriptors(void)
{
	struct pollfd fds[3] = { { .fd = 0 }, { .fd = 1 }, { .fd = 2 } };

	if (poll(fds, 3, 0) <= 0)
		return;
	for (int i = 0; i < 3; i++) {
		// the lowest free number is i: those below are open by now
		if (fds[i].revents & POLLNVAL)
			(void)!open("/dev/null", i == 2 ? O_WRONLY : O_RDONLY);
	}
}

void harden_process_but(int last)
{
	fill_standard_descriptors();
	syscall(SYS_close_range, (unsigned)last + 1, ~0U, 0U);
#if !defined(SK_SANITIZE) && !defined(SK_DEBUG) // a leak checker, or a debugger, attaches to the process
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
#endif
}

void harden_open_files(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max && limit.rlim_cur < SERVER_FILES) {
		limit.rlim_cur = limit.rlim_max < SERVER_FILES ? limit.rlim_max : SERVER_FILES;
		(void)setrlimit(RLIMIT_NOFILE, &limit);
	}
}

int harden_count_sockets(const char *command)
{
	return command && (!strcmp(command, "share") || !strcmp(command, "proxy")) ? listen_fds_count() : 0;
}

void harden_process(void)
{
	harden_process_but(STDERR_FILENO);
}

void harden_runner(void)
{
	const struct rlimit no_core = { 0, 0 };
	sigset_t none;

	setrlimit(RLIMIT_CORE, &no_core);
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
}

void die_with_parent(void)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
}

int harden_take_signals(void)
{
	struct sigaction hangup;
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	// nohup(1): whoever started us wants it ignored
	if (sigaction(SIGHUP, NULL, &hangup) < 0 || hangup.sa_handler != SIG_IGN)
		sigaddset(&signals, SIGHUP);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	return signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
}

void harden_leave_descriptors(void)
{
	for (int fd = 0; fd <= STDERR_FILENO; fd++)
		close(fd);
	// each takes the lowest free number
	if (open("/dev/null", O_RDONLY) != 0 || open("/dev/null", O_WRONLY) != 1 || open("/dev/null", O_WRONLY) != 2)
		_exit(1);
}

void harden_leave_terminal(void)
{
	harden_leave_descriptors();
	setsid();
}

bool fork_detached(void)
{
	if (fork() != 0)
		return false;
	harden_leave_terminal();
	return true;
}

void harden_deadline(unsigned seconds)
{
	signal(SIGALRM, SIG_DFL);
	alarm(seconds);
}
