#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include <tuple>
#include <vector>

#include "noise.hpp"
#include "prefilter.hpp"
#include "warp.hpp"
#include "warp_psf.hpp"

namespace nb = nanobind;

namespace {

template <typename T>
using Plane = nb::ndarray<T, nb::ndim<2>, nb::c_contig, nb::device::cpu>;

template <typename A, typename B>
bool same_shape(const A &a, const B &b) {
  return a.shape(0) == b.shape(0) && a.shape(1) == b.shape(1);
}

using Windows = nb::ndarray<const std::int64_t, nb::shape<-1, 2>, nb::c_contig, nb::device::cpu>;
using Out = std::tuple<Plane<float>, Plane<float>, Plane<std::uint32_t>>;

void warp(Plane<const float> flux, Plane<const float> variance, Plane<const std::uint32_t> mask, std::int32_t x0,
          std::int32_t y0, Plane<const double> x, Plane<const double> y, Plane<const double> area, std::size_t tile,
          bool quintic, std::uint32_t no_data, std::uint32_t edge, Windows first, const std::vector<Out> &out) {
  if (!same_shape(flux, variance) || !same_shape(flux, mask) || !same_shape(x, y) || !same_shape(x, area) ||
      first.shape(0) != out.size())
    throw nb::value_error("planes differ in shape");
  if (flux.shape(0) < 1 || flux.shape(1) < 1) throw nb::value_error("the source has no pixels");
  const auto need = [&](std::size_t pixels) { return (pixels + tile - 1) / tile + 1; };
  std::vector<gnomon::Target> targets;
  for (std::size_t k = 0; k < out.size(); ++k) {
    const auto &[to_flux, to_variance, to_mask] = out[k];
    if (!same_shape(to_flux, to_variance) || !same_shape(to_flux, to_mask))
      throw nb::value_error("planes differ in shape");
    const auto top = static_cast<std::size_t>(first(k, 0)), left = static_cast<std::size_t>(first(k, 1));
    const std::size_t ny = to_flux.shape(0), nx = to_flux.shape(1);
    if (tile == 0 || first(k, 0) < 0 || first(k, 1) < 0 || x.shape(0) < need(top + ny) || x.shape(1) < need(left + nx))
      throw nb::value_error("nodes do not cover the output");
    targets.push_back({{left, top, nx, ny}, to_flux.data(), to_variance.data(), to_mask.data()});
  }
  const gnomon::Planes source{flux.data(), variance.data(), mask.data(), flux.shape(0), flux.shape(1), x0, y0};
  const gnomon::Nodes nodes{x.data(), y.data(), area.data(), x.shape(1), tile};
  const auto interpolant = quintic ? gnomon::Interpolant::quintic : gnomon::Interpolant::lanczos3;
  nb::gil_scoped_release release;
  gnomon::warp(source, nodes, interpolant, {no_data, edge}, targets.data(), targets.size());
}

void white_noise(Plane<const float> variance, std::int32_t x0, std::int32_t y0, std::uint64_t key, Plane<float> out) {
  if (!same_shape(variance, out)) throw nb::value_error("planes differ in shape");
  nb::gil_scoped_release release;
  gnomon::white_noise(variance.data(), variance.shape(0), variance.shape(1), x0, y0, key, out.data());
}

void prefilter(Plane<const float> image, Plane<float> out) {
  if (!same_shape(image, out)) throw nb::value_error("planes differ in shape");
  const std::size_t ny = image.shape(0), nx = image.shape(1);
  nb::gil_scoped_release release;
  gnomon::quintic_prefilter(image.data(), ny, nx, nx, out.data(), nx);
}

void warp_psf(nb::ndarray<const float, nb::ndim<3>, nb::c_contig, nb::device::cpu> basis,
              nb::ndarray<const double, nb::ndim<1>, nb::c_contig, nb::device::cpu> terms, double shift_x,
              double shift_y, double xx, double yx, double xy, double yy, double scale, Plane<float> out) {
  if (basis.shape(1) != basis.shape(2) || terms.shape(0) != basis.shape(0) || out.shape(0) != out.shape(1))
    throw nb::value_error("the basis and the result are square, with one factor a term");
  nb::gil_scoped_release release;
  gnomon::warp_psf({basis.data(), basis.shape(0), basis.shape(1)}, terms.data(), {shift_x, shift_y, xx, yx, xy, yy},
                   scale, out.shape(0), out.data());
}

}  // namespace

NB_MODULE(_warp, m) {
  m.def("warp", &warp, nb::arg("flux").noconvert(), nb::arg("variance").noconvert(), nb::arg("mask").noconvert(),
        nb::arg("x0"), nb::arg("y0"), nb::arg("x").noconvert(), nb::arg("y").noconvert(), nb::arg("area").noconvert(),
        nb::arg("tile"), nb::arg("quintic"), nb::arg("no_data"), nb::arg("edge"), nb::arg("first").noconvert(),
        nb::arg("out").noconvert());
  m.def("white_noise", &white_noise, nb::arg("variance").noconvert(), nb::arg("x0"), nb::arg("y0"), nb::arg("key"),
        nb::arg("out").noconvert());
  m.def("prefilter", &prefilter, nb::arg("image").noconvert(), nb::arg("out").noconvert());
  m.def("warp_psf", &warp_psf, nb::arg("basis").noconvert(), nb::arg("terms").noconvert(), nb::arg("shift_x"),
        nb::arg("shift_y"), nb::arg("xx"), nb::arg("yx"), nb::arg("xy"), nb::arg("yy"), nb::arg("scale"),
        nb::arg("out").noconvert());
}
