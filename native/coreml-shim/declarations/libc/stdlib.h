/* What the check needs of the C library. */
#include <stddef.h>
void *calloc(size_t count, size_t size);
void free(void *memory);
