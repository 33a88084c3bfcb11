// Motion of many massless bodies among moving masses, and values from its dense output.
//
// The integrator is the 8-stage Radau I collocation method of order 15 (Everhart 1985; Rein & Spiegel 2015) on
// fixed steps: the acceleration over a step is the polynomial through its values at 8 nodes, found by Gauss-Seidel
// sweeps. Lengths au, times days, barycentric ICRF.
#pragma once
#include <cstddef>
#include <cstdint>

namespace gnomon {

constexpr std::size_t kNodes = 8;   // stages of the collocation method
constexpr std::size_t kLanes = 4;   // objects computed side by side, one vector register
constexpr std::size_t kDense = 30;  // numbers per object and step: x0, v0 and 8 accelerations, 3 components each

// Weights of the collocation method, each row over the 8 accelerations, in units of the step.
struct Collocation {
    const double* node;      // (8): place of the nodes in [0, 1)
    const double* velocity;  // (9, 8): integral of the acceleration to each node and to 1
    const double* position;  // (9, 8): double integral
    const double* predict;   // (8, 8): the polynomial at the nodes of the next step
    const double* monomial;  // (8, 8): row k gives the coefficient of s^k
};

// Where the masses are at every node of every step; the Sun is the first of them.
struct Masses {
    const double* position;      // (nstep, 8, nbody, 3)
    const double* sun_velocity;  // (nstep, 8, 3)
    const double* gm;            // (nbody)
    std::size_t nbody;
};

// Integrate n objects from `state` (n, 6) over nstep steps of `step` days (negative: backwards).
//   exclude (n): index of the mass that is the object itself, or -1
//   dense (nstep, ceil(n / 4), 30, 4): out, for `evaluate_orbits`
//   final (n, 6): out, state after the last step
//   roughness (n): out, largest ratio of the s^7 coefficient, or of 1000 times the last change of a sweep, to the
//       acceleration: above about 1e-3 the step is too long for the object.
// Each object's result is the same in any company.
void integrate_orbits(const double* state, const std::int64_t* exclude, std::size_t n, const Collocation& method,
                      const Masses& masses, std::size_t nstep, double step, double* dense, double* final,
                      double* roughness) noexcept;

// Position, velocity and acceleration (m, 9) of object `index` (m) at `elapsed` (m) days after the start.
// Beyond the integrated span the first or last polynomial is extrapolated.
void evaluate_orbits(const double* dense, std::size_t nblock, std::size_t nstep, double step, const double* monomial,
                     const std::int64_t* index, const double* elapsed, std::size_t m, double* out) noexcept;

}  // namespace gnomon
