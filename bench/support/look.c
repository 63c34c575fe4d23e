/*
 * Looks at every link in some directories, as programs look at devices: stat() of what it leads to, and readlink(). The
 * names are collected first. Prints the nanoseconds that one link took on average, a line a round.
 *
 * Words: how many rounds, then directories.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static char **paths;
static size_t count, room;

static void collect(const char *directory)
{
	DIR *stream = opendir(directory);
	struct dirent *entry;

	if (!stream) {
		perror(directory);
		exit(1);
	}
	while ((entry = readdir(stream))) {
		if (entry->d_type != DT_LNK)
			continue;
		if (count == room) {
			room = room ? 2 * room : 1024;
			paths = realloc(paths, room * sizeof(*paths));
		}
		if (asprintf(&paths[count++], "%s/%s", directory, entry->d_name) < 0)
			exit(1);
	}
	closedir(stream);
}

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1e9 + time.tv_nsec;
}

int main(int words, char **word)
{
	int rounds = words > 1 ? atoi(word[1]) : 0;
	char target[4096];
	struct stat status;

	for (int at = 2; at < words; at++)
		collect(word[at]);
	if (count == 0) {
		fprintf(stderr, "no links\n");
		return 1;
	}
	for (int round = 0; round < rounds; round++) {
		double start = now();
		for (size_t at = 0; at < count; at++)
			if (stat(paths[at], &status) < 0 || readlink(paths[at], target, sizeof(target)) < 0) {
				perror(paths[at]);
				return 1;
			}
		printf("%.0f\n", (now() - start) / count);
	}
	return 0;
}
