#include "cosmicray.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

namespace gnomon {
namespace {

using Index = std::ptrdiff_t;
constexpr Index kNear = 8;  // pixels from an event within which a fainter piece of its track may be

struct Step {
  Index dy, dx;
};
constexpr std::array<Step, 8> kNeighbours{{{-1, -1}, {-1, 0}, {-1, 1}, {0, -1}, {0, 1}, {1, -1}, {1, 0}, {1, 1}}};

struct Frame {
  float *work;
  const float *variance;
  const std::uint8_t *skip;
  Index ny, nx;
  SkyMesh sky;
  CosmicRayTest test;
  std::uint8_t *flags;

  Index clamp_y(Index y) const { return std::clamp<Index>(y, 0, ny - 1); }
  Index clamp_x(Index x) const { return std::clamp<Index>(x, 0, nx - 1); }
  float at(Index y, Index x) const { return work[clamp_y(y) * nx + clamp_x(x)]; }
  std::size_t block(Index y, Index x) const {
    const auto size = static_cast<Index>(sky.size);
    return static_cast<std::size_t>(y / size) * sky.nx + static_cast<std::size_t>(x / size);
  }
};

// Mean over the four quarters of a pixel of the positive part of its Laplacian (van Dokkum 2001, eq. 8-10).
inline float laplacian(float c, float n, float s, float w, float e) {
  const float twice = 2 * c;
  return 0.25f * (std::max(0.0f, twice - n - w) + std::max(0.0f, twice - n - e) +
                  std::max(0.0f, twice - s - w) + std::max(0.0f, twice - s - e));
}

float laplacian_at(const Frame &f, Index y, Index x) {
  return laplacian(f.at(y, x), f.at(y - 1, x), f.at(y + 1, x), f.at(y, x - 1), f.at(y, x + 1));
}

float middle(float *values, std::size_t n) {
  std::nth_element(values, values + n / 2, values + n);
  return values[n / 2];
}

// Median of the meaningful, unflagged pixels within `reach`; `none` if there are fewer than `least`.
float local_median(const Frame &f, Index y, Index x, Index reach, std::size_t least, float none) {
  std::array<float, 49> values;
  std::size_t n = 0;
  for (Index v = std::max<Index>(0, y - reach); v <= std::min(f.ny - 1, y + reach); ++v)
    for (Index u = std::max<Index>(0, x - reach); u <= std::min(f.nx - 1, x + reach); ++u)
      if (!(f.skip[v * f.nx + u] & 1) && !f.flags[v * f.nx + u]) values[n++] = f.work[v * f.nx + u];
  return n < least ? none : middle(values.data(), n);
}

float replacement(const Frame &f, Index y, Index x) {
  float value = f.sky.level[f.block(y, x)];
  for (Index reach = 3; reach >= 1; --reach) value = local_median(f, y, x, reach, 3, value);
  return value;
}

// Median variance of the meaningful pixels of the 5 x 5 around, at least that of the sky.
float typical_variance(const Frame &f, Index y, Index x) {
  std::array<float, 25> values;
  std::size_t n = 0;
  for (Index v = std::max<Index>(0, y - 2); v <= std::min(f.ny - 1, y + 2); ++v)
    for (Index u = std::max<Index>(0, x - 2); u <= std::min(f.nx - 1, x + 2); ++u)
      if (const float value = f.variance[v * f.nx + u]; value > 0) values[n++] = value;
  const float floor = f.sky.variance[f.block(y, x)];
  return n == 0 ? floor : std::max(floor, middle(values.data(), n));
}

// Is the pixel sharper than any positive sum of PSFs over the sky can be? In a mixture of PSFs the mean of
// two opposite neighbours is at least `ratio` of the pixel, whatever the direction.
bool sharper_than_psf(const Frame &f, Index y, Index x, float around, float margin) {
  const float sky = f.sky.level[f.block(y, x)];
  const float height = f.at(y, x) - sky;
  const float own = std::max(around, f.variance[y * f.nx + x]);  // variances: of the neighbours, of the pixel
  for (std::size_t k = 0; k < 4; ++k) {  // the other four are opposite
    const auto [dy, dx] = kNeighbours[k];
    const float ratio = dy != 0 && dx != 0 ? f.test.diagonal_ratio : f.test.axis_ratio;
    const float pair = 0.5f * (f.at(y + dy, x + dx) + f.at(y - dy, x - dx)) - sky;
    const float noise = std::sqrt(0.5f * around + ratio * ratio * own);
    if (pair < ratio * height - margin * noise) return true;
  }
  return false;
}

bool testable(const Frame &f, Index y, Index x) {
  return f.skip[y * f.nx + x] == 0 && !f.flags[y * f.nx + x];
}

bool is_seed(const Frame &f, Index y, Index x, float snr) {
  if (!testable(f, y, x)) return false;
  const float around = typical_variance(f, y, x);
  return laplacian_at(f, y, x) > 2 * snr * std::sqrt(around) &&
         sharper_than_psf(f, y, x, around, f.test.seed_margin);
}

bool joins(const Frame &f, Index y, Index x) {
  if (!testable(f, y, x)) return false;
  const float around = typical_variance(f, y, x);
  const float height = f.at(y, x) - f.sky.level[f.block(y, x)];
  return height > f.test.grow_snr * std::sqrt(around) && sharper_than_psf(f, y, x, around, f.test.grow_margin);
}

// Pixels of a row whose Laplacian stands out of the noise of the sky, the cheap necessary condition.
void scan_row(const Frame &f, Index y, std::vector<float> &lap, std::vector<Index> &found) {
  const float *c = f.work + y * f.nx;
  const float *n = f.work + f.clamp_y(y - 1) * f.nx, *s = f.work + f.clamp_y(y + 1) * f.nx;
  for (Index x = 1; x + 1 < f.nx; ++x) lap[x] = laplacian(c[x], n[x], s[x], c[x - 1], c[x + 1]);
  lap[0] = laplacian_at(f, y, 0);
  lap[f.nx - 1] = laplacian_at(f, y, f.nx - 1);
  const auto size = static_cast<Index>(f.sky.size);
  for (Index start = 0; start < f.nx; start += size) {
    const Index end = std::min(f.nx, start + size);
    const float gate = 2 * f.test.near_snr * std::sqrt(f.sky.variance[f.block(y, start)]);
    float highest = 0;
    for (Index x = start; x < end; ++x) highest = std::max(highest, lap[x]);
    if (!(highest > gate)) continue;
    for (Index x = start; x < end; ++x)
      if (lap[x] > gate) found.push_back(y * f.nx + x);
  }
}

std::vector<Index> scan(const Frame &f) {
  std::vector<Index> candidates;
  std::vector<float> lap(static_cast<std::size_t>(f.nx));
  for (Index y = 0; y < f.ny; ++y) scan_row(f, y, lap, candidates);
  return candidates;
}

std::vector<Index> seeds(const Frame &f, const std::vector<Index> &candidates) {
  std::vector<Index> found;
  for (const Index p : candidates)
    if (is_seed(f, p / f.nx, p % f.nx, f.test.seed_snr)) found.push_back(p);
  return found;
}

bool near_event(const Frame &f, Index y, Index x) {
  for (Index v = std::max<Index>(0, y - kNear); v <= std::min(f.ny - 1, y + kNear); ++v)
    for (Index u = std::max<Index>(0, x - kNear); u <= std::min(f.nx - 1, x + kNear); ++u)
      if (f.flags[v * f.nx + u]) return true;
  return false;
}

// Fainter candidates beside events: the same track goes on there.
std::vector<Index> seeds_near_events(const Frame &f, const std::vector<Index> &candidates) {
  std::vector<Index> found;
  for (const Index p : candidates)
    if (near_event(f, p / f.nx, p % f.nx) && is_seed(f, p / f.nx, p % f.nx, f.test.near_snr)) found.push_back(p);
  return found;
}

// Pixels that touch `flagged` and belong to the same events, each once, in a fixed order.
std::vector<Index> grown(const Frame &f, const std::vector<Index> &flagged) {
  std::vector<Index> border;
  for (const Index p : flagged)
    for (const auto [dy, dx] : kNeighbours) {
      const Index y = p / f.nx + dy, x = p % f.nx + dx;
      if (y >= 0 && y < f.ny && x >= 0 && x < f.nx) border.push_back(y * f.nx + x);
    }
  std::sort(border.begin(), border.end());
  border.erase(std::unique(border.begin(), border.end()), border.end());
  std::vector<Index> found;
  for (const Index p : border)
    if (joins(f, p / f.nx, p % f.nx)) found.push_back(p);
  return found;
}

// Replaces pixels by the median of their good neighbours, all from the state before the first is written.
void replace(const Frame &f, const std::vector<Index> &pixels) {
  std::vector<float> values(pixels.size());
  for (std::size_t i = 0; i < pixels.size(); ++i) values[i] = replacement(f, pixels[i] / f.nx, pixels[i] % f.nx);
  for (std::size_t i = 0; i < pixels.size(); ++i) f.work[pixels[i]] = values[i];
}

// Flags and replaces pixels, then those that touch any event, up to `rounds` times; adds them to `all`.
void flag_and_grow(const Frame &f, std::vector<Index> fresh, int rounds, std::vector<Index> &all) {
  for (int round = 0; !fresh.empty(); ++round) {
    for (const Index p : fresh) f.flags[p] = 1;
    replace(f, fresh);
    all.insert(all.end(), fresh.begin(), fresh.end());
    if (round >= rounds) break;
    fresh = grown(f, all);
  }
}

void fill_meaningless(const Frame &f) {
  std::vector<Index> pixels;
  for (Index p = 0; p < f.ny * f.nx; ++p)
    if (f.skip[p] & 1) pixels.push_back(p);
  replace(f, pixels);
}

// `sharper_than_psf` for a lone pixel or a pair of neighbours that share a ridge: of the pixels beyond a pair
// the mean is at least `ratio` squared of the pair's in a PSF. All with the noise of one pixel, `sigma`.
bool is_sharp(const Frame &f, Index y, Index x, float sigma) {
  const float sky = f.sky.level[f.block(y, x)];
  const float height = f.at(y, x) - sky;
  for (std::size_t k = 0; k < 4; ++k) {
    const auto [dy, dx] = kNeighbours[k];
    const float ratio = dy != 0 && dx != 0 ? f.test.diagonal_ratio : f.test.axis_ratio;
    const float ahead = f.at(y + dy, x + dx) - sky, behind = f.at(y - dy, x - dx) - sky;
    const float lone = f.test.seed_margin * sigma * std::sqrt(0.5f + ratio * ratio);
    if (0.5f * (ahead + behind) < ratio * height - lone) return true;
    const float square = ratio * ratio, pair = f.test.seed_margin * sigma * std::sqrt(0.5f + 0.5f * square * square);
    const float beyond_ahead = f.at(y + 2 * dy, x + 2 * dx) - sky, beyond_behind = f.at(y - 2 * dy, x - 2 * dx) - sky;
    if (behind + beyond_ahead < square * (height + ahead) - 2 * pair) return true;
    if (ahead + beyond_behind < square * (height + behind) - 2 * pair) return true;
  }
  return false;
}

// Is a pixel of this height above the sky worth a closer look? First with the sky's noise, which is quick.
bool is_candidate(const Frame &f, Index y, Index x) {
  if (f.skip[y * f.nx + x] != 0 || !is_sharp(f, y, x, std::sqrt(f.sky.variance[f.block(y, x)]))) return false;
  const float sigma = std::sqrt(typical_variance(f, y, x));
  return f.at(y, x) - f.sky.level[f.block(y, x)] > f.test.seed_snr * sigma && is_sharp(f, y, x, sigma);
}

// Pixels of a row that stand out of the sky's noise and are candidates.
void scan_heights(const Frame &f, Index y, std::vector<std::int64_t> &found) {
  const float *row = f.work + y * f.nx;
  const auto size = static_cast<Index>(f.sky.size);
  for (Index start = 0; start < f.nx; start += size) {
    const Index end = std::min(f.nx, start + size);
    const std::size_t block = f.block(y, start);
    const float gate = f.sky.level[block] + f.test.seed_snr * std::sqrt(f.sky.variance[block]);
    float highest = row[start];
    for (Index x = start; x < end; ++x) highest = std::max(highest, row[x]);
    if (!(highest > gate)) continue;
    for (Index x = start; x < end; ++x)
      if (row[x] > gate && is_candidate(f, y, x)) found.push_back(y * f.nx + x);
  }
}

}  // namespace

std::vector<std::int64_t> sharp_candidates(float *work, const float *variance, const std::uint8_t *skip,
                                           std::size_t ny, std::size_t nx, const SkyMesh &sky,
                                           const CosmicRayTest &test, std::uint8_t *flags) noexcept {
  const Frame f{work, variance, skip, static_cast<Index>(ny), static_cast<Index>(nx), sky, test, flags};
  std::fill(flags, flags + ny * nx, std::uint8_t{0});
  fill_meaningless(f);
  std::vector<std::int64_t> found;
  for (Index y = 0; y < f.ny; ++y) scan_heights(f, y, found);
  return found;
}

void cut_patches(const float *work, const float *variance, std::size_t ny, std::size_t nx, const SkyMesh &sky,
                 const std::int64_t *pixels, std::size_t n, std::size_t reach, float *patches,
                 float *sigma) noexcept {
  const Frame f{const_cast<float *>(work), variance, nullptr, static_cast<Index>(ny), static_cast<Index>(nx), sky, {},
                nullptr};
  const auto r = static_cast<Index>(reach);
  for (std::size_t i = 0; i < n; ++i) {
    const Index y = pixels[i] / f.nx, x = pixels[i] % f.nx;
    const float level = f.sky.level[f.block(y, x)];
    sigma[i] = std::sqrt(typical_variance(f, y, x));
    for (Index dy = -r; dy <= r; ++dy)
      for (Index dx = -r; dx <= r; ++dx) *patches++ = f.at(y + dy, x + dx) - level;
  }
}

std::size_t flag_cosmic_rays(float *work, const float *variance, const std::uint8_t *skip, std::size_t ny,
                             std::size_t nx, const SkyMesh &sky, const CosmicRayTest &test, int rounds,
                             std::uint8_t *flags) noexcept {
  const Frame f{work, variance, skip, static_cast<Index>(ny), static_cast<Index>(nx), sky, test, flags};
  std::fill(flags, flags + ny * nx, std::uint8_t{0});
  fill_meaningless(f);
  const std::vector<Index> candidates = scan(f);
  std::vector<Index> all;
  flag_and_grow(f, seeds(f, candidates), rounds, all);
  flag_and_grow(f, seeds_near_events(f, candidates), rounds, all);
  return all.size();
}

}  // namespace gnomon
