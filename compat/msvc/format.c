/* SPDX-License-Identifier: MIT */
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "format.h"
#include "utf.h"

/* The size of an integer or of the characters of a text, as a conversion gives it. */
enum conversion_size {
	SIZE_NONE,
	SIZE_HH,
	SIZE_H,
	SIZE_L,
	SIZE_LL,
	SIZE_POINTER,
	SIZE_W,
	SIZE_LONG_DOUBLE
};

/* One conversion, such as %-20.5S. */
struct conversion {
	char flags[8]; /* each of "-+ #0" once at most */
	int width;     /* 0: none */
	int precision; /* -1: none */
	enum conversion_size size;
	char letter;
};

/* The rest of the format and of the arguments. */
struct format_input {
	const char *bytes;  /* the format of a narrow function */
	const WCHAR *units; /* the format of a wide function, else NULL */
	va_list arguments;
};

static unsigned format_peek(const struct format_input *input)
{
	return input->units != NULL ? *input->units : (unsigned char)*input->bytes;
}

static void format_step(struct format_input *input)
{
	if (input->units != NULL)
		input->units++;
	else
		input->bytes++;
}

/* Steps over text if the format continues with it. Returns whether it did. */
static bool format_accept(struct format_input *input, const char *text)
{
	struct format_input ahead = { .bytes = input->bytes, .units = input->units };

	for (; *text != '\0'; text++, format_step(&ahead))
		if (format_peek(&ahead) != (unsigned char)*text)
			return false;
	input->bytes = ahead.bytes;
	input->units = ahead.units;
	return true;
}

static void conversion_add_flag(struct conversion *conversion, char flag)
{
	size_t length = strlen(conversion->flags);

	if (strchr(conversion->flags, flag) == NULL) {
		conversion->flags[length] = flag;
		conversion->flags[length + 1] = '\0';
	}
}

/* Reads a number, or the argument that a "*" stands for. */
static int conversion_read_number(struct format_input *input)
{
	int number = 0;

	if (format_accept(input, "*"))
		return va_arg(input->arguments, int);
	for (; format_peek(input) >= '0' && format_peek(input) <= '9'; format_step(input)) {
		int digit = (int)(format_peek(input) - '0');

		number = number > (INT_MAX - digit) / 10 ? INT_MAX : number * 10 + digit;
	}
	return number;
}

static enum conversion_size conversion_read_size(struct format_input *input)
{
	static const struct {
		const char *text;
		enum conversion_size size;
	} sizes[] = { { "hh", SIZE_HH },     { "h", SIZE_H },           { "ll", SIZE_LL },
		      { "l", SIZE_L },       { "I64", SIZE_LL },        { "I32", SIZE_L },
		      { "I", SIZE_POINTER }, { "j", SIZE_LL },          { "z", SIZE_POINTER },
		      { "t", SIZE_POINTER }, { "L", SIZE_LONG_DOUBLE }, { "w", SIZE_W } };

	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
		if (format_accept(input, sizes[i].text))
			return sizes[i].size;
	return SIZE_NONE;
}

/* Reads the conversion after a '%'. */
static struct conversion conversion_read(struct format_input *input)
{
	struct conversion conversion = { .precision = -1 };
	unsigned letter;

	while (format_peek(input) != 0 && format_peek(input) < 0x80 &&
	       strchr("-+ #0", (int)format_peek(input))) {
		conversion_add_flag(&conversion, (char)format_peek(input));
		format_step(input);
	}
	conversion.width = conversion_read_number(input);
	if (conversion.width < 0) {
		conversion_add_flag(&conversion, '-');
		conversion.width = conversion.width == INT_MIN ? INT_MAX : -conversion.width;
	}
	if (format_accept(input, ".")) {
		conversion.precision = conversion_read_number(input);
		if (conversion.precision < 0)
			conversion.precision = -1;
	}
	conversion.size = conversion_read_size(input);
	letter = format_peek(input);
	conversion.letter = letter < 0x80 ? (char)letter : '\0';
	if (letter != 0)
		format_step(input);
	return conversion;
}

static bool conversion_is_left_aligned(const struct conversion *conversion)
{
	return strchr(conversion->flags, '-') != NULL;
}

/* The padding on both sides of a text that takes so many units or bytes of the width. */
static void format_pad_before(struct output *output, const struct conversion *conversion,
                              size_t taken)
{
	if (!conversion_is_left_aligned(conversion) && (size_t)conversion->width > taken)
		netapi32_crt_output_pad(output, strchr(conversion->flags, '0') != NULL ? '0' : ' ',
		                        (size_t)conversion->width - taken);
}

static void format_pad_after(struct output *output, const struct conversion *conversion,
                             size_t taken)
{
	if (conversion_is_left_aligned(conversion) && (size_t)conversion->width > taken)
		netapi32_crt_output_pad(output, ' ', (size_t)conversion->width - taken);
}

static void format_put_units(struct output *output, const struct conversion *conversion,
                             const WCHAR *units, size_t length)
{
	format_pad_before(output, conversion, length);
	for (size_t i = 0; i < length; i++)
		netapi32_crt_output_unit(output, units[i]);
	format_pad_after(output, conversion, length);
}

/* Narrow text in a narrow function is written unchanged, in any encoding. */
static void format_put_bytes(struct output *output, const struct conversion *conversion,
                             const char *bytes, size_t length)
{
	format_pad_before(output, conversion, length);
	for (size_t i = 0; i < length; i++)
		netapi32_crt_output_byte(output, bytes[i]);
	format_pad_after(output, conversion, length);
}

/* Writes UTF-8 in a wide function, at most limit units. */
static void format_put_utf8(struct output *output, const struct conversion *conversion,
                            const char *bytes, size_t limit)
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
	format_pad_before(output, conversion, taken);
	for (size_t left = taken; left > 0;) {
		unsigned more = netapi32_crt_utf16_put(units, netapi32_crt_utf8_next(&bytes));

		for (unsigned i = 0; i < more; i++)
			netapi32_crt_output_unit(output, units[i]);
		left -= more;
	}
	format_pad_after(output, conversion, taken);
}

/* Whether the argument of a c or s is wide. C and S are wide in narrow functions, and narrow in
 * wide ones. */
static bool conversion_is_wide(const struct output *output, const struct conversion *conversion)
{
	if (conversion->size == SIZE_H || conversion->size == SIZE_HH)
		return false;
	if (conversion->size == SIZE_L || conversion->size == SIZE_LL || conversion->size == SIZE_W)
		return true;
	return output->wide == (conversion->letter == 's' || conversion->letter == 'c');
}

static void format_put_text(struct output *output, const struct conversion *conversion,
                            struct format_input *input)
{
	const void *text = va_arg(input->arguments, const void *);
	size_t limit = conversion->precision >= 0 ? (size_t)conversion->precision : SIZE_MAX;
	size_t length = 0;

	if (text != NULL && conversion_is_wide(output, conversion)) {
		while (length < limit && ((const WCHAR *)text)[length] != 0)
			length++;
		format_put_units(output, conversion, text, length);
	} else if (output->wide) {
		format_put_utf8(output, conversion, text != NULL ? text : "(null)", limit);
	} else {
		text = text != NULL ? text : "(null)";
		while (length < limit && ((const char *)text)[length] != '\0')
			length++;
		format_put_bytes(output, conversion, text, length);
	}
}

static void format_put_character(struct output *output, const struct conversion *conversion,
                                 struct format_input *input)
{
	int argument = va_arg(input->arguments, int);
	WCHAR unit = (WCHAR)argument;
	char byte = (char)argument;

	if (conversion_is_wide(output, conversion)) {
		format_put_units(output, conversion, &unit, 1);
	} else if (output->wide) { /* one byte is a whole character only in ASCII */
		unit = (WCHAR)((unsigned char)byte < 0x80 ? byte : UTF_REPLACEMENT);
		format_put_units(output, conversion, &unit, 1);
	} else {
		format_put_bytes(output, conversion, &byte, 1);
	}
}

static intmax_t format_read_signed(struct format_input *input, enum conversion_size size)
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

static uintmax_t format_read_unsigned(struct format_input *input, enum conversion_size size)
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

/* Prints one number with the printf of the system. size is "j" for integer, "L" or "" for real. */
static int format_print_number(char *to, size_t bytes, const struct conversion *conversion,
                               char letter, const char *size, intmax_t integer, long double real)
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

static void format_put_number(struct output *output, const struct conversion *conversion,
                              char letter, const char *size, intmax_t integer, long double real)
{
	char small[128], *text = small;
	int length = format_print_number(small, sizeof small, conversion, letter, size, integer,
	                                 real);

	if (length >= (int)sizeof small) {
		text = malloc((size_t)length + 1);
		if (text != NULL)
			length = format_print_number(text, (size_t)length + 1, conversion, letter,
			                             size, integer, real);
	}
	if (text == NULL || length < 0)
		output->failed = true;
	else
		netapi32_crt_output_ascii(output, text, (size_t)length);
	if (text != small)
		free(text);
}

/* A pointer is printed with all its digits and without 0x. */
static void format_put_pointer(struct output *output, const struct conversion *conversion,
                               struct format_input *input)
{
	struct conversion pointer = *conversion;
	uintptr_t value = (uintptr_t)va_arg(input->arguments, void *);

	pointer.precision = 2 * sizeof(void *);
	strcpy(pointer.flags, conversion_is_left_aligned(conversion) ? "-" : "");
	format_put_number(output, &pointer, 'X', "j", (intmax_t)value, 0);
}

/* Returns false if there is no such conversion. */
static bool format_put_conversion(struct output *output, const struct conversion *conversion,
                                  struct format_input *input)
{
	switch (conversion->letter) {
	case '%':
		netapi32_crt_output_ascii(output, "%", 1);
		return true;
	case 'c':
	case 'C':
		format_put_character(output, conversion, input);
		return true;
	case 's':
	case 'S':
		format_put_text(output, conversion, input);
		return true;
	case 'd':
	case 'i':
		format_put_number(output, conversion, 'd', "j",
		                  format_read_signed(input, conversion->size), 0);
		return true;
	case 'o':
	case 'u':
	case 'x':
	case 'X':
		format_put_number(output, conversion, conversion->letter, "j",
		                  (intmax_t)format_read_unsigned(input, conversion->size), 0);
		return true;
	case 'p':
		format_put_pointer(output, conversion, input);
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
			format_put_number(output, conversion, conversion->letter, "L", 0,
			                  va_arg(input->arguments, long double));
		else
			format_put_number(output, conversion, conversion->letter, "", 0,
			                  va_arg(input->arguments, double));
		return true;
	default:
		return false;
	}
}

/* Writes the part of the format between two places unchanged. */
static void format_put_verbatim(struct output *output, const struct format_input *from,
                                const struct format_input *to)
{
	struct format_input at = { .bytes = from->bytes, .units = from->units };

	for (; at.bytes != to->bytes || at.units != to->units; format_step(&at)) {
		if (at.units != NULL)
			netapi32_crt_output_unit(output, *at.units);
		else
			netapi32_crt_output_byte(output, *at.bytes);
	}
}

static void format_all(struct output *output, struct format_input *input)
{
	while (format_peek(input) != 0 && !output->failed) {
		struct format_input before = { .bytes = input->bytes, .units = input->units };
		struct conversion conversion;

		if (format_peek(input) != '%') {
			format_step(input);
			format_put_verbatim(output, &before, input);
			continue;
		}
		format_step(input);
		conversion = conversion_read(input);
		if (!format_put_conversion(output, &conversion, input))
			format_put_verbatim(output, &before, input);
	}
}

void netapi32_crt_format_narrow(struct output *output, const char *format, va_list arguments)
{
	struct format_input input = { .bytes = format };

	va_copy(input.arguments, arguments);
	format_all(output, &input);
	va_end(input.arguments);
}

void netapi32_crt_format_wide(struct output *output, const WCHAR *format, va_list arguments)
{
	struct format_input input = { .units = format };

	va_copy(input.arguments, arguments);
	format_all(output, &input);
	va_end(input.arguments);
}
