// Large scratch arrays, uninitialised, on huge pages where the system has them: a first touch of 4 KiB pages
// costs as much as the arithmetic on them.
#pragma once
#include <cstddef>
#include <cstdlib>
#include <memory>
#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace gnomon {

struct Free {
  void operator()(void *p) const noexcept { std::free(p); }
};

template <typename T>
using Buffer = std::unique_ptr<T[], Free>;

template <typename T>
Buffer<T> make_buffer(std::size_t n) noexcept {
  constexpr std::size_t page = std::size_t{1} << 21;
  const std::size_t bytes = n * sizeof(T);
  if (bytes < 2 * page) return Buffer<T>(static_cast<T *>(std::malloc(bytes)));
  const std::size_t whole = (bytes + page - 1) / page * page;
  void *p = std::aligned_alloc(page, whole);
#if defined(__linux__)
  if (p != nullptr) madvise(p, whole, MADV_HUGEPAGE);
#endif
  return Buffer<T>(static_cast<T *>(p));
}

}  // namespace gnomon
