#include "measure.hpp"

#include <algorithm>
#include <cmath>

#include "aperture.hpp"
#include "moments.hpp"
#include "psf_fit.hpp"

namespace gnomon {
namespace {

constexpr std::int32_t kLargestHalf = 256;  // pixels: a stamp never reaches further
constexpr double kKronLimit = 6.0;          // elliptical radii over which Kron's moment is taken (Bertin & Arnouts)
constexpr double kKronFactor = 2.5;         // aperture in Kron radii
constexpr double kKronLeast = 3.0;          // elliptical radii, the smallest aperture
constexpr double kLeastWindow = 0.8, kWidestWindow = 8.0;  // centroid windows, in sigmas of the PSF
constexpr double kUsualSigma = 1.5;          // pixels, of a PSF, to start from
constexpr double kFluxRadius = 8.0;         // sigmas of the PSF over which its flux is fitted: sum(P^2) beyond is < 1e-4
constexpr double kFitRadius = 3.5;          // sigmas of the PSF over which a position is fitted

void evaluate_psf(const PsfBasis &b, std::size_t i, PsfImage &out) {
  out.resize(static_cast<std::int32_t>(b.side));
  double total = 0;
  for (std::int32_t r = 0; r < out.side; ++r) {
    float *row = out.row(r);
    for (std::size_t k = 0; k < b.nterm; ++k) {
      const auto t = static_cast<float>(b.terms[i * b.nterm + k]);
      const float *image = b.basis + (k * b.side + static_cast<std::size_t>(r)) * b.side;
      for (std::size_t p = 0; p < b.side; ++p) row[p] = std::fma(t, image[p], row[p]);
    }
    for (std::size_t p = 0; p < b.side; ++p) total += row[p];
  }
  const auto scale = static_cast<float>(1.0 / total);
  for (float &p : out.pixels) p *= scale;
}

std::int32_t half_size(const Scene &s, std::int32_t source, std::int32_t cy, std::int32_t cx, std::int32_t least) {
  if (source < 0) return least;
  const std::int32_t *b = s.box + 4 * static_cast<std::size_t>(source);
  const std::int32_t reach = std::max(std::max(cy - b[0], b[2] - 1 - cy), std::max(cx - b[1], b[3] - 1 - cx));
  return std::clamp(reach + reach / 2 + 3, least, std::max(least, kLargestHalf));
}

class Measurer {
 public:
  Measurer(const Scene &scene, const PsfBasis &psf, const Targets &targets, const MeasureOptions &options,
           double *table, double *flux, double *err, std::uint32_t *flags)
      : scene_(scene), psf_(psf), targets_(targets), options_(options), table_(table), flux_(flux), err_(err), flags_(flags) {
    const double widest = options.nradii ? options.radii[options.nradii - 1] : 0.0;
    if (targets.n) {  // near the first target's PSF, rounded so that the order of targets does not matter
      evaluate_psf(psf, 0, image_);
      const Shape first = image_moments(image_.row(0), image_.side, image_.stride, kUsualSigma);
      if (first.ok) usual_sigma_ = 0.125 * std::round(8.0 * std::sqrt(0.5 * (first.xx + first.yy)));
    }
    least_ = static_cast<std::int32_t>(std::ceil(widest)) + 2;
  }

  void one(std::size_t i) {
    at_ = i, flag_ = 0, column_ = 0;
    const double x = targets_.x[i], y = targets_.y[i];
    if (!off_image(x, y)) {
      prepare(x, y);
      place(x - stamp_.cx, y - stamp_.cy);
      fluxes();
    } else {
      flag_ = kEdge | kCentroid | kShape | kPsfFlux | kPsfCentroid | kKron | kHalfLight | kAperture;
      for (std::size_t k = 0; k < options_.nradii; ++k) flux_[k * targets_.n + i] = err_[k * targets_.n + i] = NAN;
      put(x), put(y);
    }
    while (column_ < kColumnCount) put(NAN);
    flags_[i] = flag_;
  }

 private:
  bool off_image(double x, double y) const noexcept {
    return !(x >= -0.5 && y >= -0.5 && x < static_cast<double>(scene_.nx) - 0.5 && y < static_cast<double>(scene_.ny) - 0.5);
  }

  void prepare(double x, double y) {
    const auto cx = static_cast<std::int32_t>(std::floor(x + 0.5)), cy = static_cast<std::int32_t>(std::floor(y + 0.5));
    const std::int32_t source = targets_.source[at_];
    evaluate_psf(psf_, at_, image_);
    psf_shape_ = image_moments(image_.row(0), image_.side, image_.stride, usual_sigma_);
    if (!psf_shape_.ok) psf_shape_ = image_moments(image_.row(0), image_.side, image_.stride, 0.15 * image_.half);
    if (!psf_shape_.ok) psf_shape_.xx = psf_shape_.yy = 2.0, psf_shape_.xy = 0.0;
    sigma_ = std::pow(psf_shape_.xx * psf_shape_.yy - psf_shape_.xy * psf_shape_.xy, 0.25);
    const auto core = static_cast<std::int32_t>(std::ceil(3.0 * sigma_));
    const std::int32_t least = std::max(least_, flux_radius() + 1);
    fill_stamp(scene_, source, cy, cx, half_size(scene_, source, cy, cx, least), core, stamp_);
    if (targets_.sign[at_] < 0) flip();
    if (stamp_.cut) flag_ |= kEdge;
    if (stamp_.neighbour <= stamp_.half) flag_ |= kNeighbours;
    for (std::size_t k = 0; k < options_.nrules; ++k) {
      const FlagRule &rule = options_.rules[k];
      if (stamp_.bits_own & rule.mask) flag_ |= rule.own;
      if (stamp_.bits_core & rule.mask) flag_ |= rule.core;
    }
  }

  std::int32_t flux_radius() const noexcept {
    return std::min(image_.half, static_cast<std::int32_t>(std::ceil(kFluxRadius * sigma_)));
  }

  void flip() noexcept {
    for (float &f : stamp_.flux) f = -f;
    for (float &f : stamp_.raw) f = -f;
    for (double &f : stamp_.sum_flux) f = -f;
  }

  // Shape and position.
  void place(double x, double y) {
    shape_ = adaptive_moments(stamp_, x, y, sigma_, options_.fixed);
    const Shape iso = isophotal_moments(stamp_);
    if (!shape_.ok && iso.ok && iso.xx + iso.yy > 3.0 * sigma_ * sigma_)
      shape_ = adaptive_moments(stamp_, x, y, std::sqrt(0.5 * (iso.xx + iso.yy)), options_.fixed);
    double window = sigma_;
    if (shape_.ok) window = std::pow(std::max(0.0, shape_.xx * shape_.yy - shape_.xy * shape_.xy), 0.25);
    window = std::clamp(window, kLeastWindow * sigma_, kWidestWindow * sigma_);
    centre_ = {x, y, NAN, NAN, true};
    if (!options_.fixed) centre_ = windowed_centroid(stamp_, shape_.ok ? shape_.x : x, shape_.ok ? shape_.y : y, window);
    if (!centre_.ok && !options_.fixed) centre_ = windowed_centroid(stamp_, x, y, sigma_);
    if (!centre_.ok) flag_ |= kCentroid;
    put(stamp_.cx + centre_.x), put(stamp_.cy + centre_.y), put(centre_.x_err), put(centre_.y_err);
    if (!shape_.ok) flag_ |= kShape;
    const auto good = [&](double v) { put(shape_.ok ? v : NAN); };
    good(shape_.xx), good(shape_.yy), good(shape_.xy), good(shape_.xx_err), good(shape_.yy_err), good(shape_.xy_err);
    put(sign() * (shape_.ok ? shape_.flux : NAN)), good(shape_.flux_err);
    put(psf_shape_.xx), put(psf_shape_.yy), put(psf_shape_.xy);
    iso_flux_ = iso.ok ? iso.flux : NAN;
  }

  void fluxes() {
    const PsfFlux fit = psf_flux(stamp_, image_, centre_.x, centre_.y, flux_radius(), options_.fit_sky);
    if (!fit.ok) flag_ |= kPsfFlux;
    put(sign() * fit.flux), put(fit.flux_err), put(fit.chi2), put(fit.used), put(sign() * fit.sky);
    PsfCentroid best{centre_.x, centre_.y, NAN, NAN, true};
    if (!options_.fixed)
      best = psf_centroid(stamp_, image_, centre_.x, centre_.y, static_cast<std::int32_t>(std::ceil(kFitRadius * sigma_)));
    if (!best.ok) flag_ |= kPsfCentroid;
    put(stamp_.cx + best.x), put(stamp_.cy + best.y), put(best.x_err), put(best.y_err);
    put(fit.excess), put(fit.excess_err);
    kron();
    put(blendedness(stamp_, ellipse_));
    put(sign() * iso_flux_);
    apertures();
  }

  // An ellipse never smaller than the PSF, about the source's place.
  Shape ellipse() const noexcept {
    Shape e = shape_;
    const double area = shape_.xx * shape_.yy - shape_.xy * shape_.xy;
    if (!shape_.ok || area < sigma_ * sigma_ * sigma_ * sigma_)
      e.xx = psf_shape_.xx, e.yy = psf_shape_.yy, e.xy = psf_shape_.xy;
    e.x = centre_.x, e.y = centre_.y;
    return e;
  }

  void kron() {
    ellipse_ = ellipse();
    double radius = kron_radius(stamp_, ellipse_, kKronLimit);
    if (!std::isfinite(radius) || radius <= 0 || radius > kKronLimit) {
      flag_ |= kKron;
      radius = kKronLeast / kKronFactor;
    }
    const double k = std::max(kKronLeast, kKronFactor * radius);
    const Flux f = ellipse_sum(stamp_, ellipse_, k);
    if (f.masked) flag_ |= kAperture;
    const double mean = std::pow(ellipse_.xx * ellipse_.yy - ellipse_.xy * ellipse_.xy, 0.25);
    put(sign() * f.value), put(std::sqrt(f.variance)), put(radius * mean);
    const double half = half_light_radius(stamp_, centre_.x, centre_.y, f.value, std::min<double>(stamp_.half - 1, k * mean * 2));
    if (!std::isfinite(half)) flag_ |= kHalfLight;
    put(half);
  }

  void apertures() {
    for (std::size_t k = 0; k < options_.nradii; ++k) {
      const Flux f = circle_sum(stamp_, centre_.x, centre_.y, options_.radii[k]);
      flux_[k * targets_.n + at_] = sign() * f.value, err_[k * targets_.n + at_] = std::sqrt(f.variance);
      if (f.masked) flag_ |= kAperture;
    }
  }

  double sign() const noexcept { return targets_.sign[at_] < 0 ? -1.0 : 1.0; }
  void put(double v) noexcept { table_[column_++ * targets_.n + at_] = v; }

  const Scene &scene_;
  const PsfBasis &psf_;
  const Targets &targets_;
  const MeasureOptions &options_;
  double *table_, *flux_, *err_;
  std::uint32_t *flags_;
  std::int32_t least_;
  std::size_t at_ = 0, column_ = 0;
  std::uint32_t flag_ = 0;
  Stamp stamp_;
  PsfImage image_;
  Shape psf_shape_, shape_, ellipse_;
  Centroid centre_;
  double usual_sigma_ = kUsualSigma, sigma_ = 0, iso_flux_ = 0;
};

}  // namespace

void measure(const Scene &scene, const PsfBasis &psf, const Targets &targets, const MeasureOptions &options,
             double *table, double *aperture_flux, double *aperture_err, std::uint32_t *flags) noexcept {
  Measurer measurer(scene, psf, targets, options, table, aperture_flux, aperture_err, flags);
  for (std::size_t i = 0; i < targets.n; ++i) measurer.one(i);
}

}  // namespace gnomon
