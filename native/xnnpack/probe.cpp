// Prints what the C headers of one XNNPACK version declare, a line for each name: see `probe`, which writes names.inc.
// Types are letters, as in Baton's XnnFunction: p an address or size_t, i 32 bits, f float, v void; b and d are bool
// and double, ? anything else.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <type_traits>

#include <pthreadpool.h>
#include <xnnpack.h>

template <typename T>
constexpr char letter() {
  if (std::is_void<T>::value) return 'v';
  if (std::is_pointer<T>::value) return 'p';
  if (std::is_same<T, bool>::value) return 'b';
  if (std::is_same<T, float>::value) return 'f';
  if (std::is_same<T, double>::value) return 'd';
  if (std::is_enum<T>::value || std::is_integral<T>::value) {
    using Sized = typename std::conditional<std::is_void<T>::value, char, T>::type;
    return sizeof(Sized) == sizeof(std::size_t) ? 'p' : sizeof(Sized) == 4 ? 'i' : '?';
  }
  return '?';
}

template <typename Result, typename... Parameters>
void print_function(const char* name, Result (*)(Parameters...)) {
  const char letters[] = {letter<Parameters>()..., '\0'};
  std::printf("function %s %s:%c\n", name, letters, letter<Result>());
}

template <typename Struct, typename Field>
void print_field(const char* structure, const char* field, Field Struct::*, std::size_t offset) {
  std::printf("field %s.%s %zu %zu\n", structure, field, offset, sizeof(Field));
}

#define FUNCTION(name) print_function(#name, &name);
#define CONSTANT(name) std::printf("constant %s %lld\n", #name, static_cast<long long>(name));
#define SIZE(name) std::printf("struct %s %zu\n", #name, sizeof(struct name));
#define ABSENT(kind, name) std::printf("%s %s absent\n", #kind, #name);
#define FIELD(structure, field) \
  print_field(#structure, #field, &structure::field, offsetof(struct structure, field));

int main() {
#include "names.inc"
  return 0;
}
