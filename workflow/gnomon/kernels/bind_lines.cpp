#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>

#include "buffer.hpp"
#include "lines.hpp"

namespace nb = nanobind;

namespace {

template <typename T, std::size_t N>
using Array = nb::ndarray<T, nb::ndim<N>, nb::c_contig, nb::device::cpu>;

void best(Array<const float, 3> planes, Array<const float, 2> sky, Array<const double, 1> noise,
          Array<const float, 2> scale, std::size_t step, double clip, std::size_t least, Array<float, 1> snr,
          Array<std::int32_t, 2> line) {
  const std::size_t n = planes.shape(0), ny = planes.shape(1), nx = planes.shape(2);
  const std::size_t my = scale.shape(0), mx = scale.shape(1);
  if (my == 0 || mx == 0 || (my - 1) * step >= ny || (mx - 1) * step >= nx)
    throw nb::value_error("there are no samples, or more than pixels");
  if (sky.shape(0) != ny || sky.shape(1) != nx || noise.shape(0) != n || snr.shape(0) != n || line.shape(0) != n ||
      line.shape(1) != 3)
    throw nb::value_error("planes differ in shape");
  nb::gil_scoped_release release;
  const auto found = gnomon::make_buffer<gnomon::BestLine>(n);
  gnomon::best_lines({planes.data(), n, ny, nx, sky.data(), noise.data(), scale.data(), my, mx, step, clip, least},
                     found.get());
  for (std::size_t k = 0; k < n; ++k) {
    const gnomon::BestLine &f = found[k];
    snr.data()[k] = f.snr;
    std::int32_t *of = line.data() + 3 * k;
    of[0] = f.quadrant, of[1] = f.shift, of[2] = f.column;
  }
}

}  // namespace

NB_MODULE(_lines, m) {
  m.def("best", &best, nb::arg("planes").noconvert(), nb::arg("sky").noconvert(), nb::arg("noise").noconvert(),
        nb::arg("scale").noconvert(), nb::arg("step"), nb::arg("clip"), nb::arg("least"),
        nb::arg("snr").noconvert(), nb::arg("line").noconvert());
}
