// SPDX-License-Identifier: Apache-2.0
// husk's entry: global options, the command, its options; and the only place that reports an error.
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libcontainer/kernel/fd.h"
#include "libcontainer/kernel/own_strings.h"
#include "runtime/command.h"
#include "runtime/global_options.h"
#include "runtime/help.h"
#include "runtime/output.h"
#include "runtime/report.h"

// Everything from the command line to the exit code.
struct invocation {
	struct global_options globals;
	struct container_context context;
	struct options_words words;      // the command and what follows
	const struct command *command;   // NULL until known
	struct options_words arguments;  // the command's words
	void *options;                   // owned: the command's struct
	struct report report;
	unsigned trace_number;
	int status;
	struct own_strings strings;
};

// What watches over the program, for memory that is not given back for example, has its say when that ends in order.
#ifdef HUSK_INSTRUMENTED
#define INSTRUMENTED true
#else
#define INSTRUMENTED false
#endif

// What husk, and the programs that it executes for itself, make use of in the caller's environment.
static const char *const kept_variables[] = {
	"PATH=",
	"HOME=",
	"XDG_CACHE_HOME=",
	"XDG_RUNTIME_DIR=",
	"DBUS_SYSTEM_BUS_ADDRESS=",
	"DBUS_SESSION_BUS_ADDRESS=",
	"NOTIFY_SOCKET=",
	"LISTEN_",
	"RUN_OCI_SECCOMP_RECEIVER=",
	"HUSK_",
	"ASAN_OPTIONS=",
	"UBSAN_OPTIONS=",
	"LSAN_OPTIONS=",
	NULL,
};

static int print_help(const struct command *command, struct error *err)
{
	struct text auto_text text = {0};
	help_add(&text, command);
	return output_write(&text, err);
}

// The option is in no row of the command: it may be one of husk's own ("husk run --root X"), or a typing error.
static int explain_unknown(const struct command *command, const char *argument, struct error *err)
{
	const char *name = argument + strspn(argument, "-");
	size_t length = strcspn(name, "=");
	if (options_find(global_options_rows, name, length))
		return error_set(
			err, 0,
			"husk %s: unknown option \"%s\"; it goes in front: husk --%.*s ... %s",
			command->name, argument, (int)length, name, command->name);
	return error_set(err, 0, "husk %s: unknown option \"%s\"; \"husk help %s\" lists them",
			 command->name, argument, command->name);
}

static int explain_options(const struct invocation *call, struct error *err)
{
	if (call->arguments.unknown)
		return explain_unknown(call->command, call->arguments.unknown, err);
	return error_context(err, "husk %s", call->command->name);
}

static int run_command(struct invocation *call, struct error *err)
{
	const struct command *command = call->command;
	// a struct for every command, also for those without options
	call->options = calloc(1, command->options_size + 1);
	if (!call->options)
		return error_errno(err, "options");
	const char *const *arguments = call->words.items + 1;
	int parsed = options_parse(command->options, command->order, arguments, call->options,
				   &call->arguments, err);
	if (parsed < 0)
		return explain_options(call, err);
	if (parsed > 0)
		return print_help(command, err);
	if (command_check_words(command, &call->arguments, err) < 0 ||
	    global_options_apply(&call->globals, &call->context, err) < 0)
		return -1;
	const struct command_call commanded = {
		.context = &call->context,
		.options = call->options,
		.words = call->arguments.items,
		.words_count = call->arguments.count,
	};
	call->trace_number = trace_begin(call->context.trace, command->name);
	return command->run(&commanded, &call->status, err);
}

// parsed: what options_parse said about the global options.
static int dispatch(struct invocation *call, int parsed, struct error *err)
{
	if (parsed > 0)
		return print_help(NULL, err);
	if (call->globals.version) {
		const struct command_call version = {.context = &call->context};
		return command_version.run(&version, &call->status, err);
	}
	if (call->words.count == 0)
		return error_set(err, 0, "husk: no command; \"husk help\" lists them");
	if (command_find_or_explain(call->words.items[0], &call->command, err) < 0)
		return -1;
	call->report.warns = call->command->warns;
	return run_command(call, err);
}

static int invoke(struct invocation *call, char **argv, struct error *err)
{
	int parsed =
		options_parse(global_options_rows, options_order_first,
			      (const char *const *)argv + 1, &call->globals, &call->words, err);
	if (parsed < 0)
		error_context(err, "husk");
	// the log also gets to know what is wrong with the command line
	struct error log_error;
	if (report_open(&call->report, &call->globals.report, &log_error) < 0 && parsed >= 0) {
		*err = log_error;
		parsed = -1;
	}
	if (parsed < 0)
		return -1;
	call->context.log = &call->report.log;
	if (call->globals.trace && !(call->context.trace = trace_make()))
		return error_errno(err, "--trace");
	call->context.argv = argv;
	call->context.strings = &call->strings;
	call->context.ends = !INSTRUMENTED;
	return dispatch(call, parsed, err);
}

static void invocation_done(struct invocation *call)
{
	if (call->command && call->options)
		options_done(call->command->options, call->options, &call->arguments);
	free(call->options);
	options_done(global_options_rows, &call->globals, &call->words);
	report_close(&call->report);
	own_strings_done(&call->strings);
}

static void write_trace(struct invocation *call)
{
	struct text auto_text text = {0};
	struct error err;
	if (!call->context.trace)
		return;
	trace_end(call->context.trace, call->trace_number);
	trace_write(call->context.trace, &text);
	const char *file = call->globals.trace;
	if (fd_write_file(AT_FDCWD, file, text_string(&text), text.length, 0644) < 0) {
		error_errno(&err, "--trace %s", file);
		report_error(&call->report, err.message);
		call->status = 1;
	}
	trace_done(call->context.trace);
}

// Below it a start dies of SIGSEGV, on a stack that is too small even for a message that is put together.
#define STACK_LEAST ((rlim_t)64 * 1024)

static bool has_stack(void)
{
	static const char complaint[] =
		"husk: the limit of the stack (ulimit -s) is below 64 KiB: too small to start a "
		"container\n";
	struct rlimit limit;
	if (getrlimit(RLIMIT_STACK, &limit) < 0 || limit.rlim_cur >= STACK_LEAST)
		return true;
	(void)!write(STDERR_FILENO, complaint, sizeof complaint - 1);
	return false;
}

static __attribute__((noinline)) int run_main(int argc, char **argv);

// Nothing large lies on the stack here.
int main(int argc, char **argv)
{
	return has_stack() ? run_main(argc, argv) : 1;
}

static __attribute__((noinline)) int run_main(int argc, char **argv)
{
	struct invocation call = {.report = {.fd = -1}};
	struct error err = {0};
	if (argc < 1)
		return 1;
	if (fd_fill_stdio() < 0) {
		error_errno(&err, "husk: open what is closed of descriptors 0, 1 and 2");
		report_error(&call.report, err.message);
		return 1;
	}
	// a limit of the file size is an error of write like a full disk, which is undone and reported
	signal(SIGXFSZ, SIG_IGN);
	// a caller that ignores it would have the kernel take the status of our children away
	signal(SIGCHLD, SIG_DFL);
	// what is made here its owner has to use, also whose umask takes that away; what others may is the caller's to say
	umask(umask(0777) & 0077);
	if (own_strings_take(argv, kept_variables, &call.strings) < 0) {
		error_errno(&err, "husk: copy its arguments");
		report_error(&call.report, err.message);
		return 1;
	}
	if (invoke(&call, call.strings.argv, &err) < 0) {
		report_error(&call.report, err.message);
		call.status = call.command ? call.command->failure : 1;
	}
	write_trace(&call);
	// nothing is buffered anywhere; to give back each page and descriptor alone takes longer than to end with them
	if (call.context.ends)
		_exit(call.status);
	invocation_done(&call);
	return call.status;
}
