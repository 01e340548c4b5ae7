// FFmpeg's handles as owners that let go by themselves, and its error numbers in words. What the libraries would log is
// kept silent: every complaint of theirs reaches us as a number too, and a library prints nothing.
// SPDX-License-Identifier: MIT
#pragma once

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/avutil.h>
#include <libavutil/dict.h>
#include <libavutil/frame.h>
#include <libavutil/log.h>
#include <libswscale/swscale.h>
}

#include <array>
#include <memory>
#include <mutex>
#include <new>
#include <string>

namespace sinefield {

/// Deletes by a function that takes the address of the pointer, as most of FFmpeg's do.
template <auto Function>
struct FreeByAddress {
  template <class T>
  void operator()(T* handle) const {
    Function(&handle);
  }
};

/// Deletes by a function that takes the pointer.
template <auto Function>
struct FreeByPointer {
  template <class T>
  void operator()(T* handle) const {
    Function(handle);
  }
};

using AvPacket = std::unique_ptr<AVPacket, FreeByAddress<&av_packet_free>>;
using AvFrame = std::unique_ptr<AVFrame, FreeByAddress<&av_frame_free>>;
using AvCodecContext = std::unique_ptr<AVCodecContext, FreeByAddress<&avcodec_free_context>>;
using AvInput = std::unique_ptr<AVFormatContext, FreeByAddress<&avformat_close_input>>;
using AvOutput = std::unique_ptr<AVFormatContext, FreeByPointer<&avformat_free_context>>;
using AvIo = std::unique_ptr<AVIOContext, FreeByAddress<&avio_closep>>;
using AvScaler = std::unique_ptr<SwsContext, FreeByPointer<&sws_freeContext>>;

/// The handle, or std::bad_alloc in place of a null one: for FFmpeg's functions that fail only where memory does.
template <class Handle>
Handle owned(typename Handle::pointer handle) {
  if (handle == nullptr) throw std::bad_alloc();
  return Handle(handle);
}

/// Options by name, as FFmpeg takes them: it leaves in them what it does not know.
class AvOptions {
 public:
  AvOptions() = default;
  ~AvOptions() { av_dict_free(&entries_); }
  AvOptions(const AvOptions&) = delete;
  AvOptions& operator=(const AvOptions&) = delete;

  void set(const char* name, const std::string& value) { av_dict_set(&entries_, name, value.c_str(), 0); }
  AVDictionary** address() { return &entries_; }

 private:
  AVDictionary* entries_ = nullptr;
};

/// The words for one of FFmpeg's negative results.
inline std::string ffmpeg_reason(int error) {
  std::array<char, AV_ERROR_MAX_STRING_SIZE> words{};
  av_strerror(error, words.data(), words.size());
  return words.data();
}

/// Before anything else of FFmpeg.
inline void silence_ffmpeg() {
  static std::once_flag once;
  std::call_once(once, [] { av_log_set_level(AV_LOG_QUIET); });
}

}  // namespace sinefield
