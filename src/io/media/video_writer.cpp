// Videos by FFmpeg's libraries: samples are rounded, converted and encoded frame by frame, a sound track of another
// file is copied packet by packet beside them. Whole or not there: a container through one OutputFile, numbered
// pictures beside their names until the last is complete. Even frame rates only.
// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <limits>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include "io/media/ffmpeg_colours.h"
#include "io/media/ffmpeg_input.h"
#include "io/output_file.h"
#include "sinefield/error.h"
#include "sinefield/measures.h"
#include "sinefield/video_file.h"

extern "C" {
#include <libavfilter/avfilter.h>
#include <libavfilter/buffersink.h>
#include <libavfilter/buffersrc.h>
}

namespace sinefield {
namespace {

namespace fs = std::filesystem;
using std::filesystem::path;
using AvFilterGraph = std::unique_ptr<AVFilterGraph, FreeByAddress<&avfilter_graph_free>>;
using PacketSink = std::function<void(AVPacket&)>;

/// A kind of file that can be written, by FFmpeg's names.
struct Container {
  std::string_view extension;
  const char* muxer;  // none: a file for each frame
  const char* encoder;
  const char* options;  // of the encoder
  double most_frames;   // a second, which its clock can tell apart
};

constexpr double any_rate = std::numeric_limits<double>::infinity();
constexpr const char* x264_options = "crf=14:preset=medium";
constexpr std::array containers = {
    Container{".mp4", "mp4", "libx264", x264_options, any_rate},
    Container{".mkv", "matroska", "libx264", x264_options, 1000},
    Container{".webm", "webm", "libvpx-vp9", "b=0:crf=18:deadline=good:cpu-used=4:row-mt=1", 1000},
    Container{".gif", "gif", "gif", "", 50},  // players take delays below 1/50 s for 1/10 s
    Container{".png", nullptr, "png", "pred=mixed", any_rate},
};

[[noreturn]] void refuse(const path& target, const std::string& what, std::string hint) {
  throw bad_input(fmt::format("cannot write '{}': {}", target.string(), what), std::move(hint));
}

[[noreturn]] void fail(const path& target, int error) {
  throw failure(
      fmt::format("cannot write '{}': {}", target.string(), ffmpeg_reason(error)),
      error == AVERROR(ENOSPC) || error == AVERROR(EDQUOT) ? "free some space, or write to another disk" : "");
}

void require_written(const path& target, int error) {
  if (error < 0) fail(target, error);
}

const Container& container_of(const path& target) {
  std::string extension = target.extension().string();
  std::transform(extension.begin(), extension.end(), extension.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  const auto* const found = std::find_if(containers.begin(), containers.end(),
                                         [&](const Container& each) { return each.extension == extension; });
  constexpr const char* known = "use .mp4, .mkv, .webm, .gif or NAME-%04d.png";
  if (found == containers.end()) {
    refuse(target, fmt::format("'{}' is not the extension of a video format", extension), known);
  }
  if (found->muxer == nullptr && !FramePattern::of(target)) {
    refuse(target, "a video of PNG files has a number in their names, as in NAME-%04d.png", known);
  }
  return *found;
}

AVRational rational(Ratio ratio) { return {ratio.numerator, ratio.denominator}; }

std::string size_text(const VideoFormat& format) { return fmt::format("{} x {} pixels", format.width, format.height); }

void require_writable_format(const path& target, const Container& container, const VideoFormat& format) {
  if (std::min(format.height, format.width) < 1 || std::max(format.height, format.width) > longest_video_side) {
    refuse(target, fmt::format("frames of {}, expected 1 to {} a side", size_text(format), longest_video_side),
           "write another size");
  }
  if (format.type == SampleType::f32) refuse(target, "videos hold integer samples", "give 8-bit or 16-bit frames");
  using Names = std::vector<std::string>;
  if (format.channels != Names{"R", "G", "B"} && format.channels != Names{"Y"}) {
    refuse(target, fmt::format("videos hold R, G, B or Y, the frames have {}", fmt::join(format.channels, ", ")),
           "write grey or RGB frames");
  }
  const double rate = format.rate.value();
  if (format.rate.numerator < 1 || format.rate.denominator < 1 || rate > container.most_frames) {
    refuse(target,
           fmt::format("{}/{} frames per second{}", format.rate.numerator, format.rate.denominator,
                       container.most_frames < any_rate
                           ? fmt::format(", {} holds at most {}", container.extension, container.most_frames)
                           : ""),
           "choose another frame rate");
  }
  if (format.pixel_aspect.numerator < 1 || format.pixel_aspect.denominator < 1) {
    refuse(target, fmt::format("pixels of {}:{}", format.pixel_aspect.numerator, format.pixel_aspect.denominator),
           "the pixel aspect is a ratio of positive numbers, 1:1 for square pixels");
  }
}

/// Full colours to 256 of each frame's own, by FFmpeg's palette filters.
class PaletteFilter {
 public:
  PaletteFilter(const VideoFormat& format, AVPixelFormat pixels)
      : graph_(owned<AvFilterGraph>(avfilter_graph_alloc())) {
    const std::string text = fmt::format(
        "buffer@in=width={}:height={}:pix_fmt={}:time_base={}/{}:sar={}/{},split[frames][seen];"
        "[seen]palettegen=stats_mode=single:reserve_transparent=0[palette];"
        "[frames][palette]paletteuse=new=1,buffersink@out",
        format.width, format.height, static_cast<int>(pixels), format.rate.denominator, format.rate.numerator,
        format.pixel_aspect.numerator, format.pixel_aspect.denominator);
    AVFilterInOut *inputs = nullptr, *outputs = nullptr;  // none stay open
    int error = avfilter_graph_parse2(graph_.get(), text.c_str(), &inputs, &outputs);
    avfilter_inout_free(&inputs);
    avfilter_inout_free(&outputs);
    if (error >= 0) error = avfilter_graph_config(graph_.get(), nullptr);
    if (error < 0) throw failure(fmt::format("FFmpeg's palette filters cannot be used: {}", ffmpeg_reason(error)));
    source_ = avfilter_graph_get_filter(graph_.get(), "buffer@in");
    sink_ = avfilter_graph_get_filter(graph_.get(), "buffersink@out");
  }

  /// null: the last frame was there.
  int put(AVFrame* frame) { return av_buffersrc_add_frame_flags(source_, frame, AV_BUFFERSRC_FLAG_KEEP_REF); }
  /// AVERROR(EAGAIN) where the next frame is not ready, AVERROR_EOF after the last.
  int take(AVFrame* frame) { return av_buffersink_get_frame(sink_, frame); }

 private:
  AvFilterGraph graph_;
  AVFilterContext *source_ = nullptr, *sink_ = nullptr;
};

AVPixelFormat pixels_of_samples(const VideoFormat& format) {
  const bool is_grey = format.channels.size() == 1, is_byte = format.type == SampleType::u8;
  return is_grey ? (is_byte ? AV_PIX_FMT_GRAY8 : AV_PIX_FMT_GRAY16) : (is_byte ? AV_PIX_FMT_RGB24 : AV_PIX_FMT_RGB48);
}

AVPixelFormat pixels_of_file(const VideoFormat& format, std::string_view encoder) {
  const bool is_grey = format.channels.size() == 1, is_byte = format.type == SampleType::u8;
  if (encoder == "gif") return AV_PIX_FMT_PAL8;
  if (encoder == "png") {
    return is_grey ? (is_byte ? AV_PIX_FMT_GRAY8 : AV_PIX_FMT_GRAY16BE)
                   : (is_byte ? AV_PIX_FMT_RGB24 : AV_PIX_FMT_RGB48BE);
  }
  // Every player shows 4:2:0; an odd side would lose a column of colours or be padded.
  const bool is_even = format.height % 2 == 0 && format.width % 2 == 0;
  return is_even ? (is_byte ? AV_PIX_FMT_YUV420P : AV_PIX_FMT_YUV420P10)
                 : (is_byte ? AV_PIX_FMT_YUV444P : AV_PIX_FMT_YUV444P10);
}

AvFrame picture(int width, int height, AVPixelFormat pixels) {
  AvFrame frame = owned<AvFrame>(av_frame_alloc());
  frame->width = width;
  frame->height = height;
  frame->format = pixels;
  return frame;
}

// `white`: what the full scale of the type becomes.
template <class T>
void quantise_rows(std::span<const float> samples, SampleType type, double white, AVFrame& frame) {
  const std::size_t row_samples = samples.size() / static_cast<std::size_t>(frame.height);
  const double scale = white / full_scale(type);
  for (int y = 0; y < frame.height; ++y, samples = samples.subspan(row_samples)) {
    auto* row = reinterpret_cast<T*>(frame.data[0] + std::ptrdiff_t{y} * frame.linesize[0]);
    for (std::size_t i = 0; i < row_samples; ++i)
      row[i] = static_cast<T>(std::floor(quantised(samples[i], type) * scale + 0.5));
  }
}

/// Frames of samples into packets of one codec, in order.
class FrameEncoder {
 public:
  FrameEncoder(const path& target, const Container& container, const VideoFormat& format)
      : target_(target), format_(format) {
    const AVCodec* codec = avcodec_find_encoder_by_name(container.encoder);
    if (codec == nullptr) {
      refuse(target, fmt::format("this FFmpeg was built without {}", container.encoder), "choose another format");
    }
    encoder_ = owned<AvCodecContext>(avcodec_alloc_context3(codec));
    encoder_->width = static_cast<int>(format.width);
    encoder_->height = static_cast<int>(format.height);
    encoder_->pix_fmt = pixels_of_file(format, container.encoder);
    encoder_->framerate = rational(format.rate);
    encoder_->time_base = av_inv_q(encoder_->framerate);
    encoder_->sample_aspect_ratio = rational(format.pixel_aspect);
    encoder_->thread_count = 0;  // as many as there are cores
    encoder_->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
    AvOptions options;
    av_dict_parse_string(options.address(), container.options, "=", ":", 0);

    samples_ = picture(encoder_->width, encoder_->height, pixels_of_samples(format));
    coded_ = picture(encoder_->width, encoder_->height, encoder_->pix_fmt);
    if (encoder_->pix_fmt == AV_PIX_FMT_PAL8) {
      palettes_ = std::make_unique<PaletteFilter>(format, pixels_of_samples(format));
    } else if (container.muxer != nullptr) {
      name_colours();
    } else {
      coded_->color_range = AVCOL_RANGE_JPEG;
    }
    if (const int error = avcodec_open2(encoder_.get(), codec, options.address()); error < 0) {
      refuse(target,
             fmt::format("{} takes no frames of {}, {}/{} a second ({})", container.encoder, size_text(format),
                         format.rate.numerator, format.rate.denominator, ffmpeg_reason(error)),
             "choose another size, frame rate or format");
    }
  }

  const AVCodecContext& context() const { return *encoder_; }
  std::int64_t frames() const { return added_; }

  void add(std::span<const float> samples, const PacketSink& sink) {
    require_samples(samples);
    renew(*samples_);
    if (format_.type == SampleType::u8) {
      quantise_rows<std::uint8_t>(samples, format_.type, full_scale(format_.type), *samples_);
    } else {
      const bool becomes_yuv = coded_->colorspace != AVCOL_SPC_UNSPECIFIED;
      quantise_rows<std::uint16_t>(samples, format_.type, becomes_yuv ? white_for_yuv : full_scale(format_.type),
                                   *samples_);
    }
    samples_->pts = added_++;
    if (palettes_) {
      require_written(target_, palettes_->put(samples_.get()));
      encode_palette_frames(sink);
      return;
    }
    renew(*coded_);
    coded_->pts = samples_->pts;
    require_written(target_, conversion_(*samples_, *coded_));
    encode(coded_.get(), sink);
  }

  void finish(const PacketSink& sink) {
    if (palettes_) {
      require_written(target_, palettes_->put(nullptr));
      encode_palette_frames(sink);
    }
    encode(nullptr, sink);
  }

 private:
  // As players assume of such a size where a file names nothing, but named.
  void name_colours() {
    coded_->colorspace = colour_matrix(*coded_);
    coded_->color_range = AVCOL_RANGE_MPEG;
    coded_->chroma_location = AVCHROMA_LOC_LEFT;
    const bool is_bt709 = coded_->colorspace == AVCOL_SPC_BT709;
    encoder_->colorspace = coded_->colorspace;
    encoder_->color_range = coded_->color_range;
    encoder_->chroma_sample_location = coded_->chroma_location;
    encoder_->color_primaries = is_bt709 ? AVCOL_PRI_BT709 : AVCOL_PRI_SMPTE170M;
    encoder_->color_trc = is_bt709 ? AVCOL_TRC_BT709 : AVCOL_TRC_SMPTE170M;
  }

  void require_samples(std::span<const float> samples) const {
    const auto expected = static_cast<std::size_t>(format_.frame_samples());
    if (samples.size() != expected) {
      refuse(target_, fmt::format("frame {} has {} samples, expected {}", added_, samples.size(), expected),
             "give (height, width, channel) samples of the format");
    }
    const auto bad = std::find_if(samples.begin(), samples.end(), [](float value) { return !std::isfinite(value); });
    if (bad == samples.end()) return;
    const auto pixel = (bad - samples.begin()) / format_.channel_count();
    refuse(target_,
           fmt::format("frame {} (counted from 0) has a sample that is not a finite number ({}) at row {}, column {}",
                       added_, *bad, pixel / format_.width, pixel % format_.width),
           "the model may have diverged: train it again with a smaller learning rate");
  }

  // Buffers that no encoder's thread still reads.
  static void renew(AVFrame& frame) {
    for (AVBufferRef*& buffer : frame.buf) av_buffer_unref(&buffer);
    if (av_frame_get_buffer(&frame, 0) < 0) throw std::bad_alloc();
  }

  void encode_palette_frames(const PacketSink& sink) {
    for (;;) {
      av_frame_unref(coded_.get());
      const int error = palettes_->take(coded_.get());
      if (error == AVERROR(EAGAIN) || error == AVERROR_EOF) return;
      require_written(target_, error);
      coded_->pts = encoded_++;  // the filters' clock may be another
      encode(coded_.get(), sink);
    }
  }

  void encode(const AVFrame* frame, const PacketSink& sink) {
    require_written(target_, avcodec_send_frame(encoder_.get(), frame));
    for (;;) {
      const int error = avcodec_receive_packet(encoder_.get(), packet_.get());
      if (error == AVERROR(EAGAIN) || error == AVERROR_EOF) return;
      require_written(target_, error);
      packet_->duration = 1;
      sink(*packet_);
    }
  }

  path target_;
  VideoFormat format_;
  AvCodecContext encoder_;
  AvFrame samples_, coded_;  // as they come, as the encoder takes them
  AvPacket packet_ = owned<AvPacket>(av_packet_alloc());
  ColourConversion conversion_;
  std::unique_ptr<PaletteFilter> palettes_;
  std::int64_t added_ = 0, encoded_ = 0;
};

/// The packets of a sound track that begin in [from, to), their clock from `from` on.
class SoundPackets {
 public:
  explicit SoundPackets(const SoundTrack& track) : file_(track.file) {
    const bool is_interval = std::isfinite(track.from) && track.from >= 0 && (!track.to || *track.to > track.from);
    if (!is_interval) {
      throw bad_input(fmt::format("the sound of '{}' from {} s to {} s is no stretch of time", file_.string(),
                                  track.from, track.to.value_or(any_rate)),
                      "the first is at least 0, the second larger");
    }
    input_ = open_media(track.file, MediaKind::sound);
    AVFormatContext& context = *input_.context;
    const int index = av_find_best_stream(&context, AVMEDIA_TYPE_AUDIO, -1, -1, nullptr, 0);
    if (index < 0) {
      throw bad_input(fmt::format("'{}' has no sound track", file_.string()), "write the video without one");
    }
    input_.keep_only(index);
    stream_ = context.streams[index];
    // Seconds count from the first frame of a video, from the beginning of a sound.
    const int pictures = picture_stream(context);
    const AVStream& clock = *context.streams[pictures >= 0 ? pictures : index];
    const std::int64_t start =
        clock.start_time == AV_NOPTS_VALUE ? 0 : av_rescale_q(clock.start_time, clock.time_base, stream_->time_base);
    begin_ = start + ticks(track.from);
    // What comes before the very beginning makes the decoder ready for it.
    first_ = track.from > 0 ? begin_ : std::numeric_limits<std::int64_t>::min();
    end_ = track.to ? start + ticks(*track.to) : std::numeric_limits<std::int64_t>::max();
    advance();
    if (!has_packet_) {
      throw bad_input(fmt::format("'{}' has no sound from {} s on", file_.string(), track.from),
                      "choose a stretch inside of it");
    }
  }

  const AVStream& stream() const { return *stream_; }
  /// The next packet; null after the last.
  AVPacket* packet() { return has_packet_ ? packet_.get() : nullptr; }
  double seconds() const { return static_cast<double>(packet_->dts) * av_q2d(stream_->time_base); }

  void advance() {
    has_packet_ = false;
    for (;;) {
      av_packet_unref(packet_.get());
      // A track that breaks off ends there, as its file does in any player.
      if (av_read_frame(input_.context.get(), packet_.get()) < 0) return;
      if (packet_->stream_index != stream_->index) continue;
      if (packet_->pts == AV_NOPTS_VALUE) packet_->pts = packet_->dts != AV_NOPTS_VALUE ? packet_->dts : expected_;
      expected_ = packet_->pts + packet_->duration;
      if (packet_->pts < first_) continue;
      if (packet_->pts >= end_) return;
      packet_->pts -= begin_;
      packet_->dts = packet_->pts;  // sound is stored in the order of its times
      packet_->pos = -1;
      has_packet_ = true;
      return;
    }
  }

 private:
  std::int64_t ticks(double seconds) const { return std::llround(seconds / av_q2d(stream_->time_base)); }

  path file_;
  MediaInput input_;
  AVStream* stream_ = nullptr;
  AvPacket packet_ = owned<AvPacket>(av_packet_alloc());
  bool has_packet_ = false;
  std::int64_t begin_ = 0, first_ = 0, end_ = 0, expected_ = 0;
};

void require_holds(const path& target, const Container& container, const SoundPackets& sound, const SoundTrack& track) {
  const AVCodecID codec = sound.stream().codecpar->codec_id;
  const AVOutputFormat* muxer = av_guess_format(container.muxer, nullptr, nullptr);
  if (muxer != nullptr && avformat_query_codec(muxer, codec, FF_COMPLIANCE_EXPERIMENTAL) == 1) return;
  refuse(target,
         fmt::format("{} cannot hold the sound of '{}' as it is ({})", container.extension, track.file.string(),
                     avcodec_get_name(codec)),
         "write .mkv, or convert the sound first");
}

/// One file with all frames and the sound.
class ContainerFile final : public VideoWriter {
 public:
  ContainerFile(const path& target, const Container& container, const VideoFormat& format,
                const std::optional<SoundTrack>& track, Overwrite overwrite)
      : target_(target), file_(target, overwrite), encoder_(target, container, format) {
    AVFormatContext* context = nullptr;
    if (avformat_alloc_output_context2(&context, nullptr, container.muxer, nullptr) < 0) {
      refuse(target, fmt::format("this FFmpeg was built without {}", container.muxer), "choose another format");
    }
    muxer_.reset(context);
    muxer_->flags |= AVFMT_FLAG_BITEXACT;                        // no random numbers, no versions
    muxer_->strict_std_compliance = FF_COMPLIANCE_EXPERIMENTAL;  // FLAC in .mp4
    pictures_ = owned_stream();
    pictures_->time_base = encoder_.context().time_base;
    pictures_->avg_frame_rate = encoder_.context().framerate;
    pictures_->sample_aspect_ratio = encoder_.context().sample_aspect_ratio;
    require_written(target, avcodec_parameters_from_context(pictures_->codecpar, &encoder_.context()));
    if (track) {
      sound_ = std::make_unique<SoundPackets>(*track);
      sound_stream_ = owned_stream();
      sound_stream_->time_base = sound_->stream().time_base;
      require_written(target, avcodec_parameters_copy(sound_stream_->codecpar, sound_->stream().codecpar));
      sound_stream_->codecpar->codec_tag = 0;  // the tag is the other container's
    }
    AVIOContext* io = nullptr;
    require_written(target, avio_open(&io, ("file:" + file_.temporary().string()).c_str(), AVIO_FLAG_WRITE));
    io_.reset(io);
    muxer_->pb = io;
    require_written(target, avformat_write_header(muxer_.get(), nullptr));
    is_open_ = true;
  }
  ~ContainerFile() override {
    if (is_open_) av_write_trailer(muxer_.get());  // some muxers keep packets until then; the file goes in any case
  }
  ContainerFile(const ContainerFile&) = delete;
  ContainerFile& operator=(const ContainerFile&) = delete;

  void add(std::span<const float> samples) override {
    encoder_.add(samples, [this](AVPacket& packet) { write(packet); });
  }

  void finish() override {
    if (encoder_.frames() == 0) refuse(target_, "no frame was added", "a video has at least one");
    encoder_.finish([this](AVPacket& packet) { write(packet); });
    write_sound_before(std::numeric_limits<double>::infinity());
    is_open_ = false;
    require_written(target_, av_write_trailer(muxer_.get()));
    avio_flush(io_.get());
    require_written(target_, io_->error);
    muxer_->pb = nullptr;
    AVIOContext* io = io_.release();
    require_written(target_, avio_closep(&io));
    file_.commit();
  }

 private:
  AVStream* owned_stream() {
    AVStream* stream = avformat_new_stream(muxer_.get(), nullptr);
    if (stream == nullptr) throw std::bad_alloc();
    return stream;
  }

  void write(AVPacket& packet) {
    const AVRational time_base = encoder_.context().time_base;
    write_sound_before(static_cast<double>(packet.dts) * av_q2d(time_base));
    write(packet, *pictures_, time_base);
  }

  void write_sound_before(double seconds) {
    while (sound_ && sound_->packet() != nullptr && sound_->seconds() < seconds) {
      write(*sound_->packet(), *sound_stream_, sound_->stream().time_base);
      sound_->advance();
    }
  }

  void write(AVPacket& packet, const AVStream& stream, AVRational time_base) {
    av_packet_rescale_ts(&packet, time_base, stream.time_base);
    packet.stream_index = stream.index;
    require_written(target_, av_interleaved_write_frame(muxer_.get(), &packet));
  }

  path target_;
  OutputFile file_;
  FrameEncoder encoder_;
  AvIo io_;
  AvOutput muxer_;
  AVStream *pictures_ = nullptr, *sound_stream_ = nullptr;
  std::unique_ptr<SoundPackets> sound_;
  bool is_open_ = false;  // between the header and the trailer
};

/// A PNG file for each frame. They lie under other names until the last is complete, so that all disks' space is taken
/// before the first of the old ones goes.
class NumberedPictures final : public VideoWriter {
 public:
  NumberedPictures(const path& target, const Container& container, const VideoFormat& format, Overwrite overwrite)
      : pattern_(*FramePattern::of(target)),
        overwrite_(overwrite),
        first_(pattern_.name(0), overwrite),
        encoder_(target, container, format) {
    require_free_names();
  }
  ~NumberedPictures() override {
    std::error_code ignored;
    for (int number = 0; number < written_; ++number) fs::remove(temporary(number), ignored);
  }
  NumberedPictures(const NumberedPictures&) = delete;
  NumberedPictures& operator=(const NumberedPictures&) = delete;

  void add(std::span<const float> samples) override {
    encoder_.add(samples, [this](const AVPacket& packet) { write(packet); });
  }

  void finish() override {
    if (encoder_.frames() == 0) refuse(pattern_.name(0), "no frame was added", "a video has at least one");
    encoder_.finish([this](const AVPacket& packet) { write(packet); });
    require_free_names();
    // The first goes last: while it is there, no other writer has names like our temporary ones.
    for (int number = 1; number < written_; ++number) {
      OutputFile file(pattern_.name(number), overwrite_);
      put_in_place(number, file);
    }
    put_in_place(0, first_);
    // What is left of a longer video would be read as the end of this one.
    std::error_code ignored;
    for (int number = written_; fs::is_regular_file(pattern_.name(number), ignored); ++number) {
      fs::remove(pattern_.name(number), ignored);
    }
  }

 private:
  void require_free_names() const {
    if (overwrite_ == Overwrite::replace) return;
    const std::vector<int> taken = pattern_.numbers();
    if (taken.empty()) return;
    throw bad_input(fmt::format("{} already exists", pattern_.name(taken.front()).string()),
                    "give --force to replace it, or another name");
  }

  path temporary(int number) const {
    const path& name = first_.temporary();
    return name.parent_path() / fmt::format("{}-{}{}", name.stem().string(), number, name.extension().string());
  }

  void write(const AVPacket& packet) {
    const path target = pattern_.name(written_);
    AVIOContext* opened = nullptr;
    require_written(target, avio_open(&opened, ("file:" + temporary(written_++).string()).c_str(), AVIO_FLAG_WRITE));
    const AvIo io(opened);
    avio_write(io.get(), packet.data, packet.size);
    avio_flush(io.get());
    require_written(target, io->error);
  }

  void put_in_place(int number, OutputFile& file) {
    std::error_code error;
    fs::rename(temporary(number), file.temporary(), error);
    if (error) fail(pattern_.name(number), AVERROR(error.value()));
    file.commit();
  }

  FramePattern pattern_;
  Overwrite overwrite_;
  OutputFile first_;
  FrameEncoder encoder_;
  int written_ = 0;
};

const Container& required(const path& target, const VideoFormat& format, const std::optional<SoundTrack>& track) {
  silence_ffmpeg();
  const Container& container = container_of(target);
  require_writable_format(target, container, format);
  if (track) {
    if (container.muxer == nullptr || std::string_view(container.muxer) == "gif") {
      refuse(target, fmt::format("{} has no sound track", container.extension), "write .mp4, .mkv or .webm");
    }
    require_holds(target, container, SoundPackets(*track), *track);
  }
  return container;
}

}  // namespace

void require_writable_video(const path& target, const VideoFormat& format, const std::optional<SoundTrack>& track) {
  const Container& container = required(target, format, track);
  const path file = container.muxer == nullptr ? FramePattern::of(target)->name(0) : target;
  check_output_path(file, Overwrite::replace);
  FrameEncoder probe(target, container, format);
}

std::unique_ptr<VideoWriter> create_video(const path& target, const VideoFormat& format,
                                          const std::optional<SoundTrack>& track, Overwrite overwrite) {
  const Container& container = required(target, format, track);
  if (container.muxer == nullptr) return std::make_unique<NumberedPictures>(target, container, format, overwrite);
  return std::make_unique<ContainerFile>(target, container, format, track, overwrite);
}

}  // namespace sinefield
