// Videos by FFmpeg's libraries, frame by frame: decoded, converted to RGB or grey of full range, turned upright. Memory
// is that of the frames which the decoder's threads hold. Interlaced fields, subtitles and HDR curves stay as they are.
// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "io/media/ffmpeg_colours.h"
#include "io/media/ffmpeg_input.h"
#include "sinefield/error.h"
#include "sinefield/video_file.h"

extern "C" {
#include <libavutil/display.h>
#include <libavutil/parseutils.h>
#include <libavutil/pixdesc.h>
}

namespace sinefield {
namespace {

using std::filesystem::path;

constexpr const char* copy_again = "copy or export the file again";

/// How a stored frame is turned: first its axes are exchanged, then those of the result mirrored.
struct Turn {
  bool transposed = false, mirrored_columns = false, mirrored_rows = false;
  bool operator==(const Turn&) const = default;
};

// The right angle that is nearest to what a display matrix says: x' = a x + c y, y' = b x + d y, y downwards.
Turn turn_of(const std::uint8_t* matrix) {
  std::array<std::int32_t, 9> entries;
  std::memcpy(entries.data(), matrix, sizeof entries);
  const double a = entries[0], b = entries[1], c = entries[3], d = entries[4];
  if (std::abs(a) + std::abs(d) >= std::abs(b) + std::abs(c)) return {false, a < 0, d < 0};
  return {true, c < 0, b < 0};
}

Turn turn_of(const AVFrame& frame, const AVStream& stream) {
  if (const AVFrameSideData* own = av_frame_get_side_data(&frame, AV_FRAME_DATA_DISPLAYMATRIX)) {
    return turn_of(own->data);
  }
  const std::uint8_t* all = av_stream_get_side_data(&stream, AV_PKT_DATA_DISPLAYMATRIX, nullptr);
  return all != nullptr ? turn_of(all) : Turn{};
}

// Rows of pixels from a picture as it is stored to one as it is looked at.
template <std::size_t PixelBytes>
void copy_turned(const AVFrame& stored, const Turn& turn, std::byte* upright) {
  const std::ptrdiff_t height = stored.height, width = stored.width;
  const std::ptrdiff_t rows = turn.transposed ? width : height, columns = turn.transposed ? height : width;
  for (std::ptrdiff_t y = 0; y < rows; ++y) {
    const std::ptrdiff_t from_y = turn.mirrored_rows ? rows - 1 - y : y;
    for (std::ptrdiff_t x = 0; x < columns; ++x, upright += PixelBytes) {
      const std::ptrdiff_t from_x = turn.mirrored_columns ? columns - 1 - x : x;
      const std::ptrdiff_t row = turn.transposed ? from_x : from_y, column = turn.transposed ? from_y : from_x;
      std::memcpy(upright, stored.data[0] + row * stored.linesize[0] + column * std::ptrdiff_t{PixelBytes}, PixelBytes);
    }
  }
}

void copy_upright(const AVFrame& stored, const Turn& turn, std::size_t pixel_bytes, std::byte* upright) {
  if (turn == Turn{}) {
    const std::size_t row_bytes = static_cast<std::size_t>(stored.width) * pixel_bytes;
    for (int y = 0; y < stored.height; ++y, upright += row_bytes) {
      std::memcpy(upright, stored.data[0] + std::ptrdiff_t{y} * stored.linesize[0], row_bytes);
    }
    return;
  }
  switch (pixel_bytes) {
    case 1:
      return copy_turned<1>(stored, turn, upright);
    case 2:
      return copy_turned<2>(stored, turn, upright);
    case 3:
      return copy_turned<3>(stored, turn, upright);
    default:
      return copy_turned<6>(stored, turn, upright);
  }
}

bool has_transparent_pixel(const AVFrame& frame) {
  const auto format = static_cast<AVPixelFormat>(frame.format);
  const AVPixFmtDescriptor& pixels = *av_pix_fmt_desc_get(format);
  if ((pixels.flags & AV_PIX_FMT_FLAG_ALPHA) == 0) return false;
  if (format == AV_PIX_FMT_PAL8) {
    const auto* palette = reinterpret_cast<const std::uint32_t*>(frame.data[1]);
    for (int y = 0; y < frame.height; ++y) {
      const std::uint8_t* row = frame.data[0] + std::ptrdiff_t{y} * frame.linesize[0];
      if (std::any_of(row, row + frame.width, [&](std::uint8_t entry) { return palette[entry] >> 24 != 0xff; })) {
        return true;
      }
    }
    return false;
  }
  const int alpha = pixels.nb_components - 1;
  const auto opaque = static_cast<std::uint16_t>((1 << pixels.comp[alpha].depth) - 1);
  std::array<const std::uint8_t*, 4> planes{};
  std::copy_n(frame.data, planes.size(), planes.begin());
  std::vector<std::uint16_t> row(static_cast<std::size_t>(frame.width));
  for (int y = 0; y < frame.height; ++y) {
    av_read_image_line(row.data(), planes.data(), frame.linesize, &pixels, 0, y, alpha, frame.width, 0);
    if (std::any_of(row.begin(), row.end(), [&](std::uint16_t value) { return value < opaque; })) return true;
  }
  return false;
}

Ratio reduced(AVRational ratio) {
  Ratio result;
  av_reduce(&result.numerator, &result.denominator, ratio.num, ratio.den, std::numeric_limits<int>::max());
  return result;
}

bool is_positive(AVRational ratio) { return ratio.num > 0 && ratio.den > 0; }

std::string size_text(std::int64_t width, std::int64_t height) { return fmt::format("{} x {} pixels", width, height); }

class FfmpegVideo final : public VideoReader {
 public:
  explicit FfmpegVideo(const path& file) : file_(file) {
    std::error_code ignored;
    // A file may have a percent sign in its name, too.
    const auto pattern = std::filesystem::exists(file, ignored) ? std::nullopt : FramePattern::of(file);
    if (pattern) {
      open_sequence(*pattern);
    } else {
      input_ = open_media(file, MediaKind::video);
    }
    open_stream();
    // The first frame knows better than the header how the frames are coded.
    is_waiting_ = decode();
    describe();
    if (pattern) format_.frames = sequence_frames_;
  }

  const VideoFormat& format() const override { return format_; }
  const std::vector<std::string>& warnings() const override { return warnings_; }

  bool next(VideoFrame& frame) override {
    for (;;) {
      if (!std::exchange(is_waiting_, false) && !decode()) {
        end();
        return false;
      }
      const AVFrame& decoded = *decoded_;
      if (decoded.width != stored_width_ || decoded.height != stored_height_) {
        refuse(fmt::format("frame {} (counted from 0) is {}, those before are {}", delivered_,
                           size_text(decoded.width, decoded.height), size_text(stored_width_, stored_height_)),
               "cut the file where the size changes, or scale it to one size");
      }
      const auto seconds = time_of(decoded);
      if (!seconds) continue;
      if (!has_transparency_) has_transparency_ = has_transparent_pixel(decoded);
      if (decoded.decode_error_flags != 0 || (decoded.flags & AV_FRAME_FLAG_CORRUPT) != 0) ++damaged_;
      convert(decoded, frame);
      frame.seconds = *seconds;
      ++delivered_;
      return true;
    }
  }

 private:
  [[noreturn]] void refuse(const std::string& what, std::string hint) const {
    throw bad_input(fmt::format("'{}': {}", file_.string(), what), std::move(hint));
  }

  void open_sequence(const FramePattern& pattern) {
    const std::vector<int> numbers = pattern.numbers();
    if (numbers.empty()) {
      throw bad_input(fmt::format("there is no file that '{}' names", file_.string()),
                      fmt::format("the first would be '{}'", pattern.name(0).filename().string()));
    }
    const auto gap = std::adjacent_find(numbers.begin(), numbers.end(), [](int a, int b) { return b != a + 1; });
    if (gap != numbers.end()) {
      warnings_.push_back(fmt::format("'{}' is missing: the frames after it ({}) were not read",
                                      pattern.name(*gap + 1).filename().string(), numbers.end() - gap - 1));
    }
    sequence_frames_ = (gap == numbers.end() ? gap : gap + 1) - numbers.begin();
    input_ = open_frames(pattern, numbers.front());
  }

  void open_stream() {
    const int index = picture_stream(*input_.context);
    if (index < 0) {
      throw bad_input(fmt::format("'{}' has no picture stream", file_.string()),
                      "give a video file; a cover picture is none");
    }
    input_.keep_only(index);
    stream_ = input_.context->streams[index];
    const AVCodecParameters& coded = *stream_->codecpar;
    require_bearable_size(coded.width, coded.height);
    const AVCodec* codec = avcodec_find_decoder(coded.codec_id);
    if (codec == nullptr) {
      refuse(fmt::format("there is no decoder for its pictures ({})", avcodec_get_name(coded.codec_id)),
             "convert it to H.264 (.mp4)");
    }
    decoder_ = owned<AvCodecContext>(avcodec_alloc_context3(codec));
    int error = avcodec_parameters_to_context(decoder_.get(), &coded);
    decoder_->pkt_timebase = stream_->time_base;
    decoder_->thread_count = 0;  // as many as there are cores
    decoder_->max_pixels = std::int64_t{longest_video_side} * longest_video_side;
    if (error >= 0) error = avcodec_open2(decoder_.get(), codec, nullptr);
    if (error < 0) refuse(fmt::format("cannot be decoded ({}: {})", codec->name, ffmpeg_reason(error)), copy_again);
  }

  void require_bearable_size(int width, int height) const {
    if (std::max(width, height) <= longest_video_side) return;
    refuse(fmt::format("its frames are {}, more than {} a side", size_text(width, height), longest_video_side),
           "scale it down");
  }

  // From the first frame, or where there is none from the header, so that `next` can say what is wrong.
  void describe() {
    const AVCodecParameters& coded = *stream_->codecpar;
    if (!is_waiting_) {
      decoded_->width = coded.width;
      decoded_->height = coded.height;
      decoded_->format = coded.format;
    }
    const AVFrame& first = *decoded_;
    if (first.width < 1 || first.height < 1 || first.format < 0) refuse_undecodable();
    require_bearable_size(first.width, first.height);
    stored_width_ = first.width;
    stored_height_ = first.height;

    const auto pixel_format = static_cast<AVPixelFormat>(first.format);
    const AVPixFmtDescriptor& pixels = *av_pix_fmt_desc_get(pixel_format);
    if (sws_isSupportedInput(pixel_format) == 0 || (pixels.flags & AV_PIX_FMT_FLAG_FLOAT) != 0) {
      refuse(fmt::format("its pixels are coded as {}, which there is no conversion for", pixels.name),
             "convert it to H.264 (.mp4), or pictures to .png");
    }
    const bool is_grey = pixel_kind(pixel_format) == PixelKind::grey;
    const int depth = pixels.comp[0].depth;
    format_.bits = depth <= 8 ? 8 : depth <= 10 ? 10 : depth <= 12 ? 12 : 16;
    format_.type = depth <= 8 ? SampleType::u8 : SampleType::u16;
    format_.channels = is_grey ? std::vector<std::string>{"Y"} : std::vector<std::string>{"R", "G", "B"};

    turn_ = turn_of(first, *stream_);
    format_.height = turn_.transposed ? stored_width_ : stored_height_;
    format_.width = turn_.transposed ? stored_height_ : stored_width_;
    AVRational aspect = av_guess_sample_aspect_ratio(input_.context.get(), stream_, decoded_.get());
    if (!is_positive(aspect)) aspect = {1, 1};
    format_.pixel_aspect = reduced(turn_.transposed ? AVRational{aspect.den, aspect.num} : aspect);

    constexpr AVRational usual = {25, 1};
    format_.rate = reduced(is_positive(stream_->avg_frame_rate) ? stream_->avg_frame_rate
                           : is_positive(stream_->r_frame_rate) ? stream_->r_frame_rate
                                                                : usual);
    format_.frames = std::max<std::int64_t>(stream_->nb_frames, 0);

    converted_->format = is_grey ? (depth <= 8 ? AV_PIX_FMT_GRAY8 : AV_PIX_FMT_GRAY16)
                                 : (depth <= 8 ? AV_PIX_FMT_RGB24 : AV_PIX_FMT_RGB48);
    converted_->width = stored_width_;
    converted_->height = stored_height_;
    converted_->color_range = AVCOL_RANGE_JPEG;
    if (av_frame_get_buffer(converted_.get(), 0) < 0) throw std::bad_alloc();
  }

  // The next frame that can be decoded; false after the last.
  bool decode() {
    for (;;) {
      const int error = avcodec_receive_frame(decoder_.get(), decoded_.get());
      if (error == 0) return true;
      if (error == AVERROR_EOF) return false;
      if (error == AVERROR(EAGAIN)) {
        feed();
      } else {
        count_undecodable(error);
      }
    }
  }

  // One more packet for the decoder, or the news that there are no more.
  void feed() {
    av_packet_unref(packet_.get());
    const bool is_complete = sequence_frames_ > 0 && packets_ == sequence_frames_;
    const int error = is_complete ? AVERROR_EOF : av_read_frame(input_.context.get(), packet_.get());
    if (error < 0) {
      if (error != AVERROR_EOF) broken_ = error;
      avcodec_send_packet(decoder_.get(), nullptr);
      return;
    }
    if (packet_->stream_index != stream_->index) return;
    ++packets_;
    // The demuxer knows that a part is missing; the decoder would guess it.
    if ((packet_->flags & AV_PKT_FLAG_CORRUPT) != 0) return count_undecodable(AVERROR_INVALIDDATA);
    const int refused = avcodec_send_packet(decoder_.get(), packet_.get());
    if (refused < 0) count_undecodable(refused);
  }

  void count_undecodable(int error) {
    ++undecodable_;
    reason_ = error;
  }

  // Seconds from the first frame, after those of the frame before; nothing for a frame to leave out.
  std::optional<double> time_of(const AVFrame& frame) {
    const double step = 1 / format_.rate.value();
    const bool is_first = delivered_ == 0;
    double seconds = last_seconds_ + step;
    if (frame.best_effort_timestamp != AV_NOPTS_VALUE) {
      const double stamp = static_cast<double>(frame.best_effort_timestamp) * av_q2d(stream_->time_base);
      if (is_first) origin_ = stamp;
      seconds = stamp - origin_;
    }
    if (is_first) seconds = 0;
    if (!is_first && seconds <= last_seconds_) {
      // A few frames back: out of order. Further back, where files were joined, the clock started anew.
      if (last_seconds_ - seconds < 4 * step) {
        ++left_out_;
        return std::nullopt;
      }
      origin_ -= last_seconds_ + step - seconds;
      seconds = last_seconds_ + step;
    }
    last_seconds_ = seconds;
    return seconds;
  }

  // Whether the header promised more than there was.
  bool breaks_off() const {
    if (broken_ != 0) return true;
    const AVFormatContext& context = *input_.context;
    const bool counts_empty_frames = std::string_view(context.iformat->name) == "avi";
    if (format_.frames > 0 && !counts_empty_frames) return packets_ < format_.frames;
    const double step = 1 / format_.rate.value(), end = origin_ + last_seconds_ + step;
    return promised_end() - end > 4 * step;  // a container's clock and its last frame's length are not exact
  }

  // On the clock of the stream, in seconds; 0 where the header does not say.
  double promised_end() const {
    const AVFormatContext& context = *input_.context;
    if (context.duration_estimation_method != AVFMT_DURATION_FROM_STREAM) return 0;
    const AVDictionaryEntry* tag = av_dict_get(stream_->metadata, "DURATION", nullptr, 0);  // of Matroska, "00:00:04.2"
    std::int64_t microseconds = 0;
    if (tag != nullptr && av_parse_time(&microseconds, tag->value, 1) >= 0)
      return static_cast<double>(microseconds) / AV_TIME_BASE;
    if (stream_->duration != AV_NOPTS_VALUE)
      return origin_ + static_cast<double>(stream_->duration) * av_q2d(stream_->time_base);
    const bool is_alone = context.nb_streams == 1 && context.duration != AV_NOPTS_VALUE;
    return is_alone ? static_cast<double>(context.duration) / AV_TIME_BASE : 0;
  }

  void convert(const AVFrame& decoded, VideoFrame& frame) {
    const auto format = static_cast<AVPixelFormat>(decoded.format);
    const AVColorSpace matrix = colour_matrix(decoded);
    const bool has_matrix = (av_pix_fmt_desc_get(format)->flags & AV_PIX_FMT_FLAG_RGB) == 0;
    if (has_matrix && !is_convertible(matrix)) {
      const char* name = av_color_space_name(matrix);
      refuse(fmt::format("its colours are coded by the matrix '{}', which there is no conversion for",
                         name != nullptr ? name : "unknown"),
             "convert it to BT.709 or RGB first");
    }
    if (const int error = conversion_(decoded, *converted_); error < 0) {
      refuse(fmt::format("the colours of frame {} (counted from 0) cannot be converted: {}", delivered_,
                         ffmpeg_reason(error)),
             "convert it to H.264 (.mp4)");
    }
    const std::size_t sample_bytes = format_.type == SampleType::u8 ? 1 : 2;
    frame.samples.resize(static_cast<std::size_t>(format_.frame_samples()) * sample_bytes);
    copy_upright(*converted_, turn_, format_.channels.size() * sample_bytes, frame.samples.data());
  }

  [[noreturn]] void refuse_undecodable() const {
    const int error = reason_ != 0 ? reason_ : broken_;
    refuse(fmt::format("not a single frame can be decoded{}", error != 0 ? ": " + ffmpeg_reason(error) : ""),
           copy_again);
  }

  // After the last frame: what went wrong on the way.
  void end() {
    if (delivered_ == 0) refuse_undecodable();
    if (std::exchange(has_ended_, true)) return;
    const auto frames = [](std::int64_t count) { return fmt::format("{} frame{}", count, count == 1 ? "" : "s"); };
    if (breaks_off()) {
      const std::string promised = format_.frames > 0 ? fmt::format(" of {}", format_.frames) : "";
      const std::string why = broken_ != 0 ? ffmpeg_reason(broken_) : "the data end";
      warnings_.push_back(fmt::format("the file breaks off: {}{} read ({})", frames(delivered_), promised, why));
    }
    if (sequence_frames_ > 0) {  // a file is a frame; a decoder with several threads keeps its last errors to itself
      undecodable_ = packets_ - delivered_ - left_out_;
      if (reason_ == 0) reason_ = AVERROR_INVALIDDATA;
    }
    if (undecodable_ > 0) {
      warnings_.push_back(fmt::format("{} could not be decoded ({})", frames(undecodable_), ffmpeg_reason(reason_)));
    }
    if (damaged_ > 0) warnings_.push_back(fmt::format("{} decoded from damaged data", frames(damaged_)));
    if (left_out_ > 0) {
      warnings_.push_back(fmt::format("{} left out: not later than the frame before", frames(left_out_)));
    }
    if (has_transparency_) warnings_.emplace_back("the transparency of its pixels was left out");
  }

  path file_;
  MediaInput input_;
  AVStream* stream_ = nullptr;
  AvCodecContext decoder_;
  AvPacket packet_ = owned<AvPacket>(av_packet_alloc());
  AvFrame decoded_ = owned<AvFrame>(av_frame_alloc()), converted_ = owned<AvFrame>(av_frame_alloc());
  ColourConversion conversion_;
  VideoFormat format_;
  Turn turn_;
  int stored_width_ = 0, stored_height_ = 0;
  bool is_waiting_ = false;  // decoded_ holds a frame that is not delivered yet
  bool has_ended_ = false, has_transparency_ = false;
  double origin_ = 0, last_seconds_ = 0;
  std::int64_t sequence_frames_ = 0, packets_ = 0, delivered_ = 0, undecodable_ = 0, damaged_ = 0, left_out_ = 0;
  int broken_ = 0, reason_ = 0;  // FFmpeg's errors: of the container, of the last frame that could not be decoded
  std::vector<std::string> warnings_;
};

}  // namespace

std::unique_ptr<VideoReader> open_video(const path& file) { return std::make_unique<FfmpegVideo>(file); }

}  // namespace sinefield
