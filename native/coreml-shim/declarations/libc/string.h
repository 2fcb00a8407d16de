/* What the check needs of the C library. */
#include <stddef.h>
void *memcpy(void *to, const void *from, size_t size);
