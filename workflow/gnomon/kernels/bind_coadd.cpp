#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/tuple.h>

#include <tuple>

#include "candidates.hpp"
#include "coadd.hpp"
#include "psf_width.hpp"
#include "static_sky.hpp"

namespace nb = nanobind;

namespace {

template <typename T>
using Cube = nb::ndarray<T, nb::ndim<3>, nb::c_contig, nb::device::cpu>;
template <typename T>
using Plane = nb::ndarray<T, nb::ndim<2>, nb::c_contig, nb::device::cpu>;
using Flags = nb::ndarray<std::uint8_t, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
using Weights = nb::ndarray<const double, nb::ndim<1>, nb::c_contig, nb::device::cpu>;

template <typename A, typename B>
void need_same(const A &a, const B &b, std::size_t dimensions) {
  for (std::size_t k = 0; k < dimensions; ++k)
    if (a.shape(k) != b.shape(k)) throw nb::value_error("stacks differ in shape");
}

using Bits = std::tuple<std::uint32_t, std::uint32_t, std::uint32_t, std::uint32_t, std::uint32_t, std::uint32_t,
                        std::uint32_t>;

void mean(Cube<const float> flux, Cube<const float> variance, Cube<const std::uint32_t> mask,
          Cube<const std::uint8_t> reject, Weights weight, const Bits &bits, bool only_rejected, Plane<float> out_flux,
          Plane<float> out_variance, Plane<std::uint32_t> out_mask, Plane<std::uint16_t> count,
          Plane<float> masked_fraction, Flags gaps) {
  need_same(flux, variance, 3);
  need_same(flux, mask, 3);
  need_same(flux, reject, 3);
  if (weight.shape(0) != flux.shape(0) || gaps.shape(0) != flux.shape(0)) throw nb::value_error("one weight per plane is needed");
  const std::size_t npix = flux.shape(1) * flux.shape(2);
  const gnomon::Stack stack{flux.data(), variance.data(), mask.data(), reject.data(), flux.shape(0), npix};
  const gnomon::MeanPlanes out{out_flux.data(), out_variance.data(), out_mask.data(), count.data(),
                               masked_fraction.data(), gaps.data()};
  const gnomon::MeanBits meaning = std::make_from_tuple<gnomon::MeanBits>(bits);
  nb::gil_scoped_release release;
  gnomon::weighted_mean(stack, weight.data(), meaning, only_rejected, out);
}

void round_widths(Cube<const float> images, nb::ndarray<double, nb::ndim<1>, nb::c_contig, nb::device::cpu> out) {
  if (images.shape(1) != images.shape(2)) throw nb::value_error("images are not square");
  if (out.shape(0) != images.shape(0)) throw nb::value_error("one width per image is needed");
  nb::gil_scoped_release release;
  gnomon::round_widths(images.data(), images.shape(0), images.shape(1), out.data());
}

void highest_around(Plane<const float> plane, float scale, Plane<float> out) {
  need_same(plane, out, 2);
  nb::gil_scoped_release release;
  gnomon::highest_around(plane.data(), plane.shape(0), plane.shape(1), scale, out.data());
}

void smooth(Plane<const float> plane, double sigma, Plane<float> out) {
  need_same(plane, out, 2);
  if (!(sigma >= 0)) throw nb::value_error("sigma is negative or not a number");
  if (plane.shape(0) == 0 || plane.shape(1) == 0) return;
  nb::gil_scoped_release release;
  gnomon::smooth_gaussian(plane.data(), plane.shape(0), plane.shape(1), sigma, out.data());
}

void smooth_filled(Plane<const float> plane, Plane<const float> variance, Plane<const std::uint32_t> mask,
                   std::uint32_t excluded, Plane<const float> fill, double sigma, Plane<float> out) {
  for (const auto &other : {variance, fill}) need_same(plane, other, 2);
  need_same(plane, mask, 2);
  need_same(plane, out, 2);
  if (!(sigma >= 0)) throw nb::value_error("sigma is negative or not a number");
  if (plane.shape(0) == 0 || plane.shape(1) == 0) return;
  nb::gil_scoped_release release;
  gnomon::smooth_gaussian(plane.data(), plane.shape(0), plane.shape(1), sigma, out.data(),
                          {variance.data(), mask.data(), excluded, fill.data()});
}

nb::tuple typical(Plane<const float> variance, Plane<const std::uint32_t> mask, std::uint32_t bad, std::size_t step) {
  need_same(variance, mask, 2);
  if (step == 0) throw nb::value_error("a step of no pixels");
  const gnomon::Typical found =
      gnomon::typical(variance.data(), mask.data(), variance.shape(0), variance.shape(1), step, bad);
  return nb::make_tuple(found.variance, found.bad_share);
}

void static_sky(Cube<const float> planes, std::size_t groups, Plane<float> out) {
  if (planes.shape(1) != out.shape(0) || planes.shape(2) != out.shape(1))
    throw nb::value_error("stacks differ in shape");
  if (planes.shape(0) == 0 || groups > planes.shape(0)) throw nb::value_error("fewer epochs than groups");
  if ((groups == 0 ? planes.shape(0) : groups) > gnomon::kMostMedian) throw nb::value_error("median of too many planes");
  nb::gil_scoped_release release;
  gnomon::static_sky({planes.data(), planes.shape(0), planes.shape(1), planes.shape(2)}, groups, out.data());
}

bool candidates(Plane<const float> plane, Plane<const float> sky, Plane<const float> allowed,
                Plane<const float> shape, const std::tuple<double, double, double> &sigmas,
                const std::tuple<std::size_t, std::size_t> &reach, Plane<std::uint8_t> found) {
  for (const auto &other : {sky, allowed, shape}) need_same(plane, other, 2);
  need_same(plane, found, 2);
  if (plane.shape(0) == 0 || plane.shape(1) == 0) return false;
  const auto [high, low, least] = sigmas;
  const auto [follow, grow] = reach;
  nb::gil_scoped_release release;
  return gnomon::candidates(plane.data(), {sky.data(), allowed.data(), shape.data(), plane.shape(0), plane.shape(1)},
                            {high, low, least, follow, grow}, found.data());
}

void rare_regions(Plane<std::uint8_t> mask, Plane<const std::uint8_t> rare, double share) {
  need_same(mask, rare, 2);
  nb::gil_scoped_release release;
  gnomon::keep_rare_regions(mask.data(), rare.data(), mask.shape(0), mask.shape(1), share);
}

}  // namespace

NB_MODULE(_coadd, m) {
  m.def("mean", &mean, nb::arg("flux").noconvert(), nb::arg("variance").noconvert(), nb::arg("mask").noconvert(),
        nb::arg("reject").noconvert(), nb::arg("weight").noconvert(), nb::arg("bits"), nb::arg("only_rejected"),
        nb::arg("out_flux").noconvert(), nb::arg("out_variance").noconvert(), nb::arg("out_mask").noconvert(),
        nb::arg("count").noconvert(), nb::arg("masked_fraction").noconvert(),
        nb::arg("gaps").noconvert());
  m.def("round_widths", &round_widths, nb::arg("images").noconvert(), nb::arg("out").noconvert());
  m.def("highest_around", &highest_around, nb::arg("plane").noconvert(), nb::arg("scale"), nb::arg("out").noconvert());
  m.def("rare_regions", &rare_regions, nb::arg("mask").noconvert(), nb::arg("rare").noconvert(), nb::arg("share"));
  m.def("typical", &typical, nb::arg("variance").noconvert(), nb::arg("mask").noconvert(), nb::arg("bad"),
        nb::arg("step"));
  m.def("smooth_filled", &smooth_filled, nb::arg("plane").noconvert(), nb::arg("variance").noconvert(),
        nb::arg("mask").noconvert(), nb::arg("excluded"), nb::arg("fill").noconvert(), nb::arg("sigma"),
        nb::arg("out").noconvert());
  m.def("smooth", &smooth, nb::arg("plane").noconvert(), nb::arg("sigma"), nb::arg("out").noconvert());
  m.def("static_sky", &static_sky, nb::arg("planes").noconvert(), nb::arg("groups"), nb::arg("out").noconvert());
  m.def("candidates", &candidates, nb::arg("plane").noconvert(), nb::arg("sky").noconvert(),
        nb::arg("allowed").noconvert(), nb::arg("shape").noconvert(), nb::arg("sigmas"), nb::arg("reach"),
        nb::arg("found").noconvert());
}
