// The operators new and delete of the test executable, which count, and the proof that they do: a count that stays at
// zero would make every test of "allocates nothing" pass. Leaves out: bytes, and who allocated.
// SPDX-License-Identifier: MIT
#include "allocation_count.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <memory>
#include <new>
#include <thread>
#include <vector>

namespace {

constinit std::atomic<std::int64_t> allocations = 0;

void* allocate(std::size_t size, std::size_t alignment) noexcept {
  allocations.fetch_add(1, std::memory_order_relaxed);
  size = size == 0 ? 1 : size;
  if (alignment <= __STDCPP_DEFAULT_NEW_ALIGNMENT__) return std::malloc(size);
  return std::aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment);
}

void* allocate_or_throw(std::size_t size, std::size_t alignment) {
  void* memory = allocate(size, alignment);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

}  // namespace

// All forms, so that no allocation is made by one implementation and freed by another (sanitizers bring their own).
void* operator new(std::size_t size) { return allocate_or_throw(size, 1); }
void* operator new[](std::size_t size) { return allocate_or_throw(size, 1); }
void* operator new(std::size_t size, std::align_val_t at) { return allocate_or_throw(size, std::size_t(at)); }
void* operator new[](std::size_t size, std::align_val_t at) { return allocate_or_throw(size, std::size_t(at)); }
void* operator new(std::size_t size, const std::nothrow_t&) noexcept { return allocate(size, 1); }
void* operator new[](std::size_t size, const std::nothrow_t&) noexcept { return allocate(size, 1); }
void* operator new(std::size_t size, std::align_val_t at, const std::nothrow_t&) noexcept {
  return allocate(size, std::size_t(at));
}
void* operator new[](std::size_t size, std::align_val_t at, const std::nothrow_t&) noexcept {
  return allocate(size, std::size_t(at));
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }
void operator delete(void* memory, const std::nothrow_t&) noexcept { std::free(memory); }
void operator delete[](void* memory, const std::nothrow_t&) noexcept { std::free(memory); }
void operator delete(void* memory, std::align_val_t, const std::nothrow_t&) noexcept { std::free(memory); }
void operator delete[](void* memory, std::align_val_t, const std::nothrow_t&) noexcept { std::free(memory); }

namespace sinefield {

std::int64_t allocation_count() noexcept { return allocations.load(std::memory_order_relaxed); }

namespace {

// The calls are kept by hand: a compiler may leave out a new-expression whose memory nobody looks at.
TEST(AllocationCount, counts_every_form) {
  const std::int64_t before = allocation_count();
  ::operator delete(::operator new(8));
  ::operator delete[](::operator new[](8));
  ::operator delete(::operator new(8, std::nothrow));
  ::operator delete(::operator new(8, std::align_val_t(64)), std::align_val_t(64));
  EXPECT_EQ(allocation_count() - before, 4);
}

TEST(AllocationCount, counts_containers_and_other_threads) {
  const std::int64_t before = allocation_count();
  std::vector<int> grown(1000);
  EXPECT_GE(allocation_count() - before, 1) << grown.size();
  std::int64_t within = 0;
  std::thread([&within] {
    const std::int64_t start = allocation_count();
    const auto kept = std::make_shared<std::vector<double>>(100);
    within = allocation_count() - start;
    EXPECT_EQ(kept->size(), 100U);
  }).join();
  EXPECT_GE(within, 2);
}

}  // namespace
}  // namespace sinefield
