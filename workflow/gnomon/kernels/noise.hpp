// White noise from a counter: what a pixel gets depends on its place and a key alone.
#pragma once
#include <cstddef>
#include <cstdint>

namespace gnomon {

// Standard normal deviates times the root of `variance`, 0 where that is not positive, of (ny, nx) pixels of which the
// first is (x0, y0) of a larger image. Deviates reach 5.4; their moments are the normal's to 1e-6.
void white_noise(const float *variance, std::size_t ny, std::size_t nx, std::int32_t x0, std::int32_t y0,
                 std::uint64_t key, float *out) noexcept;

}  // namespace gnomon
