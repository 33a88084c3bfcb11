#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>

#include <stdexcept>

#include "orbit.hpp"

namespace nb = nanobind;
using namespace gnomon;

namespace {

template <std::size_t N>
using In = nb::ndarray<const double, nb::ndim<N>, nb::c_contig, nb::device::cpu>;
using Index = nb::ndarray<const std::int64_t, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
using Out = nb::ndarray<nb::numpy, double>;

Out allocate(std::initializer_list<std::size_t> shape) {
    std::size_t size = 1;
    for (auto s : shape) size *= s;
    auto* data = new double[size ? size : 1];
    nb::capsule owner(data, [](void* p) noexcept { delete[] static_cast<double*>(p); });
    return Out(data, shape.size(), shape.begin(), owner);
}

void require(bool good, const char* message) {
    if (!good) throw std::invalid_argument(message);
}

auto integrate(In<2> state, Index exclude, In<1> node, In<2> velocity, In<2> position, In<2> predict, In<2> monomial,
               In<4> mass_position, In<3> sun_velocity, In<1> gm, double step) {
    const std::size_t n = state.shape(0), nstep = mass_position.shape(0), nblock = (n + kLanes - 1) / kLanes;
    require(n > 0 && state.shape(1) == 6 && exclude.shape(0) == n, "state must be (n, 6) and exclude (n), n > 0");
    require(node.shape(0) == kNodes && velocity.shape(0) == kNodes + 1 && velocity.shape(1) == kNodes &&
                position.shape(0) == kNodes + 1 && position.shape(1) == kNodes && predict.shape(0) == kNodes &&
                predict.shape(1) == kNodes && monomial.shape(0) == kNodes && monomial.shape(1) == kNodes,
            "weights of the collocation method have the wrong shape");
    require(nstep > 0 && mass_position.shape(1) == kNodes && mass_position.shape(2) == gm.shape(0) &&
                mass_position.shape(3) == 3 && sun_velocity.shape(0) == nstep && sun_velocity.shape(1) == kNodes &&
                sun_velocity.shape(2) == 3,
            "masses must be (nstep, 8, nbody, 3), (nstep, 8, 3) and (nbody)");
    Out dense = allocate({nstep, nblock, kDense, kLanes}), final = allocate({n, 6}), roughness = allocate({n});
    {
        nb::gil_scoped_release release;
        integrate_orbits(state.data(), exclude.data(), n,
                         {node.data(), velocity.data(), position.data(), predict.data(), monomial.data()},
                         {mass_position.data(), sun_velocity.data(), gm.data(), gm.shape(0)}, nstep, step, dense.data(),
                         final.data(), roughness.data());
    }
    return nb::make_tuple(dense, final, roughness);
}

Out evaluate(In<4> dense, double step, In<2> monomial, Index index, In<1> elapsed) {
    const std::size_t m = index.shape(0), nblock = dense.shape(1);
    require(dense.shape(0) > 0 && dense.shape(2) == kDense && dense.shape(3) == kLanes, "dense has the wrong shape");
    require(monomial.shape(0) == kNodes && monomial.shape(1) == kNodes, "monomial must be (8, 8)");
    require(elapsed.shape(0) == m, "index and elapsed differ in length");
    for (std::size_t q = 0; q < m; ++q)
        require(index(q) >= 0 && static_cast<std::size_t>(index(q)) < nblock * kLanes, "index of an object out of range");
    Out out = allocate({m, 9});
    {
        nb::gil_scoped_release release;
        evaluate_orbits(dense.data(), nblock, dense.shape(0), step, monomial.data(), index.data(), elapsed.data(), m,
                        out.data());
    }
    return out;
}

}  // namespace

NB_MODULE(_orbit, m) {
    m.def("integrate", &integrate, nb::arg("state").noconvert(), nb::arg("exclude").noconvert(),
          nb::arg("node").noconvert(), nb::arg("velocity").noconvert(), nb::arg("position").noconvert(),
          nb::arg("predict").noconvert(), nb::arg("monomial").noconvert(), nb::arg("mass_position").noconvert(),
          nb::arg("sun_velocity").noconvert(), nb::arg("gm").noconvert(), nb::arg("step"));
    m.def("evaluate", &evaluate, nb::arg("dense").noconvert(), nb::arg("step"), nb::arg("monomial").noconvert(),
          nb::arg("index").noconvert(), nb::arg("elapsed").noconvert());
}
