// SPDX-License-Identifier: Apache-2.0
// Runs the commands of a plan in rounds, each round in a new random order, and writes what each took. No C library: a child's peak
// of resident memory, as the kernel counts it, includes the memory that it had before its exec, which is this program's.
//
//   interleave PLAN OUT ROUNDS IDLE_MS WARM SECONDS
//
// PLAN, one word list a line:
//   entry NAME              begins what is measured as NAME; its standard error goes to OUT.NAME.err
//   env NAME=VALUE          one more variable for its commands
//   uid N                   its commands run as this user and group
//   before CMD...           not measured
//   time LABEL CMD...       measured
//   many LABEL COUNT CMD... COUNT of them at once, until the last has ended: measured as one
//   after CMD...            not measured; done also when a step before has failed
//   each COUNT CMD...       as after, COUNT of them at once
// In CMD: {id} is new for each round, {n} the number of the round, {k} the number within many/each, {out} the first word that
// the last command that printed something (of the same {k}) printed. No shell: words are separated by blanks.
//
// OUT gets a line for each measured step:  NAME LABEL ROUND NANOSECONDS USER_US SYSTEM_US FAULTS PEAK_KB COUNT STATUS
// Warm-up rounds have negative numbers. An entry that fails in 3 rounds in a row is left out from then on, and nothing is begun after SECONDS.
// The times, faults and peak are those of wait4: of the command and all descendants that were waited for.
#include "tests/bench/raw.h"

#include <linux/fcntl.h>
#include <linux/resource.h>

enum {
	MAX_ENTRIES = 24,
	MAX_STEPS = 16,
	MAX_WORDS = 40,
	MAX_MANY = 128,
	MAX_ENV = 12,
	GIVE_UP = 3
};
enum kind { KIND_BEFORE, KIND_TIME, KIND_MANY, KIND_EACH, KIND_AFTER };

struct step {
	enum kind kind;
	int count;
	const char *label;
	char *words[MAX_WORDS];
};
struct entry {
	const char *name;
	struct step steps[MAX_STEPS];
	const char *env[MAX_ENV];
	int n_steps, n_env, failures;
	long uid;
};
struct taken {
	uint64_t ns;
	unsigned long user_us, system_us, faults, peak_kb;
	int status;
};

static char plan[65536];
static struct entry entries[MAX_ENTRIES];
static int n_entries;
static const char *out_path;
static long out_fd;
static uint64_t random_state;
static const char *const base_env[] = {
	"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root",
	"LC_ALL=C"};

// what the child of vfork needs
static struct launch {
	char *argv[MAX_WORDS + 1];
	const char *envp[MAX_ENV + 4];
	char text[8192];
	char stdout_path[256], stderr_path[256];
	long uid;
	volatile long failed;
} launch;
static char child_stack[8192] __attribute__((aligned(16)));

static void fail(const char *what)
{
	raw_say("interleave: ");
	raw_say(what);
	raw_say("\n");
	RAW(exit_group, 2);
}

// ---- the plan -----------------------------------------------------------------------------------------------

static char *next_word(char **at)
{
	char *p = *at;
	while (*p == ' ' || *p == '\t')
		p++;
	char *word = *p ? p : NULL;
	while (*p && *p != ' ' && *p != '\t')
		p++;
	if (*p)
		*p++ = 0;
	*at = p;
	return word;
}

static char *need_word(char **at)
{
	char *word = next_word(at);
	if (!word)
		fail("a line of the plan is too short");
	return word;
}

static void read_step(struct entry *e, enum kind kind, char *at)
{
	if (e->n_steps == MAX_STEPS)
		fail("too many steps");
	struct step *s = &e->steps[e->n_steps++];
	s->kind = kind;
	s->count = 1;
	if (kind == KIND_TIME || kind == KIND_MANY)
		s->label = need_word(&at);
	if (kind == KIND_MANY || kind == KIND_EACH)
		s->count = (int)raw_number(need_word(&at));
	if (s->count < 1 || s->count > MAX_MANY)
		fail("a count is out of range");
	int n = 0;
	while ((s->words[n] = next_word(&at)))
		if (++n == MAX_WORDS)
			fail("too many words");
	if (!n)
		fail("a step without a command");
}

static void read_line(char *line)
{
	static const char *const kinds[] = {"before", "time", "many", "each", "after"};
	char *at = line, *word = next_word(&at);
	if (!word || *word == '#')
		return;
	if (raw_equal(word, "entry")) {
		if (n_entries == MAX_ENTRIES)
			fail("too many entries");
		entries[n_entries].uid = -1;
		entries[n_entries++].name = need_word(&at);
		return;
	}
	if (!n_entries)
		fail("the plan does not begin with an entry");
	struct entry *e = &entries[n_entries - 1];
	if (raw_equal(word, "env")) {
		if (e->n_env == MAX_ENV)
			fail("too many variables");
		e->env[e->n_env++] = need_word(&at);
		return;
	}
	if (raw_equal(word, "uid")) {
		e->uid = raw_number(need_word(&at));
		return;
	}
	for (unsigned i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		if (raw_equal(word, kinds[i])) {
			read_step(e, (enum kind)i, at);
			return;
		}
	fail("an unknown line in the plan");
}

static void read_plan(const char *path)
{
	long fd = RAW(open, path, O_RDONLY | O_CLOEXEC, 0), n = 0, got;
	if (fd < 0)
		fail("cannot open the plan");
	while ((got = RAW(read, fd, plan + n, sizeof(plan) - 1 - (size_t)n)) > 0)
		n += got;
	RAW(close, fd);
	if (n == (long)sizeof(plan) - 1)
		fail("the plan is too long");
	for (char *p = plan, *end; *p; p = end) {
		end = p;
		while (*end && *end != '\n')
			end++;
		if (*end)
			*end++ = 0;
		read_line(p);
	}
}

// ---- words --------------------------------------------------------------------------------------------------

static void scratch_path(char *to, const char *suffix, long k)
{
	char *end = raw_put(raw_put(to, out_path), suffix);
	if (k >= 0)
		raw_put_number(end, (unsigned long)k);
}

// appends the first word of what was printed
static char *put_printed(char *end, long k)
{
	char path[256];
	scratch_path(path, ".out", k);
	long fd = RAW(open, path, O_RDONLY | O_CLOEXEC, 0);
	long n = fd >= 0 ? RAW(read, fd, end, 128) : 0;
	RAW(close, fd);
	for (long i = 0; i < n && end[0] > ' '; i++)
		end++;
	*end = 0;
	return end;
}

static int begins(const char *s, const char *with)
{
	while (*with && *s == *with)
		s++, with++;
	return !*with;
}

static char *put_filled(char *end, const char *limit, const char *word, const struct entry *e,
			unsigned long number, long k)
{
	while (*word && end + 160 < limit) {
		if (begins(word, "{id}")) {
			end = raw_put_number(raw_put(raw_put(end, e->name), "-"), number);
			word += 4;
		} else if (begins(word, "{n}")) {
			end = raw_put_number(end, number);
			word += 3;
		} else if (begins(word, "{k}")) {
			end = raw_put_number(end, (unsigned long)k);
			word += 3;
		} else if (begins(word, "{out}")) {
			end = put_printed(end, k);
			word += 5;
		} else {
			*end++ = *word++;
		}
	}
	*end = 0;
	return end + 1;
}

static void fill_launch(const struct entry *e, const struct step *s, unsigned long number, long k)
{
	char *end = launch.text;
	int i = 0, n = 0;
	for (; s->words[i]; i++) {
		launch.argv[i] = end;
		end = put_filled(end, launch.text + sizeof(launch.text), s->words[i], e, number, k);
	}
	launch.argv[i] = NULL;
	for (unsigned j = 0; j < sizeof(base_env) / sizeof(*base_env); j++)
		launch.envp[n++] = base_env[j];
	for (int j = 0; j < e->n_env; j++)
		launch.envp[n++] = e->env[j];
	launch.envp[n] = NULL;
	launch.uid = e->uid;
	scratch_path(launch.stdout_path, ".out", k);
	raw_put(raw_put(raw_put(raw_put(launch.stderr_path, out_path), "."), e->name), ".err");
}

// ---- running ------------------------------------------------------------------------------------------------

static void put_fd(int to, const char *path, int flags)
{
	long fd = RAW(open, path, flags, 0666);
	if (fd < 0) {
		launch.failed = fd;
		RAW(exit, 126);
	}
	if (fd != to) {
		RAW(dup2, fd, to);
		RAW(close, fd);
	}
}

static void child(void)
{
	put_fd(0, "/dev/null", O_RDONLY);
	put_fd(1, launch.stdout_path, O_WRONLY | O_CREAT);  // silence keeps what is there
	put_fd(2, launch.stderr_path, O_WRONLY | O_CREAT | O_APPEND);
	if (launch.uid >= 0) {
		RAW(setgroups, 0, 0);
		RAW(setresgid, launch.uid, launch.uid, launch.uid);
		RAW(setresuid, launch.uid, launch.uid, launch.uid);
	}
	launch.failed = RAW(execve, launch.argv[0], launch.argv, launch.envp);
	RAW(exit, 127);
}

// returns when the child has executed its command
static long spawn(void)
{
	struct clone_args a;
	memset(&a, 0, sizeof(a));
	a.flags = CLONE_VM | CLONE_VFORK;
	a.exit_signal = 17;  // SIGCHLD
	a.stack = (uintptr_t)child_stack;
	a.stack_size = sizeof(child_stack);
	launch.failed = 0;
	return raw_clone(&a, child);
}

static void add_usage(struct taken *t, const struct rusage *u, int status)
{
	t->user_us +=
		(unsigned long)u->ru_utime.tv_sec * 1000000 + (unsigned long)u->ru_utime.tv_usec;
	t->system_us +=
		(unsigned long)u->ru_stime.tv_sec * 1000000 + (unsigned long)u->ru_stime.tv_usec;
	t->faults += (unsigned long)u->ru_minflt;
	if ((unsigned long)u->ru_maxrss > t->peak_kb)
		t->peak_kb = (unsigned long)u->ru_maxrss;
	if (status && !t->status)
		t->status = status & 127 ? 128 + (status & 127) : status >> 8 & 255;
}

static void run_step(const struct entry *e, const struct step *s, unsigned long number,
		     struct taken *t)
{
	long pids[MAX_MANY];
	struct rusage usage;
	int status;
	memset(t, 0, sizeof(*t));
	fill_launch(e, s, number, 0);
	uint64_t begin = raw_now_ns();
	for (int k = 0; k < s->count; k++) {
		if (k)
			fill_launch(e, s, number, k);
		pids[k] = spawn();
	}
	for (int k = 0; k < s->count; k++) {
		status = 127 << 8;
		memset(&usage, 0, sizeof(usage));
		if (pids[k] > 0)
			RAW(wait4, pids[k], &status, 0, &usage);
		if (k == s->count - 1)
			t->ns = raw_now_ns() - begin;
		add_usage(t, &usage, status);
	}
}

static void write_taken(const struct entry *e, const struct step *s, long round,
			const struct taken *t)
{
	char line[512], *end = raw_put(line, e->name);
	const unsigned long numbers[] = {(unsigned long)(round < 0 ? -round : round),
					 t->ns,
					 t->user_us,
					 t->system_us,
					 t->faults,
					 t->peak_kb,
					 (unsigned long)s->count,
					 (unsigned long)t->status};
	end = raw_put(raw_put(end, "\t"), s->label);
	for (unsigned i = 0; i < sizeof(numbers) / sizeof(*numbers); i++)
		end = raw_put_number(raw_put(end, i == 0 && round < 0 ? "\t-" : "\t"), numbers[i]);
	end = raw_put(end, "\n");
	RAW(write, out_fd, line, end - line);
}

static void run_entry(struct entry *e, long round, unsigned long number)
{
	struct taken t;
	int failed = 0;
	for (int i = 0; i < e->n_steps; i++) {
		const struct step *s = &e->steps[i];
		int always = s->kind == KIND_AFTER || s->kind == KIND_EACH;
		if (failed && !always)
			continue;
		run_step(e, s, number, &t);
		if (s->kind == KIND_TIME || s->kind == KIND_MANY)
			write_taken(e, s, round, &t);
		failed |= t.status != 0 && !always;
	}
	e->failures = failed ? e->failures + 1 : 0;
}

static unsigned random_below(unsigned n)
{
	random_state = random_state * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)((random_state >> 33) % n);
}

static void shuffle(int *order)
{
	for (int i = 0; i < n_entries; i++)
		order[i] = i;
	for (int i = n_entries - 1; i > 0; i--) {
		int j = (int)random_below((unsigned)i + 1), x = order[i];
		order[i] = order[j];
		order[j] = x;
	}
}

static void sleep_ms(long ms)
{
	long t[2] = {ms / 1000, ms % 1000 * 1000000};
	if (ms > 0)
		RAW(nanosleep, t, 0);
}

static int run(int argc, char **argv, char **envp)
{
	int order[MAX_ENTRIES];
	(void)envp;
	if (argc != 7 || raw_length(argv[2]) > 150)
		fail("usage: interleave PLAN OUT ROUNDS IDLE_MS WARM SECONDS");
	out_path = argv[2];
	read_plan(argv[1]);
	out_fd = RAW(open, out_path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (out_fd < 0)
		fail("cannot make the output file");
	long rounds = raw_number(argv[3]), idle = raw_number(argv[4]), warm = raw_number(argv[5]);
	uint64_t begin = raw_now_ns(), end = begin + (uint64_t)raw_number(argv[6]) * 1000000000u;
	unsigned long number = begin / 1000000 % 1000000 * 1000;
	random_state = begin;
	for (long round = -warm; round < rounds; round++) {
		shuffle(order);
		for (int i = 0; i < n_entries; i++) {
			if (entries[order[i]].failures >= GIVE_UP)
				continue;
			if (raw_now_ns() > end)
				return 3;
			sleep_ms(idle);
			run_entry(&entries[order[i]], round,
				  number + (unsigned long)(round + warm));
		}
	}
	return 0;
}
RAW_START
