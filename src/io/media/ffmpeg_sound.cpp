// Sound by libavformat and libavcodec. No resampling and no mixing: the sample formats are few enough to convert here.
// SPDX-License-Identifier: MIT
#include "io/media/ffmpeg_sound.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <string_view>
#include <type_traits>
#include <utility>

#include "io/media/ffmpeg.h"
#include "io/media/ffmpeg_input.h"
#include "io/media/sound_containers.h"
#include "sinefield/error.h"

namespace sinefield {
namespace {

using std::filesystem::path;

constexpr int most_channels = 1024;
// The one container that knows how many frames its track has, not only how many (milli)seconds it all takes.
constexpr std::string_view exact_container = "mov,mp4,m4a,3gp,3g2,mj2";
/// A codec's delay and padding may be counted in what it promises.
constexpr std::int64_t codec_padding = 4096;

template <class T>
float scaled(T value) {
  if constexpr (std::is_same_v<T, std::uint8_t>) return static_cast<float>(value - 128) / 128;
  if constexpr (std::is_floating_point_v<T>) return static_cast<float>(value);
  return static_cast<float>(static_cast<double>(value) / -static_cast<double>(std::numeric_limits<T>::min()));
}

template <class T>
void convert(const AVFrame& frame, int first, std::span<float> samples) {
  const auto channels = static_cast<std::size_t>(frame.ch_layout.nb_channels), begin = static_cast<std::size_t>(first);
  const bool planar = av_sample_fmt_is_planar(static_cast<AVSampleFormat>(frame.format)) != 0;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    const std::size_t channel = i % channels, at = begin + i / channels;
    const auto* plane = reinterpret_cast<const T*>(frame.extended_data[planar ? channel : 0]);
    samples[i] = scaled(plane[planar ? at : at * channels + channel]);
  }
}

SoundType type_of(const AVCodecContext& codec) {
  const AVCodecDescriptor* descriptor = avcodec_descriptor_get(codec.codec_id);
  if (descriptor == nullptr || (descriptor->props & AV_CODEC_PROP_LOSSLESS) == 0) return SoundType::s16;
  switch (av_get_packed_sample_fmt(codec.sample_fmt)) {
    case AV_SAMPLE_FMT_U8:
      return SoundType::u8;
    case AV_SAMPLE_FMT_S32:
      return codec.bits_per_raw_sample > 0 && codec.bits_per_raw_sample <= 24 ? SoundType::s24 : SoundType::s32;
    case AV_SAMPLE_FMT_S64:
      return SoundType::s32;
    case AV_SAMPLE_FMT_FLT:
      return SoundType::f32;
    case AV_SAMPLE_FMT_DBL:
      return SoundType::f64;
    default:
      return SoundType::s16;
  }
}

class FfmpegDecoder final : public SoundDecoder {
 public:
  explicit FfmpegDecoder(const path& file)
      : name_(file.string()), input_(open_media(file, MediaKind::sound)), lacks_end_(lacks_end(InputFile(file))) {
    open_codec();
    if (!next_piece()) {
      refuse(failed_ > 0 ? fmt::format("cannot be decoded ({})", codec_->codec->name) : "has no sample",
             "copy or export the file again");
    }
    format_.rate = piece_->sample_rate;
    format_.channels = piece_->ch_layout.nb_channels;
    format_.type = type_of(*codec_);
    if (format_.channels < 1 || format_.channels > most_channels || format_.rate < 1) {
      refuse(fmt::format("has a sound track of {} channels and {} Hz, expected 1 to {} channels and a rate",
                         format_.channels, format_.rate, most_channels),
             "export the file again");
    }
    take_promise();
    if (input_.context->iformat->name == exact_container) format_.frames = promised_;
  }

  const SoundFormat& format() const override { return format_; }

  std::int64_t decode(std::span<float> samples) override {
    const auto channels = static_cast<std::size_t>(format_.channels);
    const auto room = static_cast<std::int64_t>(samples.size() / channels);
    std::int64_t done = 0;
    while (done < room && (used_ < piece_->nb_samples || next_piece())) {
      const auto count = std::min<std::int64_t>(room - done, piece_->nb_samples - used_);
      take(samples.subspan(static_cast<std::size_t>(done) * channels, static_cast<std::size_t>(count) * channels));
      used_ += static_cast<int>(count);
      done += count;
    }
    count_ += done;
    return done;
  }

  std::string shortcoming() const override {
    if (changed_) return fmt::format("changes its channels or its rate after {} frames; the rest was left out", count_);
    if (failed_ > 0) {
      return fmt::format("is damaged: {} piece{} of its sound could not be decoded", failed_, failed_ == 1 ? "" : "s");
    }
    if (count_ + codec_padding < promised_) {
      return fmt::format("breaks off after {} of the {} frames that its header promises", count_, promised_);
    }
    if (broken_ != 0) return fmt::format("breaks off after {} frames ({})", count_, ffmpeg_reason(broken_));
    return lacks_end_ ? fmt::format("breaks off after {} frames", count_) : std::string();
  }

 private:
  [[noreturn]] void refuse(const std::string& what, std::string hint) const {
    throw bad_input(fmt::format("'{}' {}", name_, what), std::move(hint));
  }

  void take_promise() {
    const AVFormatContext& container = *input_.context;
    const AVStream& track = *container.streams[stream_];
    const std::string_view kind = container.iformat->name;
    // Elsewhere it is a guess from the bit rate, or the time of the longest track.
    const bool counted = kind == exact_container ||
                         (kind == "mp3" && container.duration_estimation_method == AVFMT_DURATION_FROM_STREAM);
    if (counted && track.duration > 0) promised_ = av_rescale_q(track.duration, track.time_base, {1, format_.rate});
  }

  void open_codec() {
    const AVCodec* codec = nullptr;
    const int stream = av_find_best_stream(input_.context.get(), AVMEDIA_TYPE_AUDIO, -1, -1, &codec, 0);
    if (stream == AVERROR_DECODER_NOT_FOUND) {
      refuse("has a sound track of a codec that FFmpeg cannot decode", "convert it to WAV first");
    }
    if (stream < 0) {
      refuse(fmt::format("has no sound track ({})", input_.context->iformat->long_name), "name a file with sound");
    }
    stream_ = stream;
    input_.keep_only(stream);
    const AVStream& track = *input_.context->streams[stream];
    codec_ = owned<AvCodecContext>(avcodec_alloc_context3(codec));
    int error = avcodec_parameters_to_context(codec_.get(), track.codecpar);
    codec_->pkt_timebase = track.time_base;
    codec_->thread_count = 1;
    if (error >= 0) error = avcodec_open2(codec_.get(), codec, nullptr);
    if (error < 0) {
      refuse(fmt::format("has a sound track that cannot be decoded ({}: {})", codec->name, ffmpeg_reason(error)),
             "convert it to WAV first");
    }
  }

  /// Decodes the next piece into `piece_`; false at the end. Pieces that cannot be decoded are left out and counted.
  bool next_piece() {
    used_ = 0;
    while (!changed_) {
      const int error = avcodec_receive_frame(codec_.get(), piece_.get());
      if (error == AVERROR_EOF) break;
      if (error >= 0) {
        const bool first = format_.rate == 0;
        changed_ = !first && (format_.channels != piece_->ch_layout.nb_channels || format_.rate != piece_->sample_rate);
        if (changed_) break;
        if (piece_->nb_samples > 0) return true;
      } else if (error == AVERROR(EAGAIN)) {
        feed();
      } else {
        ++failed_;
        if (drained_) break;
      }
    }
    av_frame_unref(piece_.get());
    return false;
  }

  /// Gives the decoder the next packet of the track, or the sign that there are no more.
  void feed() {
    int error = 0;
    while ((error = av_read_frame(input_.context.get(), packet_.get())) >= 0) {
      const bool ours = packet_->stream_index == stream_;
      const int refused = ours ? avcodec_send_packet(codec_.get(), packet_.get()) : 0;
      av_packet_unref(packet_.get());
      if (refused < 0) ++failed_;
      if (ours) return;
    }
    if (error != AVERROR_EOF) broken_ = error;
    avcodec_send_packet(codec_.get(), nullptr);
    drained_ = true;
  }

  void take(std::span<float> samples) const {
    switch (av_get_packed_sample_fmt(static_cast<AVSampleFormat>(piece_->format))) {
      case AV_SAMPLE_FMT_U8:
        return convert<std::uint8_t>(*piece_, used_, samples);
      case AV_SAMPLE_FMT_S16:
        return convert<std::int16_t>(*piece_, used_, samples);
      case AV_SAMPLE_FMT_S32:
        return convert<std::int32_t>(*piece_, used_, samples);
      case AV_SAMPLE_FMT_S64:
        return convert<std::int64_t>(*piece_, used_, samples);
      case AV_SAMPLE_FMT_FLT:
        return convert<float>(*piece_, used_, samples);
      case AV_SAMPLE_FMT_DBL:
        return convert<double>(*piece_, used_, samples);
      default:
        refuse(fmt::format("has samples of a format that is not known (number {})", piece_->format),
               "convert it to WAV first");
    }
  }

  std::string name_;
  MediaInput input_;
  AvCodecContext codec_;
  AvFrame piece_ = owned<AvFrame>(av_frame_alloc());
  AvPacket packet_ = owned<AvPacket>(av_packet_alloc());
  int stream_ = 0;
  SoundFormat format_{.frames = 0, .rate = 0, .channels = 0};
  std::int64_t promised_ = 0;  // frames, up to `codec_padding`; 0: unknown
  bool lacks_end_;
  int used_ = 0;             // frames of `piece_` that were given out
  std::int64_t count_ = 0;   // frames that were given out
  std::int64_t failed_ = 0;  // packets without a sound
  int broken_ = 0;           // why the container could not be read further
  bool changed_ = false;     // another number of channels or rate has come
  bool drained_ = false;     // the decoder knows that there are no more packets
};

}  // namespace

std::unique_ptr<SoundDecoder> open_ffmpeg_sound(const path& file) { return std::make_unique<FfmpegDecoder>(file); }

}  // namespace sinefield
