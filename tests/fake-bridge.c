// SPDX-License-Identifier: MIT
// In the place of sk-bridge: what somebody could do who has taken it over. Sends each line of its input to sk-core as a question, with
// ';' for the ends of the question's own lines, and prints the answers.
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define CORE_FD 3

int main(void)
{
	static char line[131072], answer[131072];
	ssize_t got = recv(CORE_FD, answer, sizeof answer, 0);

	while (got > 0 && fgets(line, sizeof line, stdin)) {
		for (char *at = line; *at; at++)
			*at = *at == ';' ? '\n' : *at;
		if (send(CORE_FD, line, strlen(line), 0) < 0)
			return 1;
		// a notice has no answer
		if (strncmp(line, "ask=", 4) != 0)
			continue;
		got = recv(CORE_FD, answer, sizeof answer, 0);
		if (got > 0 && fwrite(answer, 1, (size_t)got, stdout) != (size_t)got)
			return 1;
		puts("");
	}
	return fflush(stdout) == 0 ? 0 : 1;
}
