"""Words that generated C must not use as names, by where they come from."""

from __future__ import annotations

KEYWORDS = frozenset(
    # C99
    "auto break case char const continue default do double else enum extern float for goto if inline int long register "
    "restrict return short signed sizeof static struct switch typedef union unsigned void volatile while "
    # C23 and what earlier headers define as macros
    "alignas alignof bool constexpr false nullptr static_assert thread_local true typeof typeof_unqual "
    "complex imaginary noreturn asm fortran "
    # C++
    "and and_eq atomic_cancel atomic_commit atomic_noexcept bitand bitor catch char8_t char16_t char32_t class compl "
    "concept consteval constinit const_cast co_await co_return co_yield decltype delete dynamic_cast explicit export "
    "final friend import module mutable namespace new noexcept not not_eq operator or or_eq override private protected "
    "public reflexpr reinterpret_cast requires static_cast synchronized template this throw try typeid typename "
    "using virtual wchar_t xor xor_eq".split()
)

_MATH = ["acos", "acosh", "asin", "asinh", "atan", "atan2", "atanh", "cbrt", "ceil", "copysign", "cos", "cosh", "erf", "erfc", "exp", "exp2", "expm1", "fabs", "fdim", "floor", "fma", "fmax", "fmin", "fmod", "frexp", "hypot", "ilogb", "ldexp", "lgamma", "llrint", "llround", "log", "log10", "log1p", "log2", "logb", "lrint", "lround", "modf", "nan", "nearbyint", "nextafter", "nexttoward", "pow", "remainder", "remquo", "rint", "round", "scalbln", "scalbn", "sin", "sinh", "sqrt", "tan", "tanh", "tgamma", "trunc"]

MATH = frozenset(name + suffix for name in _MATH for suffix in ("", "f", "l")) | frozenset(
    ["fpclassify", "isfinite", "isgreater", "isgreaterequal", "isinf", "isless", "islessequal", "islessgreater", "isnan", "isnormal", "isunordered", "signbit", "math_errhandling", "float_t", "double_t", "HUGE_VAL", "HUGE_VALF", "HUGE_VALL", "INFINITY", "NAN", "FP_INFINITE", "FP_NAN", "FP_NORMAL", "FP_SUBNORMAL", "FP_ZERO", "FP_FAST_FMA", "FP_FAST_FMAF", "FP_FAST_FMAL", "FP_ILOGB0", "FP_ILOGBNAN", "MATH_ERRNO", "MATH_ERREXCEPT", "M_E", "M_LOG2E", "M_LOG10E", "M_LN2", "M_LN10", "M_PI", "M_PI_2", "M_PI_4", "M_1_PI", "M_2_PI", "M_2_SQRTPI", "M_SQRT2", "M_SQRT1_2"]
)

TYPES_AND_MACROS = frozenset(
    [f"{sign}int{form}{bits}_t" for sign in ("", "u") for form in ("", "_least", "_fast") for bits in (8, 16, 32, 64)]
    + [
        f"{sign}INT{form}{bits}_MAX"
        for sign in ("", "U")
        for form in ("", "_LEAST", "_FAST")
        for bits in (8, 16, 32, 64)
    ]
    + [f"INT{form}{bits}_MIN" for form in ("", "_LEAST", "_FAST") for bits in (8, 16, 32, 64)]
    + [f"{sign}INT{bits}_C" for sign in ("", "U") for bits in (8, 16, 32, 64, "MAX")]
    + ["intptr_t", "uintptr_t", "intmax_t", "uintmax_t", "INTPTR_MIN", "INTPTR_MAX", "UINTPTR_MAX", "INTMAX_MIN", "INTMAX_MAX", "UINTMAX_MAX", "PTRDIFF_MIN", "PTRDIFF_MAX", "SIZE_MAX", "WCHAR_MIN", "WCHAR_MAX", "WINT_MIN", "WINT_MAX", "SIG_ATOMIC_MIN", "SIG_ATOMIC_MAX", "size_t", "ssize_t", "ptrdiff_t", "max_align_t", "NULL", "EOF", "I", "offsetof", "assert", "errno", "CHAR_BIT", "CHAR_MIN", "CHAR_MAX", "SCHAR_MIN", "SCHAR_MAX", "UCHAR_MAX", "SHRT_MIN", "SHRT_MAX", "USHRT_MAX", "INT_MIN", "INT_MAX", "UINT_MAX", "LONG_MIN", "LONG_MAX", "ULONG_MAX", "LLONG_MIN", "LLONG_MAX", "ULLONG_MAX", "FLT_RADIX", "FLT_ROUNDS", "FLT_EVAL_METHOD", "DECIMAL_DIG", "unix", "linux", "i386", "arm", "near", "far", "huge"]
    + [
        f"{kind}_{what}"
        for kind in ("FLT", "DBL", "LDBL")
        for what in ["MANT_DIG", "DIG", "MIN_EXP", "MIN_10_EXP", "MAX_EXP", "MAX_10_EXP", "MAX", "EPSILON", "MIN", "TRUE_MIN", "DECIMAL_DIG"]
    ]
)
"""Types and macros of the standard headers, and names that old compilers predefine without underscores."""

LIBRARY = frozenset(
    "main abort abs atexit atof atoi atol atoll bsearch calloc div exit free getenv labs ldiv llabs lldiv malloc mblen "
    "mbstowcs mbtowc qsort rand realloc srand strtod strtof strtol strtold strtoll strtoul strtoull system wcstombs wctomb "
    "clearerr fclose feof ferror fflush fgetc fgetpos fgets fopen fprintf fputc fputs fread freopen fscanf fseek "
    "fsetpos ftell fwrite getc getchar gets perror printf putc putchar puts remove rename rewind scanf setbuf setvbuf "
    "snprintf sprintf sscanf tmpfile tmpnam ungetc vfprintf vfscanf vprintf vscanf vsnprintf vsprintf vsscanf "
    "memchr memcmp memcpy memmove memset strcat strchr strcmp strcoll strcpy strcspn strerror strlen strncat strncmp "
    "strncpy strpbrk strrchr strspn strstr strtok strxfrm isalnum isalpha isblank iscntrl isdigit isgraph islower isprint "
    "ispunct isspace isupper isxdigit tolower toupper asctime clock ctime difftime gmtime localtime mktime strftime time "
    "raise signal longjmp setjmp localeconv setlocale feclearexcept fegetenv fesetenv feraiseexcept fetestexcept "
    "fegetround fesetround feholdexcept feupdateenv "
    # not ISO C, but in every hosted C library (and built into compilers), so an exported function would clash
    "j0 j1 jn y0 y1 yn j0f j1f jnf y0f y1f ynf gamma lgamma_r gammaf signgam drem dremf exp10 exp10f pow10 scalb scalbf "
    "significand significandf finite finitef sincos sincosf alloca bcmp bcopy bzero index rindex ffs open close read "
    "write select poll pipe fork kill sleep pause link unlink access dup stat wait connect accept bind listen send recv "
    "socket sync brk sbrk stdin stdout stderr environ setup loop".split()
)
"""External names that an exported function must not take (a variable may). setup and loop are Arduino's."""

ANYWHERE = KEYWORDS | MATH | TYPES_AND_MACROS
EXPORTED = ANYWHERE | LIBRARY
