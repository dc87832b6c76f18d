// SPDX-License-Identifier: MIT
// A stand-in for sk-secret-service that gives the answer of the real one, sk-secret-service.real beside it, too late: 3 seconds after a
// put of a record that has a line with the words in sk-secret-service.late; or, where sk-secret-service.cut is there, without its last
// line. A shell script would not do: sk-core runs our programs alone.
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define PROGRAM SK_LIBEXECDIR "/sk-helper/sk-secret-service"

static size_t read_all(int fd, char *text, size_t size)
{
	size_t len = 0;
	ssize_t got;

	while (len < size - 1 && (got = read(fd, text + len, size - 1 - len)) > 0)
		len += (size_t)got;
	text[len] = '\0';
	return len;
}

int main(void)
{
	static char request[131072], answer[131072], words[256];
	size_t len = read_all(STDIN_FILENO, request, sizeof request), answer_len;
	int in[2], out[2], late = open(PROGRAM ".late", O_RDONLY | O_CLOEXEC);
	pid_t pid;

	if (late >= 0)
		(void)read_all(late, words, sizeof words);
	words[strcspn(words, "\n")] = '\0';
	if (pipe2(in, O_CLOEXEC) < 0 || pipe2(out, O_CLOEXEC) < 0 || (pid = fork()) < 0)
		return 1;
	if (pid == 0) {
		dup2(in[0], STDIN_FILENO);
		dup2(out[1], STDOUT_FILENO);
		execl(PROGRAM ".real", "sk-secret-service", NULL);
		_exit(1);
	}
	close(in[0]);
	close(out[1]);
	(void)!write(in[1], request, len);
	close(in[1]);
	answer_len = read_all(out[0], answer, sizeof answer);
	waitpid(pid, NULL, 0);
	if (strstr(request, "operation=put") && (!*words || strstr(request, words)))
		sleep(3);
	if (access(PROGRAM ".cut", F_OK) == 0)
		answer_len -= strlen("end=yes\n");
	return write(STDOUT_FILENO, answer, answer_len) == (ssize_t)answer_len ? 0 : 1;
}
