// `sinefield render` of sounds: the samples of any stretch at any rate, or waveform and spectrogram as a picture.
// SPDX-License-Identifier: MIT
#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "cli/codecs.h"
#include "cli/progress.h"
#include "cli/render.h"
#include "cli/signals.h"
#include "sinefield/error.h"
#include "sinefield/grid.h"
#include "sinefield/sound_views.h"

namespace sinefield::cli {
namespace {

constexpr std::int64_t block_frames = 1 << 16;
constexpr int view_width = 1200, view_height = 300;

/// The frames of the original that were asked for.
struct Stretch {
  std::int64_t first, count;
};

Stretch stretch_of(const RenderArguments& a, const SoundFormat& format) {
  const auto frame = [&](double seconds) {
    return std::llround(std::min(seconds * format.rate, static_cast<double>(format.frames)));
  };
  const std::int64_t first = a.from ? frame(*a.from) : 0, end = a.to ? frame(*a.to) : format.frames;
  if (end <= first)
    throw bad_input(fmt::format("--from {} --to {}: holds no frame of a sound of {:.3f} s", a.from.value_or(0),
                                a.to.value_or(format.seconds()), format.seconds()));
  return {first, end - first};
}

/// Calls use(frames) for the stretch in order.
template <class Use>
void for_frames(const Field& field, Stretch stretch, const Common& common, const Use& use) {
  GridEvaluator evaluator(field, common.compute());
  Progress progress(common);
  std::vector<float> block;
  for (std::int64_t done = 0; done < stretch.count;) {
    const std::int64_t count = std::min(block_frames, stretch.count - done);
    block.resize(static_cast<std::size_t>(count * field.outputs()));
    evaluator(std::vector<std::vector<double>>{whole_positions(stretch.first + done, count)}, block);
    use(std::span<const float>(block));
    done += count;
    progress.update(static_cast<double>(done) / static_cast<double>(stretch.count), -1,
                    [] { return std::string("rendering"); });
  }
}

/// Waveform and spectrogram; the original's beside them where it is there to compare with.
Json write_views(const RenderArguments& a, const Field& field, const Common& common) {
  const SoundFormat& format = *field.sound();
  const double peak = field.channels.front().scale;
  std::vector<SheetEntry> waveforms, spectrograms;
  const auto add = [&](const SoundView& view, const char* name) {
    waveforms.push_back({view.waveform(), fmt::format("{}, waveform", name)});
    spectrograms.push_back({view.spectrogram(), fmt::format("{}, spectrogram", name)});
  };
  if (!a.sheet.empty()) {
    const auto reader = media().open_sound(a.sheet);
    if (reader->format().channels != format.channels)
      throw bad_input(fmt::format("--sheet {}: {} channels, the model's sound has {}", a.sheet.string(),
                                  reader->format().channels, format.channels));
    SoundView view(format, view_width, view_height, peak);
    std::vector<float> block(static_cast<std::size_t>(block_frames * format.channels));
    std::int64_t left = format.frames;
    for (std::int64_t got = reader->read(block); got > 0 && left > 0; got = reader->read(block)) {
      got = std::min(got, left);
      view.add(std::span(block).first(static_cast<std::size_t>(got * format.channels)));
      left -= got;
    }
    add(view, "original");
  }
  SoundView view(format, view_width, view_height, peak);
  for_frames(field, {0, format.frames}, common, [&](std::span<const float> frames) { view.add(frames); });
  add(view, "model");
  const auto columns = static_cast<int>(waveforms.size());
  waveforms.insert(waveforms.end(), spectrograms.begin(), spectrograms.end());
  pictures().write_picture(a.output, pictures().contact_sheet(waveforms, columns));
  return Json::object();
}

}  // namespace

Json render_sound(const RenderArguments& a, const Field& field, const Common& common) {
  if (extension_of(a.output) == ".png") return write_views(a, field, common);
  if (!a.sheet.empty())
    throw bad_input(fmt::format("--sheet is a picture, {} is not", a.output.string()), "give -o OUT.png");
  SoundFormat format = *field.sound();
  const Stretch stretch = stretch_of(a, format);
  const int rate = format.rate;
  format.rate = a.rate.value_or(rate);
  format.type = a.type.empty() ? format.type : sound_type_from_name(a.type);
  // FLAC holds whole numbers only: of floats it takes 24 bits, more than any ear.
  if (extension_of(a.output) == ".flac" && a.type.empty() && format.type != SoundType::s16)
    format.type = SoundType::s24;
  media().require_writable_sound(a.output, format);
  auto writer = media().create_sound(a.output, format, common.overwrite());
  if (format.rate != rate) writer = media().resampling(std::move(writer), format.channels, rate, format.rate);
  for_frames(field, stretch, common, [&](std::span<const float> frames) { writer->write(frames); });
  writer->finish();
  format.frames = (stretch.count * format.rate + rate - 1) / rate;
  return {{"signal", signal_json(format)}};
}

}  // namespace sinefield::cli
