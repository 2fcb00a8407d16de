/* What the check needs of the C library. */
#include <stdarg.h>
#include <stddef.h>
int snprintf(char *text, size_t capacity, const char *format, ...) __attribute__((format(printf, 3, 4)));
int vsnprintf(char *text, size_t capacity, const char *format, va_list arguments);
