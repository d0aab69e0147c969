"""Words that generated C must not use as names, by where they come from."""

from __future__ import annotations

from itertools import product


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_C99 = _words(
    """
    auto break case char const continue default do double else enum extern float for goto if inline int long
    register restrict return short signed sizeof static struct switch typedef union unsigned void volatile while
    """
)

# Keywords of C23; earlier headers define some of them as macros.
_C23 = _words(
    """
    alignas alignof bool constexpr false nullptr static_assert thread_local true typeof typeof_unqual complex
    imaginary noreturn asm fortran
    """
)

_CPP = _words(
    """
    and and_eq atomic_cancel atomic_commit atomic_noexcept bitand bitor catch char16_t char32_t char8_t class
    co_await co_return co_yield compl concept const_cast consteval constinit decltype delete dynamic_cast
    explicit export final friend import module mutable namespace new noexcept not not_eq operator or or_eq
    override private protected public reflexpr reinterpret_cast requires static_cast synchronized template this
    throw try typeid typename using virtual wchar_t xor xor_eq
    """
)

KEYWORDS = _C99 | _C23 | _CPP

_MATH_FUNCTIONS = _words(
    """
    acos acosh asin asinh atan atan2 atanh cbrt ceil copysign cos cosh erf erfc exp exp2 expm1 fabs fdim floor
    fma fmax fmin fmod frexp hypot ilogb ldexp lgamma llrint llround log log10 log1p log2 logb lrint lround modf
    nan nearbyint nextafter nexttoward pow remainder remquo rint round scalbln scalbn sin sinh sqrt tan tanh
    tgamma trunc
    """
)

_MATH_MACROS = _words(
    """
    FP_FAST_FMA FP_FAST_FMAF FP_FAST_FMAL FP_ILOGB0 FP_ILOGBNAN FP_INFINITE FP_NAN FP_NORMAL FP_SUBNORMAL
    FP_ZERO HUGE_VAL HUGE_VALF HUGE_VALL INFINITY MATH_ERREXCEPT MATH_ERRNO M_1_PI M_2_PI M_2_SQRTPI M_E M_LN10
    M_LN2 M_LOG10E M_LOG2E M_PI M_PI_2 M_PI_4 M_SQRT1_2 M_SQRT2 NAN double_t float_t fpclassify isfinite
    isgreater isgreaterequal isinf isless islessequal islessgreater isnan isnormal isunordered math_errhandling
    signbit
    """
)

MATH = _MATH_MACROS | {name + suffix for name, suffix in product(_MATH_FUNCTIONS, ("", "f", "l"))}

_FORMS = ("8", "16", "32", "64", *(f"_{form}{bits}" for form in ("least", "fast") for bits in (8, 16, 32, 64)))
_MACRO_FORMS = tuple(form.upper() for form in _FORMS)
_FLOAT_LIMITS = "MANT_DIG DIG MIN_EXP MIN_10_EXP MAX_EXP MAX_10_EXP MAX EPSILON MIN TRUE_MIN DECIMAL_DIG"

TYPES_AND_MACROS = (
    frozenset(f"{sign}int{form}_t" for sign, form in product(("", "u"), _FORMS))
    | {f"{sign}INT{form}_MAX" for sign, form in product(("", "U"), _MACRO_FORMS)}
    | {f"INT{form}_MIN" for form in _MACRO_FORMS}
    | {f"{sign}INT{form}_C" for sign, form in product(("", "U"), ("8", "16", "32", "64", "MAX"))}
    | {f"{kind}_{limit}" for kind, limit in product(("FLT", "DBL", "LDBL"), _words(_FLOAT_LIMITS))}
    | _words(
        """
        CHAR_BIT CHAR_MAX CHAR_MIN DECIMAL_DIG EOF FLT_EVAL_METHOD FLT_RADIX FLT_ROUNDS I INTMAX_MAX INTMAX_MIN
        INTPTR_MAX INTPTR_MIN INT_MAX INT_MIN LLONG_MAX LLONG_MIN LONG_MAX LONG_MIN NULL PTRDIFF_MAX PTRDIFF_MIN
        SCHAR_MAX SCHAR_MIN SHRT_MAX SHRT_MIN SIG_ATOMIC_MAX SIG_ATOMIC_MIN SIZE_MAX UCHAR_MAX UINTMAX_MAX
        UINTPTR_MAX UINT_MAX ULLONG_MAX ULONG_MAX USHRT_MAX WCHAR_MAX WCHAR_MIN WINT_MAX WINT_MIN arm assert errno
        far huge i386 intmax_t intptr_t linux max_align_t near offsetof ptrdiff_t size_t ssize_t uintmax_t uintptr_t
        unix
        """
    )
)
"""Types and macros of the standard headers, and names that old compilers predefine without underscores."""

LIBRARY = _words(
    """
    abort abs asctime atexit atof atoi atol atoll bsearch calloc clearerr clock ctime difftime div exit fclose
    feclearexcept fegetenv fegetround feholdexcept feof feraiseexcept ferror fesetenv fesetround fetestexcept
    feupdateenv fflush fgetc fgetpos fgets fopen fprintf fputc fputs fread free freopen fscanf fseek fsetpos
    ftell fwrite getc getchar getenv gets gmtime isalnum isalpha isblank iscntrl isdigit isgraph islower isprint
    ispunct isspace isupper isxdigit labs ldiv llabs lldiv localeconv localtime longjmp main malloc mblen
    mbstowcs mbtowc memchr memcmp memcpy memmove memset mktime perror printf putc putchar puts qsort raise rand
    realloc remove rename rewind scanf setbuf setjmp setlocale setvbuf signal snprintf sprintf srand sscanf
    strcat strchr strcmp strcoll strcpy strcspn strerror strftime strlen strncat strncmp strncpy strpbrk strrchr
    strspn strstr strtod strtof strtok strtol strtold strtoll strtoul strtoull strxfrm system time tmpfile
    tmpnam tolower toupper ungetc vfprintf vfscanf vprintf vscanf vsnprintf vsprintf vsscanf wcstombs wctomb
    """
)
"""External names of ISO C's library: an exported function must not take one, a variable may."""

HOSTED = _words(
    """
    j0 j1 jn y0 y1 yn j0f j1f jnf y0f y1f ynf gamma lgamma_r gammaf signgam drem dremf exp10 exp10f pow10 scalb
    scalbf significand significandf finite finitef sincos sincosf alloca bcmp bcopy bzero index rindex ffs open
    close read write select poll pipe fork kill sleep pause link unlink access dup stat wait connect accept bind
    listen send recv socket sync brk sbrk stdin stdout stderr environ setup loop
    """
)
"""Not ISO C, but in every hosted library or built into compilers; setup and loop are Arduino's."""

FILES = _words(
    """
    assert complex ctype errno fenv float inttypes iso646 limits locale malloc math memory setjmp signal stdalign stdarg
    stdatomic stdbit stdbool stdckdint stddef stdint stdio stdlib stdnoreturn string strings tgmath threads time uchar
    unistd wchar wctype Arduino con prn aux nul
    """
)
"""Modules give their name to a header: not that of a standard header, nor of a device that Windows sees in it."""

SYSTEM_TYPES = _words(
    """
    blkcnt_t blksize_t clock_t clockid_t cpu_set_t dev_t div_t fd_set_t fenv_t fexcept_t float32_t float64_t fpos_t
    fsblkcnt_t fsfilcnt_t gid_t id_t ino_t key_t ldiv_t lldiv_t locale_t loff_t mbstate_t mode_t nlink_t off_t
    pid_t pthread_t q7_t q15_t q31_t q63_t quad_t register_t sa_family_t sem_t sig_atomic_t siginfo_t sigset_t
    socklen_t stack_t suseconds_t time_t timer_t u_char_t uid_t useconds_t va_list_t wctrans_t wctype_t wint_t
    """
)
"""Types of hosted systems and of the vendors' libraries that end in _t, as the types of structs do."""

ANYWHERE = KEYWORDS | MATH | TYPES_AND_MACROS
EXPORTED = ANYWHERE | LIBRARY | HOSTED
