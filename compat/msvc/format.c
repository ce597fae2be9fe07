/* SPDX-License-Identifier: MIT */
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "format.h"
#include "utf.h"

/* An integer's or a text's size, as its conversion says it. */
enum size { SIZE_NONE, SIZE_HH, SIZE_H, SIZE_L, SIZE_LL, SIZE_POINTER, SIZE_W, SIZE_LONG_DOUBLE };

/* One conversion, such as %-20.5S. */
struct conversion {
	char flags[8]; /* each of "-+ #0" once at most */
	int width;     /* 0: none */
	int precision; /* -1: none */
	enum size size;
	char letter;
};

/* What is left of the format, and of the arguments. */
struct input {
	const char *bytes;  /* of a narrow function */
	const WCHAR *units; /* of a wide function, else NULL */
	va_list arguments;
};

static unsigned peek(const struct input *input)
{
	return input->units != NULL ? *input->units : (unsigned char)*input->bytes;
}

static void step(struct input *input)
{
	if (input->units != NULL)
		input->units++;
	else
		input->bytes++;
}

/* Whether the format goes on with this text, which is stepped over then. */
static bool take(struct input *input, const char *text)
{
	struct input ahead = { .bytes = input->bytes, .units = input->units };

	for (; *text != '\0'; text++, step(&ahead))
		if (peek(&ahead) != (unsigned char)*text)
			return false;
	input->bytes = ahead.bytes;
	input->units = ahead.units;
	return true;
}

static void add_flag(struct conversion *conversion, char flag)
{
	size_t length = strlen(conversion->flags);

	if (strchr(conversion->flags, flag) == NULL) {
		conversion->flags[length] = flag;
		conversion->flags[length + 1] = '\0';
	}
}

/* A number, or an argument in its place. */
static int take_number(struct input *input)
{
	int number = 0;

	if (take(input, "*"))
		return va_arg(input->arguments, int);
	for (; peek(input) >= '0' && peek(input) <= '9'; step(input)) {
		int digit = (int)(peek(input) - '0');

		number = number > (INT_MAX - digit) / 10 ? INT_MAX : number * 10 + digit;
	}
	return number;
}

static enum size take_size(struct input *input)
{
	static const struct {
		const char *text;
		enum size size;
	} sizes[] = { { "hh", SIZE_HH },     { "h", SIZE_H },           { "ll", SIZE_LL },
		      { "l", SIZE_L },       { "I64", SIZE_LL },        { "I32", SIZE_L },
		      { "I", SIZE_POINTER }, { "j", SIZE_LL },          { "z", SIZE_POINTER },
		      { "t", SIZE_POINTER }, { "L", SIZE_LONG_DOUBLE }, { "w", SIZE_W } };

	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
		if (take(input, sizes[i].text))
			return sizes[i].size;
	return SIZE_NONE;
}

/* What stands behind a '%'. */
static struct conversion take_conversion(struct input *input)
{
	struct conversion conversion = { .precision = -1 };
	unsigned letter;

	while (peek(input) != 0 && peek(input) < 0x80 && strchr("-+ #0", (int)peek(input))) {
		add_flag(&conversion, (char)peek(input));
		step(input);
	}
	conversion.width = take_number(input);
	if (conversion.width < 0) {
		add_flag(&conversion, '-');
		conversion.width = conversion.width == INT_MIN ? INT_MAX : -conversion.width;
	}
	if (take(input, ".")) {
		conversion.precision = take_number(input);
		if (conversion.precision < 0)
			conversion.precision = -1;
	}
	conversion.size = take_size(input);
	letter = peek(input);
	conversion.letter = letter < 0x80 ? (char)letter : '\0';
	if (letter != 0)
		step(input);
	return conversion;
}

static bool is_left(const struct conversion *conversion)
{
	return strchr(conversion->flags, '-') != NULL;
}

/* Text between its padding; units or bytes is how much of its width it takes. */
static void pad_before(struct output *output, const struct conversion *conversion, size_t taken)
{
	if (!is_left(conversion) && (size_t)conversion->width > taken)
		netapi32_crt_output_pad(output, strchr(conversion->flags, '0') != NULL ? '0' : ' ',
		                        (size_t)conversion->width - taken);
}

static void pad_behind(struct output *output, const struct conversion *conversion, size_t taken)
{
	if (is_left(conversion) && (size_t)conversion->width > taken)
		netapi32_crt_output_pad(output, ' ', (size_t)conversion->width - taken);
}

static void put_units(struct output *output, const struct conversion *conversion,
                      const WCHAR *units, size_t length)
{
	pad_before(output, conversion, length);
	for (size_t i = 0; i < length; i++)
		netapi32_crt_output_unit(output, units[i]);
	pad_behind(output, conversion, length);
}

/* Narrow text in a narrow function stays as it is, whatever its encoding. */
static void put_bytes(struct output *output, const struct conversion *conversion, const char *bytes,
                      size_t length)
{
	pad_before(output, conversion, length);
	for (size_t i = 0; i < length; i++)
		netapi32_crt_output_byte(output, bytes[i]);
	pad_behind(output, conversion, length);
}

/* UTF-8 in a wide function, at most limit units of it. */
static void put_utf8(struct output *output, const struct conversion *conversion, const char *bytes,
                     size_t limit)
{
	const char *at = bytes;
	size_t taken = 0;
	WCHAR units[2];
	uint32_t code_point;

	while (taken < limit && (code_point = netapi32_crt_utf8_next(&at)) != 0) {
		unsigned more = netapi32_crt_utf16_put(units, code_point);

		if (more > limit - taken)
			break;
		taken += more;
	}
	pad_before(output, conversion, taken);
	for (size_t left = taken; left > 0;) {
		unsigned more = netapi32_crt_utf16_put(units, netapi32_crt_utf8_next(&bytes));

		for (unsigned i = 0; i < more; i++)
			netapi32_crt_output_unit(output, units[i]);
		left -= more;
	}
	pad_behind(output, conversion, taken);
}

/* Whether the argument of a c or s is wide: C and S are the other way round than their function. */
static bool is_wide(const struct output *output, const struct conversion *conversion)
{
	if (conversion->size == SIZE_H || conversion->size == SIZE_HH)
		return false;
	if (conversion->size == SIZE_L || conversion->size == SIZE_LL || conversion->size == SIZE_W)
		return true;
	return output->wide == (conversion->letter == 's' || conversion->letter == 'c');
}

static void put_text(struct output *output, const struct conversion *conversion,
                     struct input *input)
{
	const void *text = va_arg(input->arguments, const void *);
	size_t limit = conversion->precision >= 0 ? (size_t)conversion->precision : SIZE_MAX;
	size_t length = 0;

	if (text != NULL && is_wide(output, conversion)) {
		while (length < limit && ((const WCHAR *)text)[length] != 0)
			length++;
		put_units(output, conversion, text, length);
	} else if (output->wide) {
		put_utf8(output, conversion, text != NULL ? text : "(null)", limit);
	} else {
		text = text != NULL ? text : "(null)";
		while (length < limit && ((const char *)text)[length] != '\0')
			length++;
		put_bytes(output, conversion, text, length);
	}
}

static void put_character(struct output *output, const struct conversion *conversion,
                          struct input *input)
{
	int argument = va_arg(input->arguments, int);
	WCHAR unit = (WCHAR)argument;
	char byte = (char)argument;

	if (is_wide(output, conversion)) {
		put_units(output, conversion, &unit, 1);
	} else if (output->wide) { /* one byte is a character in ASCII only */
		unit = (WCHAR)((unsigned char)byte < 0x80 ? byte : UTF_REPLACEMENT);
		put_units(output, conversion, &unit, 1);
	} else {
		put_bytes(output, conversion, &byte, 1);
	}
}

static intmax_t take_signed(struct input *input, enum size size)
{
	if (size == SIZE_LL)
		return va_arg(input->arguments, int64_t);
	if (size == SIZE_POINTER)
		return va_arg(input->arguments, ptrdiff_t);
	if (size == SIZE_HH)
		return (signed char)va_arg(input->arguments, int);
	if (size == SIZE_H)
		return (short)va_arg(input->arguments, int);
	return va_arg(input->arguments, int32_t); /* also l: Windows' long */
}

static uintmax_t take_unsigned(struct input *input, enum size size)
{
	if (size == SIZE_LL)
		return va_arg(input->arguments, uint64_t);
	if (size == SIZE_POINTER)
		return va_arg(input->arguments, size_t);
	if (size == SIZE_HH)
		return (unsigned char)va_arg(input->arguments, unsigned);
	if (size == SIZE_H)
		return (unsigned short)va_arg(input->arguments, unsigned);
	return va_arg(input->arguments, uint32_t); /* also l: Windows' long */
}

/* One number by the system's own printf; at says in what type it comes. */
static int put_number_at(char *to, size_t bytes, const struct conversion *conversion, char letter,
                         const char *size, intmax_t integer, long double real)
{
	char format[24];

	snprintf(format, sizeof format, "%%%s*.*%s%c", conversion->flags, size, letter);
	if (*size == 'j')
		return snprintf(to, bytes, format, conversion->width, conversion->precision,
		                integer);
	if (*size == 'L')
		return snprintf(to, bytes, format, conversion->width, conversion->precision, real);
	return snprintf(to, bytes, format, conversion->width, conversion->precision, (double)real);
}

static void put_number(struct output *output, const struct conversion *conversion, char letter,
                       const char *size, intmax_t integer, long double real)
{
	char small[128], *text = small;
	int length = put_number_at(small, sizeof small, conversion, letter, size, integer, real);

	if (length >= (int)sizeof small) {
		text = malloc((size_t)length + 1);
		if (text != NULL)
			length = put_number_at(text, (size_t)length + 1, conversion, letter, size,
			                       integer, real);
	}
	if (text == NULL || length < 0)
		output->failed = true;
	else
		netapi32_crt_output_ascii(output, text, (size_t)length);
	if (text != small)
		free(text);
}

/* A pointer has all of its digits, and no 0x. */
static void put_pointer(struct output *output, const struct conversion *conversion,
                        struct input *input)
{
	struct conversion pointer = *conversion;
	uintptr_t value = (uintptr_t)va_arg(input->arguments, void *);

	pointer.precision = 2 * sizeof(void *);
	strcpy(pointer.flags, is_left(conversion) ? "-" : "");
	put_number(output, &pointer, 'X', "j", (intmax_t)value, 0);
}

/* Returns false for a conversion that does not exist. */
static bool put_conversion(struct output *output, const struct conversion *conversion,
                           struct input *input)
{
	switch (conversion->letter) {
	case '%':
		netapi32_crt_output_ascii(output, "%", 1);
		return true;
	case 'c':
	case 'C':
		put_character(output, conversion, input);
		return true;
	case 's':
	case 'S':
		put_text(output, conversion, input);
		return true;
	case 'd':
	case 'i':
		put_number(output, conversion, 'd', "j", take_signed(input, conversion->size), 0);
		return true;
	case 'o':
	case 'u':
	case 'x':
	case 'X':
		put_number(output, conversion, conversion->letter, "j",
		           (intmax_t)take_unsigned(input, conversion->size), 0);
		return true;
	case 'p':
		put_pointer(output, conversion, input);
		return true;
	case 'a':
	case 'A':
	case 'e':
	case 'E':
	case 'f':
	case 'F':
	case 'g':
	case 'G':
		if (conversion->size == SIZE_LONG_DOUBLE)
			put_number(output, conversion, conversion->letter, "L", 0,
			           va_arg(input->arguments, long double));
		else
			put_number(output, conversion, conversion->letter, "", 0,
			           va_arg(input->arguments, double));
		return true;
	default:
		return false;
	}
}

/* The format from one place to another, as it stands. */
static void put_format(struct output *output, const struct input *from, const struct input *to)
{
	struct input at = { .bytes = from->bytes, .units = from->units };

	for (; at.bytes != to->bytes || at.units != to->units; step(&at)) {
		if (at.units != NULL)
			netapi32_crt_output_unit(output, *at.units);
		else
			netapi32_crt_output_byte(output, *at.bytes);
	}
}

static void format_all(struct output *output, struct input *input)
{
	while (peek(input) != 0 && !output->failed) {
		struct input before = { .bytes = input->bytes, .units = input->units };
		struct conversion conversion;

		if (peek(input) != '%') {
			step(input);
			put_format(output, &before, input);
			continue;
		}
		step(input);
		conversion = take_conversion(input);
		if (!put_conversion(output, &conversion, input))
			put_format(output, &before, input);
	}
}

void netapi32_crt_format_narrow(struct output *output, const char *format, va_list arguments)
{
	struct input input = { .bytes = format };

	va_copy(input.arguments, arguments);
	format_all(output, &input);
	va_end(input.arguments);
}

void netapi32_crt_format_wide(struct output *output, const WCHAR *format, va_list arguments)
{
	struct input input = { .units = format };

	va_copy(input.arguments, arguments);
	format_all(output, &input);
	va_end(input.arguments);
}
