// SPDX-License-Identifier: Apache-2.0
// One pass over the text that knows strings, braces and which keys stand where, and nothing else of JSON: a profile is most of a
// configuration, and who has seen it before need not parse it again.
#include "spec/section.h"

#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#define CASE_BIT 0x20  // '[' and '{', ']' and '}' differ in it

struct scan {
	const char *at, *end;
	unsigned depth;  // of objects and arrays around this place
	bool in_linux;   // inside the value of the outermost "linux"
	unsigned linux_seen, seccomp_seen;
};

// Past what is, with CASE_BIT set, none of the three. It stops early where the end is near, and at characters that are only like
// them: the caller looks at each. (Most of a configuration is gone over here, at each start.)
static void skip_others(struct scan *scan, char one, char two, char three)
{
#ifdef __SSE2__
	const __m128i bit = _mm_set1_epi8(CASE_BIT), a = _mm_set1_epi8((char)(one | CASE_BIT)),
		      b = _mm_set1_epi8((char)(two | CASE_BIT)),
		      c = _mm_set1_epi8((char)(three | CASE_BIT));
	for (; scan->end - scan->at >= (ptrdiff_t)sizeof bit; scan->at += sizeof bit) {
		__m128i block =
			_mm_or_si128(_mm_loadu_si128((const __m128i *)(const void *)scan->at), bit);
		__m128i found = _mm_or_si128(
			_mm_cmpeq_epi8(block, a),
			_mm_or_si128(_mm_cmpeq_epi8(block, b), _mm_cmpeq_epi8(block, c)));
		unsigned mask = (unsigned)_mm_movemask_epi8(found);
		if (mask) {
			scan->at += __builtin_ctz(mask);
			return;
		}
	}
#else
	(void)scan, (void)one, (void)two, (void)three;
#endif
}

static void skip_blanks(struct scan *scan)
{
	while (scan->at < scan->end &&
	       (*scan->at == ' ' || *scan->at == '\n' || *scan->at == '\t' || *scan->at == '\r'))
		scan->at++;
}

// From behind the opening quote to behind the closing one; *escaped: there is a backslash in it.
static bool skip_string(struct scan *scan, bool *escaped)
{
	*escaped = false;
	while (scan->at < scan->end) {
		skip_others(scan, '"', '\\', '"');
		char c = scan->at < scan->end ? *scan->at++ : '\0';
		if (c == '"')
			return true;
		if (c == '\\') {
			*escaped = true;
			scan->at++;
		}
	}
	return false;
}

// From an opening brace to behind the closing one.
static bool skip_object(struct scan *scan)
{
	unsigned depth = 0;
	bool escaped;
	for (;;) {
		skip_others(scan, '"', '{', '}');
		if (scan->at >= scan->end)
			return false;
		switch (*scan->at++) {
		case '"':
			if (!skip_string(scan, &escaped))
				return false;
			break;
		case '{':
		case '[':
			depth++;
			break;
		case '}':
		case ']':
			if (--depth == 0)
				return true;
			break;
		default:
			break;
		}
	}
}

static bool is_key(const struct scan *scan, const char *begin, const char *name)
{
	size_t length = strlen(name);
	return (size_t)(scan->at - begin) == length + 1 && memcmp(begin, name, length) == 0;
}

// A string has begun; where it is a key on the way, what follows may be what is looked for.
static bool read_string(struct scan *scan, const char *text, struct spec_section *section)
{
	const char *begin = scan->at;
	bool escaped;
	if (!skip_string(scan, &escaped))
		return false;
	bool top = scan->depth == 1, below = scan->depth == 2 && scan->in_linux;
	if (!top && !below)
		return true;
	bool wanted = is_key(scan, begin, top ? "linux" : "seccomp");
	skip_blanks(scan);
	if (scan->at >= scan->end || *scan->at != ':')
		return true;
	// another spelling of the same key would be another one to this pass
	if (escaped)
		return false;
	scan->at++;
	skip_blanks(scan);
	if (top)
		scan->in_linux = wanted;
	if (!wanted)
		return true;
	if (scan->at >= scan->end || *scan->at != '{' ||
	    (top ? scan->linux_seen++ : scan->seccomp_seen++) > 0)
		return false;
	if (top)
		return true;
	section->begin = (size_t)(scan->at - text);
	bool closed = skip_object(scan);
	section->end = (size_t)(scan->at - text);
	return closed;
}

bool spec_find_seccomp(const char *text, size_t length, struct spec_section *section)
{
	struct scan scan = {.at = text, .end = text + length};
	for (;;) {
		skip_others(&scan, '"', '{', '}');
		if (scan.at >= scan.end)
			return scan.depth == 0 && scan.seccomp_seen == 1;
		switch (*scan.at++) {
		case '"':
			if (!read_string(&scan, text, section))
				return false;
			break;
		case '{':
		case '[':
			scan.depth++;
			break;
		case '}':
		case ']':
			if (scan.depth-- == 0)
				return false;
			break;
		default:
			break;
		}
	}
}
