// The mask bits that one tile of a warp leans on.
#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "lanes.hpp"
#include "warp.hpp"

namespace gnomon {

// The mask around one tile's sources, spread to all pixels that lean on it: over -1 .. 2 along both axes.
class TileMask {
 public:
  using Index = std::ptrdiff_t;

  // Of the source pixels x0 .. x1, y0 .. y1 (included), cut at the border.
  void fill(const Planes &s, std::uint32_t no_data, Index x0, Index x1, Index y0, Index y1) {
    x0_ = x0, y0_ = y0, wide_ = x1 - x0 + 1, tall_ = y1 - y0 + 1;
    const Index line = wide_ + 3, sx = static_cast<Index>(s.nx), sy = static_cast<Index>(s.ny);
    const Index from = std::max<Index>(0, x0 - 1), to = std::min(sx, x1 + 3);
    const Index top = std::max<Index>(0, y0 - 1), bottom = std::min(sy, y1 + 3);
    const auto bits = [&](Index at) { return s.mask[at] | (s.variance[at] > 0 ? 0u : no_data); };
    clean_ = clean(s, from, to, top, bottom);
    if (clean_) return;
    rows_.assign(static_cast<std::size_t>((tall_ + 3) * line), 0);
    for (Index y = top; y < bottom; ++y)
      for (Index x = from; x < to; ++x)
        rows_[static_cast<std::size_t>((y - y0 + 1) * line + x - x0 + 1)] = bits(y * sx + x);
    for (Index y = 0; y < tall_ + 3; ++y) {
      std::uint32_t *row = rows_.data() + y * line;
      for (Index x = 0; x < wide_; ++x) row[x] |= row[x + 1] | row[x + 2] | row[x + 3];
    }
    for (Index y = 0; y < tall_; ++y) {
      std::uint32_t *row = rows_.data() + y * line;
      for (Index x = 0; x < wide_; ++x) row[x] |= row[x + line] | row[x + 2 * line] | row[x + 3 * line];
    }
  }

  bool clean() const { return clean_; }

  UInt8 at(Int8 y, Int8 x) const {
    const auto line = static_cast<std::int32_t>(wide_ + 3);
    const Int8 row = clamped(y - ints(y0_), ints(0), ints(tall_ - 1));
    const Int8 column = clamped(x - ints(x0_), ints(0), ints(wide_ - 1));
    const Int8 place = row * line + column;
    UInt8 bits;
    for (int l = 0; l < 8; ++l) bits[l] = rows_[static_cast<std::size_t>(place[l])];
    return bits;
  }

 private:
  // Whether no pixel has a bit or lacks its variance: eight at a time, up to seven beyond the last column as well.
  static bool clean(const Planes &s, Index from, Index to, Index top, Index bottom) {
    const Index sx = static_cast<Index>(s.nx), wide = (to - from + 7) / 8 * 8, first = std::min(from, sx - wide);
    if (first < 0) return false;
    Int8 spoiled{};
    for (Index y = top; y < bottom; ++y)
      for (Index at = y * sx + first; at < y * sx + first + wide; at += 8) {
        Int8 mask;
        std::memcpy(&mask, s.mask + at, sizeof mask);
        spoiled |= mask | ~(load8(s.variance + at) > 0.0f);
      }
    return !any(spoiled);
  }

  std::vector<std::uint32_t> rows_;
  Index x0_ = 0, y0_ = 0, wide_ = 0, tall_ = 0;
  bool clean_ = true;
};

}  // namespace gnomon
