#include <nanobind/stl/vector.h>
#include <nanobind/stl/string.h>

#include <algorithm>
#include <string>

#include "aperture.hpp"
#include "arrays.hpp"
#include "measure.hpp"

namespace nb = nanobind;
using namespace nb::literals;
using namespace gnomon;

struct SourceArrays {
  Plane<std::int32_t> labels;  // empty: nothing is shared
  Vector<std::int32_t> footprint;
  Plane<std::int32_t> box;
  Vector<std::int64_t> first;
  Vector<float> weight;
};

static Scene scene_of(const Plane<float> &flux, const Plane<float> &variance, const Plane<std::uint32_t> &mask,
                      std::uint32_t ignore, const SourceArrays &s) {
  same_shape(flux, variance, "flux and variance differ in shape");
  same_shape(flux, mask, "flux and mask differ in shape");
  if (s.labels.size()) same_shape(flux, s.labels, "flux and labels differ in shape");
  if (s.first.shape(0) != s.footprint.shape(0) + 1) throw nb::value_error("first must be one longer than footprint");
  if (s.box.shape(0) != s.footprint.shape(0)) throw nb::value_error("one box for each source is needed");
  return {flux.data(), variance.data(), mask.data(), s.labels.size() ? s.labels.data() : nullptr, flux.shape(0),
          flux.shape(1), ignore, s.footprint.data(), s.box.data(), s.first.data(), s.weight.data()};
}

static void measure_(Plane<float> flux, Plane<float> variance, Plane<std::uint32_t> mask, std::uint32_t ignore,
                     Plane<std::int32_t> labels, Vector<std::int32_t> footprint, Plane<std::int32_t> box,
                     Vector<std::int64_t> first, Vector<float> weight, Cube<float> basis, Plane<double> terms,
                     Vector<std::int32_t> source, Vector<double> x, Vector<double> y, Vector<std::int8_t> sign,
                     Vector<double> radii, Plane<std::uint32_t> rules, bool fixed, bool fit_sky, PlaneOut<double> table,
                     PlaneOut<double> aperture_flux, PlaneOut<double> aperture_err,
                     nb::ndarray<std::uint32_t, nb::ndim<1>, nb::c_contig, nb::device::cpu> flags) {
  const Scene scene = scene_of(flux, variance, mask, ignore, {labels, footprint, box, first, weight});
  const std::size_t n = x.shape(0);
  if (y.shape(0) != n || sign.shape(0) != n || source.shape(0) != n || terms.shape(0) != n || flags.shape(0) != n)
    throw nb::value_error("the targets' arrays differ in length");
  if (basis.shape(1) != basis.shape(2) || basis.shape(1) % 2 == 0 || basis.shape(0) != terms.shape(1))
    throw nb::value_error("the PSF must be square, odd, and have one image for each term");
  const PsfBasis psf{basis.data(), terms.data(), basis.shape(0), basis.shape(1)};
  const Targets targets{source.data(), x.data(), y.data(), sign.data(), n};
  const MeasureOptions options{radii.data(), radii.shape(0), reinterpret_cast<const FlagRule *>(rules.data()),
                               rules.shape(0), fixed, fit_sky};
  nb::gil_scoped_release nogil;
  measure(scene, psf, targets, options, table.data(), aperture_flux.data(), aperture_err.data(), flags.data());
}

static void stamps_(Plane<float> flux, Plane<float> variance, Plane<std::uint32_t> mask, std::uint32_t ignore,
                    Plane<std::int32_t> labels, Vector<std::int32_t> footprint, Plane<std::int32_t> box,
                    Vector<std::int64_t> first, Vector<float> weight, Vector<std::int32_t> source,
                    Vector<std::int32_t> x, Vector<std::int32_t> y, CubeOut<float> out_flux, CubeOut<float> out_variance) {
  const Scene scene = scene_of(flux, variance, mask, ignore, {labels, footprint, box, first, weight});
  const std::size_t n = x.shape(0), side = out_flux.shape(1), npix = side * side;
  if (y.shape(0) != n || source.shape(0) != n || out_flux.shape(0) != n || out_variance.shape(0) != n)
    throw nb::value_error("the targets' arrays differ in length");
  if (side % 2 == 0 || out_flux.shape(2) != side || out_variance.shape(1) != side || out_variance.shape(2) != side)
    throw nb::value_error("stamps must be square and odd");
  nb::gil_scoped_release nogil;
  Stamp stamp;
  const auto half = static_cast<std::int32_t>(side / 2);
  for (std::size_t i = 0; i < n; ++i) {
    fill_stamp(scene, source.data()[i], y.data()[i], x.data()[i], half, 0, stamp);
    std::copy_n(stamp.flux.data(), npix, out_flux.data() + i * npix);
    std::copy_n(stamp.variance.data(), npix, out_variance.data() + i * npix);
  }
}

NB_MODULE(_measure, m) {
  m.attr("COLUMNS") = nb::cast(std::vector<std::string>(kColumns, kColumns + kColumnCount));
  m.def("circle_pixel_overlap", &circle_pixel_overlap, "x"_a, "y"_a, "r"_a);
  m.def("measure", &measure_, "flux"_a.noconvert(), "variance"_a.noconvert(), "mask"_a.noconvert(), "ignore"_a,
        "labels"_a.noconvert(), "footprint"_a.noconvert(), "box"_a.noconvert(), "first"_a.noconvert(),
        "weight"_a.noconvert(), "basis"_a.noconvert(), "terms"_a.noconvert(), "source"_a.noconvert(),
        "x"_a.noconvert(), "y"_a.noconvert(), "sign"_a.noconvert(), "radii"_a.noconvert(), "rules"_a.noconvert(),
        "fixed"_a, "fit_sky"_a, "table"_a.noconvert(), "aperture_flux"_a.noconvert(), "aperture_err"_a.noconvert(),
        "flags"_a.noconvert());
  m.def("stamps", &stamps_, "flux"_a.noconvert(), "variance"_a.noconvert(), "mask"_a.noconvert(), "ignore"_a,
        "labels"_a.noconvert(), "footprint"_a.noconvert(), "box"_a.noconvert(), "first"_a.noconvert(),
        "weight"_a.noconvert(), "source"_a.noconvert(), "x"_a.noconvert(), "y"_a.noconvert(),
        "out_flux"_a.noconvert(), "out_variance"_a.noconvert());
}
