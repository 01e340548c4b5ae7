// The container formats that we trust, and the refusal of all else, in the words of the file.
// SPDX-License-Identifier: MIT
#include "io/media/ffmpeg_input.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <memory>
#include <utility>
#include <vector>

#include "sinefield/error.h"

extern "C" {
#include <libavutil/avstring.h>
}

namespace sinefield {
namespace {

namespace fs = std::filesystem;

// By FFmpeg's names of its demuxers. All hold their data themselves.
constexpr const char* video_containers =
    "mov,matroska,webm,avi,gif,apng,mpegts,mpeg,mpegvideo,ogg,flv,asf,ivf,obu,h264,hevc,m4v,yuv4mpegpipe,nut,mxf,dv";
constexpr const char* sound_containers =
    "wav,w64,mp3,aac,flac,ogg,aiff,caf,au,wv,ape,tta,ac3,eac3,dts,amr,amrnb,amrwb,loas,mp2,voc,tak,mpc,mpc8,oma";
constexpr const char* lists_of_files = "hls,concat,dash,sdp,rtsp,imf,applehttp";

std::string quoted(const fs::path& file) { return fmt::format("'{}'", file.string()); }

const char* name_of(MediaKind kind) { return kind == MediaKind::video ? "a video" : "a sound or video file"; }

void require_regular_file(const fs::path& file, MediaKind kind) {
  std::error_code ignored;
  const auto status = fs::status(file, ignored);
  if (!fs::exists(status)) throw bad_input(fmt::format("there is no file {}", quoted(file)), "check the path");
  if (fs::is_directory(status)) {
    throw bad_input(fmt::format("{} is a folder, expected {}", quoted(file), name_of(kind)), "name a file in it");
  }
  if (!fs::is_regular_file(status)) {
    throw bad_input(fmt::format("{} is not a regular file, expected {}", quoted(file), name_of(kind)),
                    "copy its content to a file first");
  }
  if (!std::ifstream(file, std::ios::binary)) {
    throw bad_input(fmt::format("cannot open {}: {}", quoted(file), std::strerror(errno)), "check its permissions");
  }
  if (fs::file_size(file, ignored) == 0) {
    throw bad_input(fmt::format("{} is empty, expected {}", quoted(file), name_of(kind)), "copy it again");
  }
}

void require_trusted(const fs::path& file, const AVInputFormat& format, MediaKind kind) {
  const auto is_one_of = [&](const char* list) { return av_match_list(format.name, list, ',') != 0; };
  if (is_one_of(video_containers) || (kind == MediaKind::sound && is_one_of(sound_containers))) return;
  const std::string name = format.long_name != nullptr ? format.long_name : format.name;
  if (is_one_of(lists_of_files)) {
    throw bad_input(
        fmt::format("{} is a list of other files ({}), expected {} itself", quoted(file), name, name_of(kind)),
        "name one of the files in it");
  }
  if (is_one_of(sound_containers)) {
    throw bad_input(fmt::format("{} has no picture stream: it is a sound file ({})", quoted(file), name),
                    "give a video file");
  }
  throw bad_input(fmt::format("{} is not {}: its content is '{}'", quoted(file), name_of(kind), name),
                  kind == MediaKind::video ? "convert it to .mp4 or .mkv; numbered pictures are named NAME-%04d.png"
                                           : "convert it to .flac or .wav");
}

int refuse_to_open(AVFormatContext*, AVIOContext**, const char*, int, AVDictionary**) { return AVERROR(EPERM); }

// Streams that are tried while a file is opened decode no larger pictures than we take later.
void find_streams(const fs::path& file, AVFormatContext& context) {
  std::vector<AVDictionary*> options(context.nb_streams, nullptr);
  const std::string pixels = std::to_string(std::int64_t{longest_video_side} * longest_video_side);
  for (AVDictionary*& each : options) av_dict_set(&each, "max_pixels", pixels.c_str(), 0);
  const int error = avformat_find_stream_info(&context, options.data());
  for (AVDictionary*& each : options) av_dict_free(&each);
  if (error < 0) {
    throw bad_input(fmt::format("{} is cut short or damaged: {}", quoted(file), ffmpeg_reason(error)),
                    "copy or export the file again");
  }
}

}  // namespace

void MediaInput::keep_only(int stream) {
  for (unsigned i = 0; i < context->nb_streams; ++i) {
    context->streams[i]->discard = static_cast<int>(i) == stream ? AVDISCARD_DEFAULT : AVDISCARD_ALL;
  }
}

MediaInput open_media(const fs::path& file, MediaKind kind) {
  silence_ffmpeg();
  require_regular_file(file, kind);
  MediaInput input;
  const std::string url = "file:" + file.string();  // a colon in the name makes no protocol of it
  AVIOContext* io = nullptr;
  if (const int error = avio_open(&io, url.c_str(), AVIO_FLAG_READ); error < 0) {
    throw bad_input(fmt::format("cannot open {}: {}", quoted(file), ffmpeg_reason(error)), "check its permissions");
  }
  input.io.reset(io);

  // The empty name: the content decides, not the extension.
  const AVInputFormat* format = nullptr;
  if (av_probe_input_buffer2(io, &format, "", nullptr, 0, 0) < 0 || format == nullptr) {
    throw bad_input(fmt::format("{} is not {}: its content is of no format that is known", quoted(file), name_of(kind)),
                    "check the file, or convert it to .mp4 or .mkv");
  }
  require_trusted(file, *format, kind);

  auto context = owned<AvOutput>(avformat_alloc_context());
  context->pb = io;
  context->io_open = &refuse_to_open;
  AvOptions options;
  options.set("protocol_whitelist", "file");
  options.set("format_whitelist", fmt::format("{},{}", video_containers, sound_containers));
  AVFormatContext* opened = context.release();  // freed by avformat_open_input where it fails
  if (const int error = avformat_open_input(&opened, "", format, options.address()); error < 0) {
    throw bad_input(
        fmt::format("{} is cut short or damaged ({}: {})", quoted(file), format->long_name, ffmpeg_reason(error)),
        "copy or export the file again");
  }
  input.context.reset(opened);
  find_streams(file, *opened);
  return input;
}

MediaInput open_frames(const FramePattern& pattern, int first) {
  silence_ffmpeg();
  MediaInput input;
  AvOptions options;
  options.set("protocol_whitelist", "file");
  options.set("format_whitelist", "image2");
  options.set("pattern_type", "sequence");
  options.set("start_number", std::to_string(first));
  options.set("start_number_range", "1");
  const fs::path name = pattern.name(first);
  AVFormatContext* opened = nullptr;
  const std::string url = "file:" + pattern.for_ffmpeg();
  if (const int error = avformat_open_input(&opened, url.c_str(), av_find_input_format("image2"), options.address());
      error < 0) {
    throw bad_input(fmt::format("cannot open {}: {}", quoted(name), ffmpeg_reason(error)), "check its permissions");
  }
  input.context.reset(opened);
  find_streams(name, *opened);
  return input;
}

int picture_stream(const AVFormatContext& context) {
  constexpr int stills = AV_DISPOSITION_ATTACHED_PIC | AV_DISPOSITION_TIMED_THUMBNAILS;
  // FFmpeg's choice of the best, among those that are no covers.
  const int best = av_find_best_stream(const_cast<AVFormatContext*>(&context), AVMEDIA_TYPE_VIDEO, -1, -1, nullptr, 0);
  if (best < 0 || (context.streams[best]->disposition & stills) == 0) return best < 0 ? -1 : best;
  for (unsigned i = 0; i < context.nb_streams; ++i) {
    const AVStream& stream = *context.streams[i];
    if (stream.codecpar->codec_type == AVMEDIA_TYPE_VIDEO && (stream.disposition & stills) == 0) {
      return static_cast<int>(i);
    }
  }
  return -1;
}

}  // namespace sinefield
