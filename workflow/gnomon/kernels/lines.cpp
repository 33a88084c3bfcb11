#include "lines.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "buffer.hpp"
#include "lanes.hpp"

namespace gnomon {
namespace {

constexpr std::size_t kQuadrants = 4;
constexpr double kLeast = 0.5;  // variance of a sample over what the noise says: what is quieter has no noise
constexpr std::size_t kApart = 520;  // floats; what is written is no multiple of 4096 bytes from what is read

// Sums along the steep lines of samples that were turned into a quadrant.
class Radon {
 public:
  Radon(std::size_t rows, std::size_t width) noexcept : rows_(rows), width_(width) {
    while (n_ < rows) n_ *= 2;
    wide_ = (n_ + width + 7) / 8 * 8, stride_ = wide_ + (n_ / 2 + 7) / 8 * 8;
    both_ = make_buffer<float>(2 * size() + kApart);
    std::fill_n(both_.get(), 2 * size() + kApart, 0.0f);
    a_ = both_.get(), b_ = a_ + size() + kApart;
  }

  std::size_t size() const noexcept { return n_ * stride_; }
  std::size_t wide() const noexcept { return wide_; }
  std::size_t shifts() const noexcept { return n_; }

  // Sums over all rows but the last pairing, which `whole` does.
  void halves(const float *samples, std::size_t mx, std::size_t quadrant) noexcept {
    turn(samples, mx, quadrant);
    blocks_ = rows_, height_ = 1;
    for (; height_ < n_ / 2; height_ *= 2, blocks_ = (blocks_ + 1) / 2) {
      for (std::size_t b = 0; b < blocks_; b += 2)
        for (std::size_t s = 0; s < 2 * height_; ++s) join(b, s, b_ + (b * height_ + s) * stride_);
      std::swap(a_, b_);
    }
  }

  // (n, wide) sums by shift and column, of one shift: see line_sums of algorithms/streak/radon.py.
  const float *whole(std::size_t shift) noexcept {
    join(0, shift, b_);
    return b_;
  }

 private:
  void turn(const float *samples, std::size_t mx, std::size_t quadrant) noexcept {
    for (std::size_t i = 0; i < rows_; ++i) {
      std::fill_n(a_ + i * stride_, n_, 0.0f);
      float *row = a_ + i * stride_ + n_;
      for (std::size_t j = 0; j < width_; ++j) {
        const std::size_t k = quadrant % 2 ? width_ - 1 - j : j;
        row[j] = quadrant < 2 ? samples[i * mx + k] : samples[k * mx + i];
      }
    }
  }

  // One shift of the block that `first` and the one above it become. Lines of h rows begin h columns before the
  // first at most: further to the left all is 0, and so is what lies right of the last column, which is only read.
  void join(std::size_t first, std::size_t s, float *__restrict out) const noexcept {
    const std::size_t own = s / 2, further = s - own, begin = (n_ - 2 * height_) / 8 * 8;
    const float *low = a_ + (first * height_ + own) * stride_, *high = low + height_ * stride_ + further;
    for (std::size_t c = 0; c < begin; c += 8) store8(out + c, all8(0.0f));
    if (first + 1 < blocks_)
      for (std::size_t c = begin; c < wide_; c += 8) store8(out + c, load8(low + c) + load8(high + c));
    else
      for (std::size_t c = begin; c < wide_; c += 8) store8(out + c, load8(low + c));
  }

  std::size_t rows_, width_, n_ = 2, wide_ = 0, stride_ = 0, blocks_ = 0, height_ = 1;
  Buffer<float> both_;
  float *a_, *b_;
};

// What the samples of all planes have in common.
class Scanner {
 public:
  explicit Scanner(const LineScan &scan) noexcept
      : scan_(scan), my_(scan.my), mx_(scan.mx),
        upright_(my_, mx_), flat_(mx_, my_), z_(make_buffer<float>(room())), scale_(make_buffer<float>(room())) {
    std::fill_n(z_.get(), room(), 0.0f), std::fill_n(scale_.get(), room(), 0.0f);
    std::copy_n(scan.scale, my_ * mx_, scale_.get());
    for (std::size_t k = 0; k < my_ * mx_; ++k) z_[k] = scan.scale[k] > 0 ? 1.0f : 0.0f;
    const auto least = static_cast<float>(std::max<std::size_t>(scan.least, 1));
    for (std::size_t q = 0; q < kQuadrants; ++q) {
      Radon &lines = radon(q);
      lines.halves(z_.get(), mx_, q);
      inverse_[q] = make_buffer<float>(lines.size());
      for (std::size_t s = 0; s < lines.shifts(); ++s) {
        const float *count = lines.whole(s);
        for (std::size_t c = 0; c < lines.wide(); ++c)
          inverse_[q][s * lines.wide() + c] = count[c] >= least ? 1 / std::sqrt(count[c]) : 0.0f;
      }
    }
  }

  BestLine best(std::size_t plane) noexcept {
    const double error = fill(plane);
    BestLine found{0, 0, 0, 0};
    if (!(error > 0)) return found;
    for (std::size_t q = 0; q < kQuadrants; ++q) {
      Radon &lines = radon(q);
      lines.halves(z_.get(), mx_, q);
      for (std::size_t s = 0; s < lines.shifts(); ++s) {
        const float *row = lines.whole(s), *inverse = inverse_[q].get() + s * lines.wide();
        if (!exceeds(row, inverse, lines.wide(), found.snr)) continue;
        for (std::size_t c = 0; c < lines.wide(); ++c)
          if (const float v = row[c] * inverse[c]; v > found.snr)
            found = {v, static_cast<std::int32_t>(q), static_cast<std::int32_t>(s), static_cast<std::int32_t>(c)};
      }
    }
    found.snr = static_cast<float>(found.snr / error);
    return found;
  }

 private:
  std::size_t room() const noexcept { return (my_ + 1) * mx_ + 16; }  // what is read past the last sample is 0

  // First of m samples along n pixels.
  std::size_t begin(std::size_t n, std::size_t m) const noexcept { return (n - 1 - (m - 1) * scan_.step) / 2; }

  Radon &radon(std::size_t quadrant) noexcept { return quadrant < 2 ? upright_ : flat_; }

  static bool exceeds(const float *row, const float *inverse, std::size_t n, float limit) noexcept {
    const Float8 most = all8(limit);
    Int8 above{};
    for (std::size_t c = 0; c < n; c += 8) above |= load8(row + c) * load8(inverse + c) > most;
    return any(above);
  }

  // The clipped samples of a plane less their mean; the standard error of one in a sum of them.
  double fill(std::size_t plane) noexcept {
    const auto clip = static_cast<float>(scan_.clip), over = static_cast<float>(1 / scan_.noise[plane]);
    const std::size_t y0 = begin(scan_.ny, my_), x0 = begin(scan_.nx, mx_);
    const float *flux = scan_.planes + plane * scan_.ny * scan_.nx;
    for (std::size_t i = 0; i < my_; ++i)
      for (std::size_t j = 0; j < mx_; ++j) {
        const std::size_t at = (y0 + i * scan_.step) * scan_.nx + x0 + j * scan_.step, k = i * mx_ + j;
        z_[k] = (flux[at] - scan_.sky[at]) * (scan_.scale[k] * over);
      }
    Float8 total = all8(0.0f), count = all8(0.0f);
    const Float8 none = all8(0.0f), one = all8(1.0f), high = all8(clip), low = all8(-clip);
    for (std::size_t k = 0; k < my_ * mx_; k += 8) {
      Float8 z = load8(z_.get() + k);
      z = z > high ? high : z;
      z = z < low ? low : z;
      store8(z_.get() + k, z);
      total += z, count += load8(scale_.get() + k) > none ? one : none;
    }
    const double pixels = sum8(count);
    if (!(pixels > 0)) return 0;
    const Float8 mean = all8(static_cast<float>(sum8(total) / pixels));
    for (std::size_t k = 0; k < my_ * mx_; k += 8) {
      const Float8 z = load8(z_.get() + k) - mean;
      store8(z_.get() + k, load8(scale_.get() + k) > none ? z : none);
    }
    const double power = product(0);
    if (!(power > 0)) return 0;
    const double r = std::max(0.0, std::min(product(1), product(mx_)) / power);
    return std::sqrt(std::max(power / pixels, kLeast) * (1 + 2 * (r + std::pow(r, 4) + std::pow(r, 9))));
  }

  // Sum of samples times those so many on.
  double product(std::size_t on) const noexcept {
    Float8 total = all8(0.0f);
    for (std::size_t k = 0; k < my_ * mx_; k += 8) total += load8(z_.get() + k) * load8(z_.get() + k + on);
    return sum8(total);
  }

  const LineScan &scan_;
  std::size_t my_, mx_;
  Radon upright_, flat_;
  Buffer<float> z_, scale_, inverse_[kQuadrants];
};

}  // namespace

void best_lines(const LineScan &scan, BestLine *out) noexcept {
  Scanner scanner(scan);
  for (std::size_t k = 0; k < scan.n; ++k) out[k] = scanner.best(k);
}

}  // namespace gnomon
