/// \file How schedules of a GPU's threads are chosen.
#include <doctest/doctest.h>

#include "ir/algorithms/gpu_model.h"
#include "ir/algorithms/implementation.h"

using namespace resnetc;

namespace {

/// A convolution of pictures of `side` x `side`.
program::KernelSpec convolution(int64_t ci, int64_t co, int64_t side, int64_t window, int64_t groups = 1) {
  program::KernelSpec spec;
  spec.kind = program::KernelKind::conv2d;
  spec.attributes.kernel = {window, window};
  spec.attributes.pad = {window / 2, window / 2};
  spec.attributes.groups = groups;
  spec.in.type = TensorType::picture(ci, side, side);
  spec.in.channel_stride = whole_vectors(ci);
  spec.in.halo = spec.attributes.pad.largest();
  spec.out.type = TensorType::picture(co, side, side);
  spec.out.channel_stride = whole_vectors(co);
  return spec;
}

program::ScheduleChoice choose(const program::KernelSpec& spec, int64_t batch) {
  return implementation_of(program::ThreadSchedule{}).choose({spec, 0, *find_target("cuda"), default_machine(), batch}, {});
}

}  // namespace

TEST_CASE("a GPU's schedules are valid, whatever the layer") {
  for (int64_t side : {1, 2, 7, 14, 33, 224}) {
    for (int64_t ci : {3, 16, 40, 512}) {
      for (int64_t co : {1, 10, 16, 48, 176, 1024}) {
        for (int64_t window : {1, 3, 7}) {
          program::KernelSpec spec = convolution(ci, co, side, window);
          for (int64_t batch : {1, 32}) {
            const program::ScheduleChoice choice = choose(spec, batch);
            spec.schedule = choice.schedule;
            CAPTURE(program::to_string(spec));
            CHECK(program::schedule_fault(spec) == std::nullopt);
            CHECK(program::launch_cost(spec).registers <= 255);
            CHECK(!choice.reason.empty());
          }
        }
      }
    }
  }
}

TEST_CASE("a GPU's kernel is never expected to be faster than its roofline, nor a batch than a part of it") {
  for (const program::KernelSpec& shape :
       {convolution(64, 64, 56, 3), convolution(256, 64, 56, 1), convolution(512, 512, 7, 3), convolution(128, 128, 28, 3, 32)}) {
    program::KernelSpec spec = shape;
    spec.schedule = choose(spec, 32).schedule;
    const int64_t multiply_adds =
        spec.out.type.elements() * spec.in.type.channels / spec.attributes.groups * spec.attributes.kernel.h * spec.attributes.kernel.w;
    for (const program::Gpu& gpu : program::known_gpus()) {
      double before = 0;
      for (int64_t batch : {1, 2, 8, 32, 100}) {
        const double seconds = program::predicted_seconds(gpu, spec, batch);
        CHECK(seconds >= program::roofline_seconds(gpu, spec, multiply_adds, batch));
        CHECK(seconds >= before);
        before = seconds;
      }
    }
  }
}

TEST_CASE("small batches get smaller tiles, so that more processors have work") {
  program::KernelSpec spec = convolution(512, 512, 7, 3);
  const auto blocks = [&](int64_t batch) {
    spec.schedule = choose(spec, batch).schedule;
    return program::launch_cost(spec).blocks;
  };
  CHECK(blocks(1) > blocks(256));
}
