#include "arrays.hpp"
#include "deblend.hpp"
#include "detect.hpp"

namespace nb = nanobind;
using namespace nb::literals;
using namespace gnomon;

static Planes planes_of(const Plane<float> &flux, const Plane<float> &variance, const Plane<std::uint32_t> &mask,
                        std::uint32_t ignore) {
  same_shape(flux, variance, "flux and variance differ in shape");
  same_shape(flux, mask, "flux and mask differ in shape");
  return {flux.data(), variance.data(), mask.data(), ignore, flux.shape(0), flux.shape(1)};
}

static SeparablePsf psf_of(const Cube<float> &column, const Cube<float> &row) {
  same_shape(column, row, "column and row of the PSF differ in shape");
  if (column.shape(2) % 2 == 0) throw nb::value_error("the PSF must have an odd number of taps");
  return {column.data(), row.data(), column.shape(0), column.shape(1), column.shape(2)};
}

static nb::tuple detect_(Plane<float> flux, Plane<float> variance, Plane<std::uint32_t> mask, std::uint32_t ignore,
                         Cube<float> column, Cube<float> row, double positive, double negative, std::size_t min_area) {
  const Planes planes = planes_of(flux, variance, mask, ignore);
  const SeparablePsf psf = psf_of(column, row);
  Detections d;
  {
    nb::gil_scoped_release nogil;
    d = detect(planes, psf, positive, negative, min_area);
  }
  return nb::make_tuple(to_numpy(std::move(d.y)), to_numpy(std::move(d.x0)), to_numpy(std::move(d.x1)),
                        to_numpy(std::move(d.first)), to_numpy(std::move(d.sign)), to_numpy(std::move(d.flux)),
                        to_numpy(std::move(d.noise)));
}

static void significance_(Plane<float> flux, Plane<float> variance, Plane<std::uint32_t> mask, std::uint32_t ignore,
                          Cube<float> column, Cube<float> row, PlaneOut<float> out) {
  const Planes planes = planes_of(flux, variance, mask, ignore);
  const SeparablePsf psf = psf_of(column, row);
  same_shape(flux, out, "flux and out differ in shape");
  nb::gil_scoped_release nogil;
  significance(planes, psf, out.data());
}

static void mark_runs_(Vector<std::int32_t> y, Vector<std::int32_t> x0, Vector<std::int32_t> x1, std::int32_t radius,
                       std::uint32_t bits, PlaneOut<std::uint32_t> mask) {
  same_shape(y, x0, "y and x0 differ in length");
  same_shape(y, x1, "y and x1 differ in length");
  nb::gil_scoped_release nogil;
  mark_runs(y.data(), x0.data(), x1.data(), y.shape(0), radius, bits, mask.shape(0), mask.shape(1), mask.data());
}

struct FootprintArrays {
  Vector<std::int32_t> y, x0, x1;
  Vector<std::int64_t> first;
  Vector<std::int8_t> sign;
  Vector<float> flux, noise;

  FootprintView view() const {
    if (first.shape(0) != sign.shape(0) + 1) throw nb::value_error("first must be one longer than sign");
    return {y.data(), x0.data(), x1.data(), first.data(), sign.data(), sign.shape(0), flux.data(), noise.data()};
  }
};

static nb::tuple split_(Vector<std::int32_t> y, Vector<std::int32_t> x0, Vector<std::int32_t> x1,
                        Vector<std::int64_t> first, Vector<std::int8_t> sign, Vector<float> flux, Vector<float> noise,
                        Plane<float> image, Plane<float> variance, Plane<std::uint32_t> mask, std::uint32_t ignore,
                        double prominence, double contrast) {
  const FootprintArrays arrays{y, x0, x1, first, sign, flux, noise};
  const FootprintView view = arrays.view();
  const Planes planes = planes_of(image, variance, mask, ignore);
  Peaks p;
  {
    nb::gil_scoped_release nogil;
    p = split(view, smooth(view, planes), prominence, contrast);
  }
  return nb::make_tuple(to_numpy(std::move(p.footprint)), to_numpy(std::move(p.y)), to_numpy(std::move(p.x)),
                        to_numpy(std::move(p.area)), to_numpy(std::move(p.flux)), to_numpy(std::move(p.noise)),
                        to_numpy(std::move(p.owner)));
}

static nb::tuple share_(Vector<std::int32_t> y, Vector<std::int32_t> x0, Vector<std::int32_t> x1,
                        Vector<std::int64_t> first, Vector<std::int8_t> sign, Vector<float> pixels,
                        Vector<float> noise, Vector<std::int32_t> owner, Vector<std::int32_t> footprint,
                        Vector<std::int32_t> peak_y, Vector<std::int32_t> peak_x, Plane<float> flux,
                        PlaneOut<std::int32_t> labels) {
  const FootprintArrays arrays{y, x0, x1, first, sign, pixels, noise};
  const FootprintView view = arrays.view();
  same_shape(flux, labels, "flux and labels differ in shape");
  same_shape(pixels, owner, "owner must have one entry for every pixel of the footprints");
  Shares s;
  {
    nb::gil_scoped_release nogil;
    paint(view, owner.data(), flux.shape(1), labels.data());
    s = share(view, owner.data(), footprint.data(), peak_y.data(), peak_x.data(), footprint.shape(0), flux.data(),
              labels.data(), flux.shape(0), flux.shape(1));
  }
  return nb::make_tuple(to_numpy(std::move(s.y0)), to_numpy(std::move(s.x0)), to_numpy(std::move(s.y1)),
                        to_numpy(std::move(s.x1)), to_numpy(std::move(s.first)), to_numpy(std::move(s.weight)));
}

NB_MODULE(_detect, m) {
  m.def("detect", &detect_, "flux"_a.noconvert(), "variance"_a.noconvert(), "mask"_a.noconvert(), "ignore"_a,
        "column"_a.noconvert(), "row"_a.noconvert(), "positive"_a, "negative"_a, "min_area"_a);
  m.def("significance", &significance_, "flux"_a.noconvert(), "variance"_a.noconvert(), "mask"_a.noconvert(),
        "ignore"_a, "column"_a.noconvert(), "row"_a.noconvert(), "out"_a.noconvert());
  m.def("mark_runs", &mark_runs_, "y"_a.noconvert(), "x0"_a.noconvert(), "x1"_a.noconvert(), "radius"_a, "bits"_a,
        "mask"_a.noconvert());
  m.def("split", &split_, "y"_a.noconvert(), "x0"_a.noconvert(), "x1"_a.noconvert(), "first"_a.noconvert(),
        "sign"_a.noconvert(), "flux"_a.noconvert(), "noise"_a.noconvert(), "image"_a.noconvert(),
        "variance"_a.noconvert(), "mask"_a.noconvert(), "ignore"_a, "prominence"_a, "contrast"_a);
  m.def("share", &share_, "y"_a.noconvert(), "x0"_a.noconvert(), "x1"_a.noconvert(), "first"_a.noconvert(),
        "sign"_a.noconvert(), "pixels"_a.noconvert(), "noise"_a.noconvert(), "owner"_a.noconvert(),
        "footprint"_a.noconvert(), "peak_y"_a.noconvert(), "peak_x"_a.noconvert(), "flux"_a.noconvert(),
        "labels"_a.noconvert());
}
