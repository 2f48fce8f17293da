// SPDX-License-Identifier: Apache-2.0
// See exec_memo.h.
#include "libcontainer/lifecycle/exec_memo.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "libcontainer/base/build_id.h"
#include "libcontainer/base/memory.h"
#include "libcontainer/base/sum.h"
#include "libcontainer/kernel/fd.h"
#include "libcontainer/state/state.h"

#define NAME "exec"
#define FILTER_MAX (512 * 1024)
#define SECTION_MIN 1024U  // below that, reading it is as quick

// The filter and the text follow.
struct head {
	char magic[8];
	char maker[BUILD_ID_ROOM];
	uint64_t sum;  // of all that follows it
	uint32_t filter_length, text_length;
};

static bool fill(struct head *head)
{
	*head = (struct head){.magic = "exec1"};
	return build_id_copy(head->maker);
}

static uint64_t sum_behind(const char *data, size_t length)
{
	const size_t begin = offsetof(struct head, filter_length);
	return sum_of(data + begin, length - begin);
}

static bool is_valid(const char *data, size_t length, struct head *head)
{
	struct head wanted;
	if (length < sizeof *head || !fill(&wanted))
		return false;
	memcpy(head, data, sizeof *head);
	return memcmp(head, &wanted, offsetof(struct head, sum)) == 0 &&
	       (uint64_t)head->filter_length + head->text_length == length - sizeof *head &&
	       head->sum == sum_behind(data, length);
}

int exec_memo_find(int dir_fd, struct exec_memo *memo)
{
	struct head head;
	size_t length;
	auto_free char *data = NULL;
	if (fd_read_file(dir_fd, NAME, SPEC_MAX_BYTES + FILTER_MAX, &data, &length) < 0 ||
	    !is_valid(data, length, &head) ||
	    syscall_filter_unpack(data + sizeof head, head.filter_length, &memo->filter) < 0)
		return -1;
	memo->text = data + sizeof head + head.filter_length;
	memo->length = head.text_length;
	memo->data = take_ptr(&data);
	return 0;
}

static char *compose(const struct head *head, const char *filter, const char *text)
{
	char *data = malloc(sizeof *head + head->filter_length + head->text_length);
	if (!data)
		return NULL;
	memcpy(data, head, sizeof *head);
	memcpy(data + sizeof *head, filter, head->filter_length);
	memcpy(data + sizeof *head + head->filter_length, text, head->text_length);
	return data;
}

void exec_memo_keep(int dir_fd, const struct spec_section *section, const char *text, size_t length,
		    const struct syscall_filter *filter)
{
	struct head head;
	struct error ignored;
	size_t filter_length = 0, rest_length = 0;
	if (section->end - section->begin < SECTION_MIN || !fill(&head))
		return;
	auto_free char *packed = syscall_filter_pack(filter, &filter_length), *rest = NULL;
	if (!packed || filter_length > FILTER_MAX ||
	    profile_text_without(section, text, length, &rest, &rest_length) < 0)
		return;
	head.filter_length = (uint32_t)filter_length;
	head.text_length = (uint32_t)rest_length;
	auto_free char *data = compose(&head, packed, rest);
	if (!data)
		return;
	const size_t size = sizeof head + filter_length + rest_length;
	head.sum = sum_behind(data, size);
	memcpy(data, &head, sizeof head);
	// who deletes the container empties the directory under this lock, and must not find it filled again
	if (state_lock(dir_fd, false, 0, &ignored) < 0)
		return;
	(void)!fd_write_file(dir_fd, NAME, data, size, 0600);
	state_unlock(dir_fd);
}

void exec_memo_done(struct exec_memo *memo)
{
	syscall_filter_done(&memo->filter);
	free(memo->data);
	*memo = (struct exec_memo){.data = NULL};
}
