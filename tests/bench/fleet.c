// SPDX-License-Identifier: MIT
// What an authorization server sees of a fleet: 1 to 1,000,000 helpers, each with a token of one hour and a get every ten seconds or so, for a
// day, second by second. When a token is renewed, and how long a failed renewal waits, are the project's own functions (model/token.h); the
// server, its absences and its 429 are simulated. Two older rules are shown for comparison.
//   fleet DIRECTORY              writes fleet.md and fleet.svg there
//   fleet --worst COUNT [plain]  prints the worst second of a fleet that starts at once, to the mean; plain: without jitter
#include "model/token.h"

#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DAY	 86400
#define HOUR	 3600
#define LIFETIME 3600
#define GAP	 10.0 // the mean time between two gets of one helper, in seconds
#define HELPERS	 1000000
#define RETRY_S	 30 // what a 429 says
#define NOBODY	 UINT32_MAX

enum rule { RULE_NONE, RULE_WINDOW, RULE_NOW, RULES };
static const char *const rule_names[RULES] = { "no jitter", "jitter of 2 %", "sk-helper" };

struct fleet {
	uint32_t count;
	enum rule rule;
	bool at_once; // all of them start in the first second; otherwise within the first hour
	bool away;    // the server is away three times: for 5, 2 and 10 minutes
	bool limited; // and answers at most twice the mean rate, the rest with 429
};

struct helper {
	int32_t issued, renew_after; // issued -1: no token yet
	int32_t not_before;	     // no renewal before
	uint32_t next;		     // of those that wake in the same second
};

struct tally {
	uint32_t requests[DAY];
	uint64_t waited, failed; // gets that had to wait for the server; and those that had no token in the end
};

static struct helper helpers[HELPERS];
static uint32_t wakes[DAY]; // the first helper of each second
static struct tally tally;

// xorshift64*: the same day each time
static uint64_t state;

static uint32_t fleet_random(void)
{
	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return (uint32_t)((state * 2685821657736338717ULL) >> 32);
}

static int32_t gap(void)
{
	return (int32_t)(-GAP * log((fleet_random() + 1.0) / 4294967297.0));
}

static void wake_at(uint32_t number, int64_t second)
{
	if (second >= DAY)
		return;
	helpers[number].next = wakes[second];
	wakes[second] = number;
}

static struct moment moment_of(int64_t second)
{
	return (struct moment){ second + 1, second * 1000 };
}

static struct token token_of(const struct helper *helper)
{
	return (struct token){ .access_token = "x",
			       .issued_at = helper->issued + 1,
			       .expires_at = helper->issued + 1 + LIFETIME,
			       .boot_expires_ms = (int64_t)(helper->issued + LIFETIME) * 1000,
			       .boot_id = "boot",
			       .renew_after = helper->renew_after };
}

// --- the server

static bool is_away(const struct fleet *fleet, int second)
{
	return fleet->away &&
	       ((second >= 6 * HOUR && second < 6 * HOUR + 300) || (second >= 12 * HOUR && second < 12 * HOUR + 120) ||
		(second >= 18 * HOUR && second < 18 * HOUR + 600));
}

static double mean_rate(const struct fleet *fleet)
{
	return (double)fleet->count / (0.8 * LIFETIME + GAP);
}

enum answer { ANSWER_TOKEN, ANSWER_NONE, ANSWER_429 };

static enum answer ask(const struct fleet *fleet, int second)
{
	uint32_t before = tally.requests[second]++;

	if (is_away(fleet, second))
		return ANSWER_NONE;
	return fleet->limited && before >= 2 * mean_rate(fleet) + 10 ? ANSWER_429 : ANSWER_TOKEN;
}

// --- one helper

static void plan(const struct fleet *fleet, struct helper *helper, const struct token *previous)
{
	struct token token = token_of(helper);

	if (fleet->rule == RULE_NOW)
		token_plan_renewal(&token, previous, fleet_random());
	else
		token.renew_after =
			fleet->rule == RULE_NONE ? LIFETIME * 8 / 10 : LIFETIME * (780 + (int32_t)(fleet_random() % 41)) / 1000;
	helper->renew_after = (int32_t)token.renew_after;
}

// Its next get that does more than take the token from the cache.
static void sleep_until(uint32_t number, int64_t second)
{
	wake_at(number, second + 1 + gap());
}

static void request(const struct fleet *fleet, uint32_t number, int second, bool waits)
{
	struct helper *helper = &helpers[number];
	struct token previous = token_of(helper);
	bool had_one = helper->issued >= 0;
	enum answer answer = ask(fleet, second);
	int64_t pause, left;

	tally.waited += waits && had_one;
	if (answer == ANSWER_TOKEN) {
		helper->issued = second;
		helper->not_before = 0;
		plan(fleet, helper, had_one ? &previous : NULL);
		sleep_until(number, second + helper->renew_after - 1);
		return;
	}
	tally.failed += waits && had_one;
	left = LIFETIME - (second - helper->issued) - token_margin(&previous);
	pause = fleet->rule == RULE_NOW && had_one && left > 0 ? token_renewal_pause_ms(left, fleet_random()) / 1000 : 10;
	if (waits)
		pause = answer == ANSWER_429 ? RETRY_S : 0;
	else if (answer == ANSWER_429 && pause < RETRY_S)
		pause = RETRY_S;
	helper->not_before = (int32_t)(second + pause);
	sleep_until(number, helper->not_before);
}

static void get(const struct fleet *fleet, uint32_t number, int second)
{
	struct helper *helper = &helpers[number];
	struct token token = token_of(helper);
	enum freshness freshness = helper->issued < 0 ? TOKEN_STALE : token_freshness(&token, moment_of(second), "boot", 0);

	if (freshness == TOKEN_FRESH)
		sleep_until(number, helper->issued + helper->renew_after);
	else
		request(fleet, number, second, freshness == TOKEN_STALE);
}

// --- a day

static void run(const struct fleet *fleet)
{
	state = 88172645463325252ULL;
	memset(&tally, 0, sizeof tally);
	memset(wakes, 0xff, sizeof wakes);
	for (uint32_t i = 0; i < fleet->count; i++) {
		helpers[i] = (struct helper){ .issued = -1 };
		wake_at(i, fleet->at_once ? 0 : fleet_random() % HOUR);
	}
	for (int second = 0; second < DAY; second++) {
		// what wakes again in this very second comes into the list that is left
		while (wakes[second] != NOBODY) {
			uint32_t number = wakes[second];

			wakes[second] = helpers[number].next;
			get(fleet, number, second);
		}
	}
}

struct result {
	// after the first hour, per second; the worst ones while the server answers
	double mean, worst_second, worst_minute, worst_away;
};

static struct result look(const struct fleet *fleet)
{
	struct result result = { 0 };
	uint64_t all = 0;

	for (int minute = 60; minute < DAY / 60; minute++) {
		uint64_t sum = 0;

		for (int second = minute * 60; second < minute * 60 + 60; second++) {
			double *worst = is_away(fleet, second) ? &result.worst_away : &result.worst_second;

			sum += tally.requests[second];
			if (tally.requests[second] > *worst)
				*worst = tally.requests[second];
		}
		all += sum;
		if ((double)sum / 60 > result.worst_minute && !is_away(fleet, minute * 60))
			result.worst_minute = (double)sum / 60;
	}
	result.mean = (double)all / (DAY - HOUR);
	return result;
}

// --- what is shown

#define WIDTH  960
#define HEIGHT 360
#define LEFT   60
#define TOP    20
#define RIGHT  20
#define BOTTOM 50
#define SHOWN  6.0 // times the mean

static void draw_curve(FILE *svg, double mean, const char *color)
{
	fprintf(svg, "<polyline fill=\"none\" stroke=\"%s\" stroke-width=\"1\" points=\"", color);
	for (int minute = 0; minute < DAY / 60; minute++) {
		double sum = 0, height;

		for (int second = minute * 60; second < minute * 60 + 60; second++)
			sum += tally.requests[second];
		height = sum / 60 / mean < SHOWN ? sum / 60 / mean : SHOWN;
		fprintf(svg, "%.1f,%.1f ", LEFT + (double)minute * (WIDTH - LEFT - RIGHT) / (DAY / 60),
			TOP + (1 - height / SHOWN) * (HEIGHT - TOP - BOTTOM));
	}
	fprintf(svg, "\"/>\n");
}

static void draw_axes(FILE *svg)
{
	fprintf(svg,
		"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" font-family=\"sans-serif\" font-size=\"12\">\n"
		"<rect width=\"%d\" height=\"%d\" fill=\"white\"/>\n",
		WIDTH, HEIGHT, WIDTH, HEIGHT);
	for (int times = 0; times <= (int)SHOWN; times++) {
		double y = TOP + (1 - times / SHOWN) * (HEIGHT - TOP - BOTTOM);

		fprintf(svg,
			"<path d=\"M%d %.1fH%d\" stroke=\"#ddd\"/><text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%d</text>\n",
			LEFT, y, WIDTH - RIGHT, LEFT - 6, y + 4, times);
	}
	for (int hour = 0; hour <= 24; hour += 3)
		fprintf(svg, "<text x=\"%d\" y=\"%d\" text-anchor=\"middle\">%d h</text>\n",
			LEFT + hour * (WIDTH - LEFT - RIGHT) / 24, HEIGHT - BOTTOM + 18, hour);
	fprintf(svg,
		"<text x=\"%d\" y=\"%d\">token requests per second, in multiples of the mean, averaged over each minute: 1,000,000 helpers that "
		"start at once</text>\n",
		LEFT, HEIGHT - 10);
}

static void draw(FILE *svg)
{
	static const char *const colors[RULES] = { "#c33", "#e90", "#06c" };

	draw_axes(svg);
	for (int rule = 0; rule < RULES; rule++) {
		const struct fleet fleet = { HELPERS, (enum rule)rule, true, false, false };

		run(&fleet);
		draw_curve(svg, mean_rate(&fleet), colors[rule]);
		fprintf(svg, "<text x=\"%d\" y=\"%d\" fill=\"%s\">%s</text>\n", WIDTH - 160, TOP + 20 + 18 * rule, colors[rule],
			rule_names[rule]);
	}
	fprintf(svg, "</svg>\n");
}

static void print_row(FILE *page, const struct fleet *fleet)
{
	struct result result;

	run(fleet);
	result = look(fleet);
	fprintf(page, "| %" PRIu32 " | %s | %s | %s | %.2f | %.0f (%.2f) | %.2f | %.2f | %" PRIu64 " | %" PRIu64 " |\n",
		fleet->count, fleet->at_once ? "at once" : "in an hour",
		fleet->away && fleet->limited ? "away, 429" :
		fleet->away		      ? "away" :
						"there",
		rule_names[fleet->rule], result.mean, result.worst_second, result.worst_second / result.mean,
		result.worst_minute / result.mean, result.worst_away / result.mean, tally.waited, tally.failed);
}

static void print_table(FILE *page)
{
	static const uint32_t counts[] = { 1, 1000, 100000, HELPERS };

	fprintf(page,
		"| helpers | start | server | renewals | requests/s | worst second (to the mean) | worst minute | worst second "
		"while it is away | gets that waited | gets without a token |\n|---|---|---|---|---|---|---|---|---|---|\n");
	for (int server = 0; server < 3; server++) {
		for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
			for (int start = 0; start < 2; start++) {
				for (int rule = 0; rule < RULES; rule++) {
					const struct fleet fleet = { counts[i], (enum rule)rule, start == 0, server > 0,
								     server > 1 };

					// the smaller ones tell nothing new of a server that is away
					if (server == 0 || (counts[i] == HELPERS && start == 0))
						print_row(page, &fleet);
				}
			}
		}
	}
}

static FILE *open_in(const char *directory, const char *name)
{
	char path[4096];
	FILE *file;

	(void)snprintf(path, sizeof path, "%s/%s", directory, name);
	file = fopen(path, "we");
	if (!file) {
		perror(path);
		exit(1);
	}
	return file;
}

// The worst second after the first hour, to the mean, of so many that start at once.
static int print_worst(const char *count, bool plain)
{
	const struct fleet fleet = { (uint32_t)strtoul(count, NULL, 10), plain ? RULE_NONE : RULE_NOW, true, false, false };
	struct result result;

	if (fleet.count == 0 || fleet.count > HELPERS)
		return 2;
	run(&fleet);
	result = look(&fleet);
	printf("%.2f\n", result.worst_second / result.mean);
	return 0;
}

int main(int argc, char **argv)
{
	FILE *svg, *page;

	if (argc > 2 && !strcmp(argv[1], "--worst"))
		return print_worst(argv[2], argc > 3);
	if (argc != 2) {
		fprintf(stderr, "usage: fleet DIRECTORY | --worst COUNT [plain]\n");
		return 2;
	}
	page = open_in(argv[1], "fleet.md");
	fprintf(page,
		"# A fleet of helpers, and its authorization server\n\n"
		"Written by `make bench-fleet`: a simulation of a day, second by second, in which the project's own functions "
		"(`token_freshness`, `token_plan_renewal`, `token_renewal_pause_ms`) decide. Tokens live for one hour; each helper has "
		"a get every ten seconds or so.\n\n![requests per second over a day](fleet.svg)\n\n");
	print_table(page);
	fprintf(page,
		"\n\"Away\": no answer for 5, 2 and 10 minutes. \"429\": at most twice the mean rate is answered, the rest with "
		"`Retry-After: 30`. The columns are for the time after the first hour; a worst second or "
		"minute is in multiples of the mean. A helper whose token ends while the server is away asks at each get. With few helpers, the worst second is one "
		"request, whatever the rule.\n");
	if (fclose(page) != 0)
		return 1;
	svg = open_in(argv[1], "fleet.svg");
	draw(svg);
	return fclose(svg) != 0;
}
