#pragma once
// How bindings hand arrays to Python.
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>

#include <utility>
#include <vector>

namespace gnomon {

template <class T>
using Vector = nanobind::ndarray<const T, nanobind::ndim<1>, nanobind::c_contig, nanobind::device::cpu>;
template <class T>
using Plane = nanobind::ndarray<const T, nanobind::ndim<2>, nanobind::c_contig, nanobind::device::cpu>;
template <class T>
using Cube = nanobind::ndarray<const T, nanobind::ndim<3>, nanobind::c_contig, nanobind::device::cpu>;
template <class T>
using PlaneOut = nanobind::ndarray<T, nanobind::ndim<2>, nanobind::c_contig, nanobind::device::cpu>;
template <class T>
using CubeOut = nanobind::ndarray<T, nanobind::ndim<3>, nanobind::c_contig, nanobind::device::cpu>;

// A numpy array that owns the vector's memory.
template <class T>
nanobind::ndarray<nanobind::numpy, T, nanobind::ndim<1>> to_numpy(std::vector<T> &&values) {
  auto *held = new std::vector<T>(std::move(values));
  nanobind::capsule owner(held, [](void *p) noexcept { delete static_cast<std::vector<T> *>(p); });
  return nanobind::ndarray<nanobind::numpy, T, nanobind::ndim<1>>(held->data(), {held->size()}, owner);
}

template <class A, class B>
void same_shape(const A &a, const B &b, const char *message) {
  for (std::size_t k = 0; k < a.ndim(); ++k)
    if (a.shape(k) != b.shape(k)) throw nanobind::value_error(message);
}

}  // namespace gnomon
