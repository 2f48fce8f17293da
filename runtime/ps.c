// SPDX-License-Identifier: Apache-2.0
// husk ps: the processes of a container, as numbers or as the host's ps shows them.
//
// ps writes into a file in memory; its lines are kept whose PID column names a process of the container. So the numbers
// are the host's, and whatever columns ps is asked for work.
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "libcontainer/base/memory.h"
#include "libcontainer/kernel/fd.h"
#include "libcontainer/kernel/process.h"
#include "runtime/command.h"
#include "runtime/output.h"
#include "runtime/ps_filter.h"

struct ps_options {
	const char *format;
};

static int ps_run(const struct command_call *call, int *status, struct error *err);

static const struct options_row rows[] = {
	{"format", "table|json", "how it is printed; table by default",
	 offsetof(struct ps_options, format), options_kind_string, 'f'},
	{0},
};

const struct command command_ps = {
	.name = "ps",
	.words = "ID [PS-ARGUMENT...]",
	.missing = "the container's ID is missing",
	.summary = "show the processes of a container",
	.notes = "Options stand before ID. What follows ID is given to ps(1) (default: -ef); its "
		 "output must have\n"
		 "a PID column.\n",
	.options = rows,
	.options_size = sizeof(struct ps_options),
	.order = options_order_first,
	.words_min = 1,
	.words_max = ~0U,
	.failure = 1,
	.run = ps_run,
};

enum { most_output = 64 * 1024 * 1024 };

static int print_json(const pid_t *pids, size_t count, struct error *err)
{
	struct text auto_text text = {0};
	struct json json = {.text = &text};
	json_begin_array(&json, NULL);
	for (size_t i = 0; i < count; i++)
		json_signed(&json, NULL, pids[i]);
	json_end_array(&json);
	text_add(&text, "\n");
	return output_write(&text, err);
}

static int memory_file(const char *name, struct error *err)
{
	int fd = memfd_create(name, MFD_CLOEXEC);
	return fd < 0 ? error_errno(err, "ps: memory for its output") : fd;
}

static void become_ps(char *const *arguments, int out_fd, int err_fd)
{
	if (dup2(out_fd, STDOUT_FILENO) >= 0 && dup2(err_fd, STDERR_FILENO) >= 0)
		execvp(arguments[0], arguments);
	_exit(errno == ENOENT ? 127 : 126);
}

// What ps complained about: its first line, without the newline.
static void read_complaint(int fd, char *line, size_t size)
{
	ssize_t n = lseek(fd, 0, SEEK_SET) < 0 ? -1 : fd_read(fd, line, size - 1);
	line[n < 0 ? 0 : n] = '\0';
	line[strcspn(line, "\n")] = '\0';
}

static int run_ps(char *const *arguments, int out_fd, struct error *err)
{
	auto_close int err_fd = memory_file("ps-errors", err);
	if (err_fd < 0)
		return -1;
	pid_t pid = fork();
	if (pid < 0)
		return error_errno(err, "ps: fork");
	if (pid == 0)
		become_ps(arguments, out_fd, err_fd);
	int status;
	if (process_reap(pid, &status) < 0)
		return error_errno(err, "ps: wait");
	int code = process_exit_code(status);
	if (code == 0)
		return 0;
	if (code == 127)
		return error_set(err, ENOENT,
				 "ps: executable file not found in $PATH; try --format json");
	char complaint[256];
	read_complaint(err_fd, complaint, sizeof complaint);
	return error_set(err, 0, "ps: exit status %d%s%s", code, *complaint ? ": " : "", complaint);
}

// "ps" and its arguments in one array of borrowed strings. A single argument that holds blanks is taken apart: callers hand
// "-o pid,cmd" over as one, which ps does not understand. apart: a copy of it (owned by the caller).
static char **ps_arguments(const char *const *words, size_t count, char **apart)
{
	static const char ps[] = "ps", all[] = "-ef";
	const char *sole = count == 0 ? all : count == 1 ? words[0] : "";
	*apart = strdup(sole);
	const char **arguments =
		*apart ? calloc(count + strlen(sole) + 3, sizeof *arguments) : NULL;
	if (!arguments)
		return NULL;
	size_t used = 0;
	arguments[used++] = ps;
	for (size_t i = 0; count > 1 && i < count; i++)
		arguments[used++] = words[i];
	char *rest = NULL;
	for (char *p = strtok_r(*apart, " ", &rest); p; p = strtok_r(NULL, " ", &rest))
		arguments[used++] = p;
	// execvp declares what it is given writable, and does not write to it
	return (char **)(void *)arguments;
}

static int print_table(const struct command_call *call, const pid_t *pids, size_t count,
		       struct error *err)
{
	auto_close int out_fd = memory_file("ps-output", err);
	if (out_fd < 0)
		return -1;
	auto_free char *apart = NULL;
	auto_free char **arguments = ps_arguments(call->words + 1, call->words_count - 1, &apart);
	if (!arguments)
		return error_errno(err, "ps");
	if (run_ps(arguments, out_fd, err) < 0)
		return -1;

	auto_free char *output = NULL;
	size_t length;
	if (fd_read_file(-1, fd_proc_path(out_fd).text, most_output, &output, &length) < 0)
		return error_errno(err, "ps: its output");
	struct text auto_text text = {0};
	if (ps_filter(output, pids, count, &text, err) < 0)
		return -1;
	return output_write(&text, err);
}

static int ps_run(const struct command_call *call, int *status unused_result, struct error *err)
{
	const struct ps_options *options = call->options;
	int is_json = output_is_json(options->format, err);
	auto_free pid_t *pids = NULL;
	size_t count = 0;
	if (is_json < 0 ||
	    container_processes(call->context, call->words[0], &pids, &count, err) < 0)
		return -1;
	return is_json ? print_json(pids, count, err) : print_table(call, pids, count, err);
}
