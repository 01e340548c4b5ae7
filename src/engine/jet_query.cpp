// Handing pieces of the points to the workers.
// SPDX-License-Identifier: MIT
#include "engine/jet_query.h"

#include <algorithm>
#include <atomic>
#include <utility>

namespace sinefield::engine {

template <class T>
JetQuery<T>::JetQuery(const Architecture& architecture, std::span<const T> parameters, JetPlan plan, Isa isa,
                      Workers& workers)
    : JetQuery(architecture, std::move(plan), isa, workers) {
  load(parameters);
}

template <class T>
JetQuery<T>::JetQuery(const Architecture& architecture, JetPlan plan, Isa isa, Workers& workers)
    : kernels_(kernels<T>(isa, architecture)),
      workers_(workers),
      plan_(std::move(plan)),
      layout_(architecture, kernels_.tile, sizeof(T)),
      packed_(layout_.packed_size) {
  for (int w = 0; w < workers.count(); ++w) scratch_.emplace_back(kernels_.query_scratch(layout_, plan_));
}

template <class T>
template <class Use>
void JetQuery<T>::in_pieces(std::int64_t points, const Use& use) {
  constexpr std::int64_t piece = 768;  // points of one call: several blocks, and many pieces for many threads
  std::atomic<std::int64_t> next = 0;
  const auto task = [&](int worker) {
    for (std::int64_t begin = next.fetch_add(piece); begin < points; begin = next.fetch_add(piece))
      use(worker, begin, std::min(piece, points - begin));
  };
  workers_.run(task);
}

template <class T>
void JetQuery<T>::run(const QueryPoints<T>& points, std::span<T* const> out) {
  in_pieces(points.coordinates.rows, [&](int worker, std::int64_t begin, std::int64_t count) {
    kernels_.query(layout_, plan_, packed_.data(), points, begin, count, out.data(),
                   scratch_[static_cast<std::size_t>(worker)].data());
  });
}

template <class T>
void JetQuery<T>::features(const QueryPoints<T>& points, std::span<T> out) {
  in_pieces(points.coordinates.rows, [&](int worker, std::int64_t begin, std::int64_t count) {
    kernels_.features(layout_, plan_, packed_.data(), points, begin, count, out.data(),
                      scratch_[static_cast<std::size_t>(worker)].data());
  });
}

template class JetQuery<float>;
template class JetQuery<double>;

}  // namespace sinefield::engine
