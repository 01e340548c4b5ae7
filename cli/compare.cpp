// `sinefield compare`: the figures of a model or a file against the original, in the terms of its kind of signal.
// SPDX-License-Identifier: MIT
#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <memory>
#include <vector>

#include "cli/codecs.h"
#include "cli/command.h"
#include "cli/signals.h"
#include "sinefield/error.h"
#include "sinefield/grid.h"
#include "sinefield/measures.h"
#include "sinefield/render.h"

namespace sinefield::cli {
namespace {

constexpr std::int64_t block_frames = 1 << 16;

struct CompareArguments {
  std::filesystem::path result, original;
  ModelOmegas omegas;
};

/// Model files begin with eight bytes of header length and a brace; no other format here does.
bool is_model(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  char start[9] = {};
  return file.read(start, sizeof start) && start[8] == '{' && start[6] == 0 && start[7] == 0;
}

/// Brings a picture of another sample type to the original's scale: full scales map to one another, f32's is 1.
void rescale(Picture& picture, SampleType type) {
  const auto full = [](SampleType t) { return t == SampleType::f32 ? 1.0 : full_scale(t); };
  const double factor = full(type) / full(picture.format.type);
  if (picture.format.type == type) return;
  for (float& sample : picture.samples) sample = static_cast<float>(factor * static_cast<double>(sample));
  picture.format.type = type;
}

PictureMeasures compare_pictures(const CompareArguments& a, const Field* field, const Common& common) {
  const Picture original = pictures().read_picture(a.original, common.memory());
  Picture result;
  if (field != nullptr) {
    result = render_values(*field, field->picture()->height, field->picture()->width, original.format.type,
                           common.compute());
    quantise(result);
  } else {
    result = pictures().read_picture(a.result, common.memory());
    rescale(result, original.format.type);
  }
  return compare(result, original);
}

[[noreturn]] void refuse_sizes(const CompareArguments& a, const std::string& result, const std::string& original) {
  throw bad_input(
      fmt::format("{} and {} do not match: {} against {}", a.result.string(), a.original.string(), result, original),
      "compare signals of the same size, rate and channels");
}

/// A sound, piece by piece, from a file or a model.
class SoundSource {
 public:
  SoundSource(const std::filesystem::path& path, const Field* field, const Common& common) {
    if (field == nullptr) {
      reader_ = media().open_sound(path);
      format_ = reader_->format();
      return;
    }
    format_ = *field->sound();
    evaluator_ = std::make_unique<GridEvaluator>(*field, common.compute());
  }

  const SoundFormat& format() const { return format_; }
  /// The next `frames` at most, fewer at the end only.
  std::vector<float> next(std::int64_t frames) {
    std::vector<float> samples(static_cast<std::size_t>(frames * format_.channels));
    if (reader_) {
      samples.resize(static_cast<std::size_t>(reader_->read(samples) * format_.channels));
      return samples;
    }
    const std::int64_t count = std::min(frames, format_.frames - done_);
    samples.resize(static_cast<std::size_t>(count * format_.channels));
    (*evaluator_)(std::vector<std::vector<double>>{whole_positions(done_, count)}, samples);
    for (float& sample : samples) sample = quantised(sample, format_.type);
    done_ += count;
    return samples;
  }

 private:
  std::unique_ptr<SoundReader> reader_;
  std::unique_ptr<GridEvaluator> evaluator_;
  SoundFormat format_;
  std::int64_t done_ = 0;
};

SoundMeasures compare_sounds(const CompareArguments& a, const Field* field, const Common& common) {
  SoundSource result(a.result, field, common), original(a.original, nullptr, common);
  const SoundFormat &mine = result.format(), &theirs = original.format();
  if (mine.channels != theirs.channels || mine.rate != theirs.rate)
    refuse_sizes(a, signal_words(mine), signal_words(theirs));
  SoundComparison comparison(theirs.channels);
  for (std::int64_t frames = 0;;) {
    const std::vector<float> here = result.next(block_frames), there = original.next(block_frames);
    frames += std::ssize(here) / mine.channels;
    if (here.size() != there.size())
      refuse_sizes(a, fmt::format("{} frames", frames),
                   fmt::format("{} or more", frames + (std::ssize(there) - std::ssize(here)) / mine.channels));
    if (here.empty()) return comparison.result();
    comparison.add(here, there);
  }
}

VideoMeasures compare_videos(const CompareArguments& a, const Field* field, const Common& common) {
  const auto original = media().open_video(a.original);
  const auto reader = field == nullptr ? media().open_video(a.result) : nullptr;
  const VideoFormat &theirs = original->format(), &mine = field == nullptr ? reader->format() : *field->video();
  if (mine.height != theirs.height || mine.width != theirs.width || mine.channel_count() != theirs.channel_count() ||
      mine.type != theirs.type)
    refuse_sizes(a, signal_words(mine), signal_words(theirs));
  std::unique_ptr<GridEvaluator> evaluator;
  if (field != nullptr) evaluator = std::make_unique<GridEvaluator>(*field, common.compute());
  std::vector<std::vector<double>> grid{{}, whole_positions(0, mine.height), whole_positions(0, mine.width)};
  VideoComparison comparison(theirs, FiguresWanted::all, common.compute().threads);
  VideoFrame frame, other;
  // Some frames at once, for the evaluator and for the threads.
  const auto at_once = std::max<std::int64_t>(1, (1 << 20) / (mine.height * mine.width));
  const auto size = static_cast<std::size_t>(theirs.frame_samples());
  for (std::int64_t t = 0;;) {
    std::vector<float> there, here;
    std::int64_t count = 0;
    for (; count < at_once && original->next(frame); ++count) {
      const std::vector<float> values = frame_values(theirs, frame);
      there.insert(there.end(), values.begin(), values.end());
    }
    if (field != nullptr) {
      const std::int64_t mine_left = std::min(count, field->video()->frames - t);
      here.resize(static_cast<std::size_t>(mine_left) * size);
      grid[0] = whole_positions(t, mine_left);
      (*evaluator)(grid, here);
      for (float& value : here) value = quantised(value, mine.type);
    } else {
      for (std::int64_t i = 0; i < count && reader->next(other); ++i) {
        const std::vector<float> values = frame_values(mine, other);
        here.insert(here.end(), values.begin(), values.end());
      }
    }
    t += count;
    const bool ended = count < at_once;
    const bool more = ended && (field != nullptr ? field->video()->frames > t : reader->next(other));
    if (here.size() != there.size() || more)
      refuse_sizes(a, more ? fmt::format("more than {} frames", t) : "fewer frames",
                   ended ? fmt::format("{} frames", t) : fmt::format("{} frames or more", t));
    if (!here.empty()) comparison.add(here, there);
    if (ended) return comparison.result();
  }
}

VolumeMeasures compare_volumes(const CompareArguments& a, const Field* field, const Common& common) {
  const Volume original = media().read_volume(a.original, common.memory());
  if (field == nullptr) return compare(media().read_volume(a.result, common.memory()), original);
  Volume result{*field->volume(), {}};
  result.samples.resize(static_cast<std::size_t>(result.format.voxels() * result.format.channels));
  std::vector<std::vector<double>> grid;
  for (const std::int64_t size : result.format.sizes) grid.push_back(whole_positions(0, size));
  GridEvaluator(*field, common.compute())(grid, result.samples);
  for (float& sample : result.samples) sample = quantised(sample, result.format.type);
  return compare(result, original);
}

int compare_files(const CompareArguments& a, const Common& common) {
  std::unique_ptr<Field> field;
  if (is_model(a.result)) field = std::make_unique<Field>(a.omegas.read(a.result));
  const SignalKind kind = field ? signal_kind(field->signal) : kind_of_file(a.original);
  SignalMeasures measures;
  switch (kind) {
    case SignalKind::none:
    case SignalKind::solution:
      throw bad_input(fmt::format("{}: stands for no signal", a.result.string()), "compare files made from it");
    case SignalKind::picture:
      measures = compare_pictures(a, field.get(), common);
      break;
    case SignalKind::sound:
      measures = compare_sounds(a, field.get(), common);
      break;
    case SignalKind::video:
      measures = compare_videos(a, field.get(), common);
      break;
    case SignalKind::volume:
      measures = compare_volumes(a, field.get(), common);
      break;
  }
  const auto* const picture = std::get_if<PictureMeasures>(&measures);
  const bool alpha = picture != nullptr && !std::isnan(picture->psnr_alpha);
  const bool identical = std::isinf(std::visit([](const auto& m) { return m.psnr; }, measures)) &&
                         (!alpha || std::isinf(picture->psnr_alpha));
  Json object = measures_json(measures);
  object["identical"] = identical;
  print_result(common,
               fmt::format("{}{}{}", picture != nullptr ? "PSNR " : "", measures_words(measures),
                           fmt::format("{}{}", alpha ? fmt::format(", alpha {:.2f} dB", picture->psnr_alpha) : "",
                                       identical ? ", identical" : "")),
               object);
  return 0;
}

}  // namespace

void add_compare(CLI::App& app, Context& context) {
  CLI::App* command =
      app.add_subcommand("compare", "the figures of a model or a file against an original, whoever wrote them");
  auto arguments = std::make_shared<CompareArguments>();
  command->add_option("RESULT", arguments->result, "a model file, or a picture, sound, video or volume")->required();
  command->add_option("ORIGINAL", arguments->original, "the file to compare with")->required();
  arguments->omegas.add_to(*command);
  add_common(*command, context.common);
  command->callback([arguments, &context] {
    context.run = [arguments, &context] { return compare_files(*arguments, context.common); };
  });
}

}  // namespace sinefield::cli
