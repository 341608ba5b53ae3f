#include "base/decimal.h"

#include <math.h>
#include <stdint.h>

#define FAR 100000 /* an exponent that no double has */

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* x 10^e. */
static double scaled(double x, int e)
{
	static const double tens[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
				      1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

	if (x == 0)
		return x;
	for (; e > 22 && isfinite(x); e -= 22)
		x *= tens[22];
	for (; e < -22 && x != 0; e += 22)
		x /= tens[22];
	if (e > 22 || e < -22)
		return x;
	return e < 0 ? x / tens[-e] : x * tens[e];
}

/* Digits with at most one point, as *value 10^*exponent; the first 18 of them count. False: there are none. */
static bool read_digits(const char **at, const char *end, double *value, int *exponent)
{
	uint64_t mantissa = 0;
	bool any = false, point = false;
	int kept = 0;

	for (; *at < end && (is_digit(**at) || (**at == '.' && !point)); ++*at) {
		if (**at == '.') {
			point = true;
			continue;
		}
		any = true;
		if (kept < 18) {
			mantissa = mantissa * 10 + (uint64_t)(**at - '0');
			kept += mantissa > 0;
			*exponent -= point && *exponent > -FAR;
		} else {
			*exponent += !point && *exponent < FAR;
		}
	}
	*value = (double)mantissa;
	return any;
}

static bool take_sign(const char **at, const char *end)
{
	const bool minus = *at < end && **at == '-';

	*at += minus || (*at < end && **at == '+');
	return minus;
}

bool heed__decimal_read(const char **at, const char *end, double *out)
{
	const bool minus = take_sign(at, end);
	int exponent = 0, e = 0;
	double value;

	if (!read_digits(at, end, &value, &exponent))
		return false;
	if (*at < end && (**at == 'e' || **at == 'E')) {
		bool down;

		++*at;
		down = take_sign(at, end);
		if (*at == end || !is_digit(**at))
			return false;
		for (; *at < end && is_digit(**at); ++*at)
			e = e < FAR ? e * 10 + (**at - '0') : e;
		exponent += down ? -e : e;
	}
	value = scaled(value, exponent);
	*out = minus ? -value : value;
	return isfinite(*out);
}
