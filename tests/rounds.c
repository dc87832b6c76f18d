// SPDX-License-Identifier: MIT
// Times commands side by side: so many rounds, each command once a round, so that what slows the machine down slows all.
//   rounds N FILE: a line of FILE is a name, a tab, and the words of a command, run with stdin and stdout at /dev/null.
// Prints name, median wall ms, median CPU ms, largest RSS in MB, tab-separated. A command that fails is an error.
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define COMMANDS_MAX 32
#define WORDS_MAX    32

struct command {
	char *name, *words[WORDS_MAX + 1];
	double *wall, *cpu;
	long rss;
};

static double now_ms(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec * 1e3 + (double)time.tv_nsec / 1e6;
}

static double ms(struct timeval time)
{
	return (double)time.tv_sec * 1e3 + (double)time.tv_usec / 1e3;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void run(struct command *command, int round)
{
	struct rusage usage;
	double start = now_ms();
	int status;
	pid_t pid = vfork();

	if (pid == 0) {
		execv(command->words[0], command->words);
		_exit(127);
	}
	wait4(pid, &status, 0, &usage);
	command->wall[round] = now_ms() - start;
	command->cpu[round] = ms(usage.ru_utime) + ms(usage.ru_stime);
	if (usage.ru_maxrss > command->rss)
		command->rss = usage.ru_maxrss;
	if (status != 0) {
		fprintf(stderr, "rounds: '%s' failed\n", command->name);
		exit(1);
	}
}

int main(int argc, char **argv)
{
	static struct command commands[COMMANDS_MAX];
	int rounds = argc == 3 ? atoi(argv[1]) : 0, count = 0, out;
	FILE *file = argc == 3 ? fopen(argv[2], "re") : NULL;
	static char lines[COMMANDS_MAX][2048];

	if (!file || rounds < 1)
		return 2;
	while (count < COMMANDS_MAX && fgets(lines[count], sizeof lines[count], file)) {
		struct command *command = &commands[count];
		int words = 0;

		command->name = strtok(lines[count], "\t\n");
		for (char *word; words < WORDS_MAX && (word = strtok(NULL, " \t\n"));)
			command->words[words++] = word;
		command->wall = calloc((size_t)rounds, sizeof(double));
		command->cpu = calloc((size_t)rounds, sizeof(double));
		count++;
	}
	(void)fclose(file);
	out = dup(STDOUT_FILENO);
	(void)!freopen("/dev/null", "r", stdin);
	dup2(open("/dev/null", O_WRONLY | O_CLOEXEC), STDOUT_FILENO);
	for (int round = 0; round < rounds; round++) {
		for (int i = 0; i < count; i++)
			run(&commands[i], round);
	}
	for (int i = 0; i < count; i++) {
		qsort(commands[i].wall, (size_t)rounds, sizeof(double), compare);
		qsort(commands[i].cpu, (size_t)rounds, sizeof(double), compare);
		dprintf(out, "%s\t%.3f\t%.3f\t%.1f\n", commands[i].name, commands[i].wall[rounds / 2],
			commands[i].cpu[rounds / 2], (double)commands[i].rss / 1024);
	}
	return 0;
}
