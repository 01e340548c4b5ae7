// Sound files on libsndfile, with FFmpeg behind it for what libsndfile does not know. libsndfile reads and writes
// through functions of ours: so the content decides what a file is and not its name, no second file is ever looked for
// (resource forks), and an error of the system is not lost on its way.
// SPDX-License-Identifier: MIT
#include "sinefield/sound_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sndfile.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cmath>
#include <exception>
#include <limits>
#include <optional>
#include <system_error>
#include <utility>

#include "io/input_file.h"
#include "io/media/ffmpeg_sound.h"
#include "io/media/sound_containers.h"
#include "io/output_file.h"
#include "sinefield/error.h"

namespace sinefield {
namespace {

using std::filesystem::path;

constexpr int most_channels = 1024;  // of libsndfile

struct CloseSound {
  void operator()(SNDFILE* file) const { sf_close(file); }
};
using SoundHandle = std::unique_ptr<SNDFILE, CloseSound>;

std::string quoted(const path& file) { return fmt::format("'{}'", file.string()); }

/// What libsndfile says, without a full stop and its usual praise of itself.
std::string reason(SNDFILE* file) {
  std::string words = sf_strerror(file);
  while (!words.empty() && (words.back() == '.' || words.back() == '\n')) words.pop_back();
  if (words.starts_with("Error : ")) words.erase(0, 8);
  return words;
}

/// Where seeking leads, or -1.
sf_count_t sought(sf_count_t offset, int whence, sf_count_t position, sf_count_t size) {
  const sf_count_t target = whence == SEEK_CUR ? position + offset : whence == SEEK_END ? size + offset : offset;
  return target < 0 ? -1 : target;
}

// Reading.

SoundType type_of(int format) {
  switch (format & SF_FORMAT_SUBMASK) {
    case SF_FORMAT_PCM_S8:
    case SF_FORMAT_PCM_U8:
    case SF_FORMAT_DPCM_8:
      return SoundType::u8;
    case SF_FORMAT_PCM_24:
    case SF_FORMAT_DWVW_24:
    case SF_FORMAT_ALAC_20:
    case SF_FORMAT_ALAC_24:
      return SoundType::s24;
    case SF_FORMAT_PCM_32:
    case SF_FORMAT_ALAC_32:
      return SoundType::s32;
    case SF_FORMAT_FLOAT:
      return SoundType::f32;
    case SF_FORMAT_DOUBLE:
      return SoundType::f64;
    default:
      return SoundType::s16;
  }
}

bool is_mpeg(int format) {
  const int encoding = format & SF_FORMAT_SUBMASK;
  return encoding == SF_FORMAT_MPEG_LAYER_I || encoding == SF_FORMAT_MPEG_LAYER_II ||
         encoding == SF_FORMAT_MPEG_LAYER_III;
}

/// Bytes of a sample where all take the same, else 0.
int sample_bytes(int format) {
  switch (format & SF_FORMAT_SUBMASK) {
    case SF_FORMAT_PCM_S8:
    case SF_FORMAT_PCM_U8:
    case SF_FORMAT_ULAW:
    case SF_FORMAT_ALAW:
      return 1;
    case SF_FORMAT_PCM_16:
      return 2;
    case SF_FORMAT_PCM_24:
      return 3;
    case SF_FORMAT_PCM_32:
    case SF_FORMAT_FLOAT:
      return 4;
    case SF_FORMAT_DOUBLE:
      return 8;
    default:
      return 0;
  }
}

class SndfileDecoder final : public SoundDecoder {
 public:
  explicit SndfileDecoder(const path& file) : file_(file) {
    SF_VIRTUAL_IO calls = {&size, &seek, &read, nullptr, &tell};
    SF_INFO info = {};
    handle_.reset(sf_open_virtual(&calls, SFM_READ, &info, this));
    check();
    if (handle_ == nullptr) {
      unknown_ = sf_error(nullptr) == SF_ERR_UNRECOGNISED_FORMAT;
      refusal_ = reason(nullptr);
      return;
    }
    if (is_mpeg(info.format)) {
      refusal_ = "it holds MPEG sound";
      return;
    }
    format_ = {.frames = info.frames, .rate = info.samplerate, .channels = info.channels, .type = type_of(info.format)};
    if (format_.frames < 0 || format_.frames == std::numeric_limits<sf_count_t>::max()) format_.frames = 0;
    if (const auto promised = missing_sound_data(file_)) {
      lacks_end_ = true;
      const std::int64_t frame_bytes = std::int64_t{sample_bytes(info.format)} * info.channels;
      if (frame_bytes > 0) format_.frames = static_cast<std::int64_t>(*promised) / frame_bytes;
    }
    if (lacks_end(file_)) lacks_end_ = true;
  }

  /// Why libsndfile refuses the file; empty where it does not.
  const std::string& refusal() const { return refusal_; }
  /// Whether it does so because the content means nothing to it.
  bool unknown() const { return unknown_; }

  const SoundFormat& format() const override { return format_; }

  std::int64_t decode(std::span<float> samples) override {
    const auto room = static_cast<std::int64_t>(samples.size()) / format_.channels;
    const std::int64_t done = sf_readf_float(handle_.get(), samples.data(), room);
    check();
    count_ += done;
    if (done < room && sf_error(handle_.get()) != SF_ERR_NO_ERROR) complaint_ = reason(handle_.get());
    return done;
  }

  std::string shortcoming() const override {
    const std::string why = complaint_.empty() ? "" : fmt::format(" ({})", complaint_);
    if (count_ < format_.frames) {
      return fmt::format("breaks off after {} of the {} frames that its header promises{}", count_, format_.frames,
                         why);
    }
    if (lacks_end_ || !complaint_.empty()) return fmt::format("breaks off after {} frames{}", count_, why);
    return {};
  }

 private:
  // No exception may pass through libsndfile; it is thrown again above it.
  void check() const {
    if (error_) std::rethrow_exception(error_);
  }

  static sf_count_t size(void* self) {
    return static_cast<sf_count_t>(static_cast<const SndfileDecoder*>(self)->file_.size());
  }
  static sf_count_t tell(void* self) { return static_cast<const SndfileDecoder*>(self)->position_; }
  static sf_count_t seek(sf_count_t offset, int whence, void* self) {
    auto& me = *static_cast<SndfileDecoder*>(self);
    const sf_count_t target = sought(offset, whence, me.position_, size(self));
    if (target >= 0) me.position_ = target;
    return target;
  }
  static sf_count_t read(void* bytes, sf_count_t count, void* self) {
    auto& me = *static_cast<SndfileDecoder*>(self);
    count = std::min(count, size(self) - me.position_);
    if (count <= 0) return 0;
    try {
      me.file_.read(static_cast<std::uint64_t>(me.position_),
                    {static_cast<std::byte*>(bytes), static_cast<std::size_t>(count)});
    } catch (...) {
      me.error_ = std::current_exception();
      return 0;
    }
    me.position_ += count;
    return count;
  }

  InputFile file_;
  sf_count_t position_ = 0;
  std::exception_ptr error_;
  SoundFormat format_;
  std::int64_t count_ = 0;
  bool lacks_end_ = false, unknown_ = false;
  std::string refusal_, complaint_;
  SoundHandle handle_;  // last: it goes before what it reads from
};

std::unique_ptr<SoundDecoder> open_decoder(const path& file) {
  // libsndfile's decoder of MPEG writes its complaints to the standard error stream.
  if (is_mpeg_audio(InputFile(file))) return open_ffmpeg_sound(file);
  auto first = std::make_unique<SndfileDecoder>(file);
  if (first->refusal().empty()) return first;
  try {
    return open_ffmpeg_sound(file);
  } catch (const Error&) {
    if (first->unknown()) throw;
  }
  throw bad_input(fmt::format("{} cannot be read as a sound: {}", quoted(file), first->refusal()),
                  "copy or export the file again");
}

/// Looks at what a decoder brings, and keeps one frame of it in hand: so that a file without any is refused at once.
class CheckedReader final : public SoundReader {
 public:
  CheckedReader(const path& file, std::unique_ptr<SoundDecoder> decoder)
      : name_(quoted(file)), decoder_(std::move(decoder)) {
    in_hand_.resize(channels());
    if (decoder_->decode(in_hand_) == 1) return;
    const std::string shortcoming = decoder_->shortcoming();
    if (shortcoming.empty()) throw bad_input(fmt::format("{} has no sample", name_), "name a file with sound");
    throw bad_input(fmt::format("{} has no sample that can be read: it {}", name_, shortcoming),
                    "copy or export the file again");
  }

  const SoundFormat& format() const override { return decoder_->format(); }
  const std::vector<std::string>& warnings() const override { return warnings_; }

  std::int64_t read(std::span<float> samples) override {
    samples = samples.first(samples.size() / channels() * channels());
    if (samples.empty()) return 0;
    std::copy(in_hand_.begin(), in_hand_.end(), samples.begin());
    std::int64_t done = in_hand_.empty() ? 0 : 1;
    const std::span<float> rest = samples.subspan(in_hand_.size());
    in_hand_.clear();
    const std::int64_t room = static_cast<std::int64_t>(rest.size() / channels());
    if (room > 0 && !at_end_) {
      const std::int64_t decoded = decoder_->decode(rest);
      done += decoded;
      at_end_ = decoded < room;
      if (at_end_) {
        const std::string shortcoming = decoder_->shortcoming();
        if (!shortcoming.empty()) warnings_.push_back("the file " + shortcoming);
      }
    }
    check_finite(samples.first(static_cast<std::size_t>(done) * channels()));
    count_ += done;
    return done;
  }

 private:
  std::size_t channels() const { return static_cast<std::size_t>(format().channels); }

  void check_finite(std::span<const float> samples) const {
    for (std::size_t i = 0; i < samples.size(); ++i) {
      if (std::isfinite(samples[i])) continue;
      throw bad_input(fmt::format("{} has a sample that is not a finite number ({}) at frame {}, channel {}", name_,
                                  samples[i], static_cast<std::size_t>(count_) + i / channels(), i % channels()),
                      "export the sound again, or replace such samples");
    }
  }

  std::string name_;
  std::unique_ptr<SoundDecoder> decoder_;
  std::vector<float> in_hand_;
  std::int64_t count_ = 0;
  bool at_end_ = false;
  std::vector<std::string> warnings_;
};

// Writing.

enum class Codec : std::uint8_t { wav, flac, vorbis, opus };

std::optional<Codec> codec_of_extension(const path& file) {
  std::string extension = file.extension().string();
  std::transform(extension.begin(), extension.end(), extension.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  if (extension == ".wav") return Codec::wav;
  if (extension == ".flac") return Codec::flac;
  if (extension == ".ogg") return Codec::vorbis;
  if (extension == ".opus") return Codec::opus;
  return {};
}

/// Where the bytes of an encoder go; a sink without a file forgets them.
class Sink {
 public:
  explicit Sink(int descriptor) : descriptor_(descriptor) {}
  ~Sink() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  Sink(const Sink&) = delete;
  Sink& operator=(const Sink&) = delete;

  SNDFILE* open(SF_INFO& info) {
    SF_VIRTUAL_IO calls = {&size, &seek, &read, &write, &tell};
    return sf_open_virtual(&calls, SFM_WRITE, &info, this);
  }
  int system_error() const { return error_; }
  sf_count_t written() const { return size_; }

 private:
  static sf_count_t size(void* self) { return static_cast<const Sink*>(self)->size_; }
  static sf_count_t tell(void* self) { return static_cast<const Sink*>(self)->position_; }
  static sf_count_t read(void*, sf_count_t, void*) { return 0; }
  static sf_count_t seek(sf_count_t offset, int whence, void* self) {
    auto& me = *static_cast<Sink*>(self);
    const sf_count_t target = sought(offset, whence, me.position_, me.size_);
    if (target >= 0) me.position_ = target;
    return target;
  }
  static sf_count_t write(const void* bytes, sf_count_t count, void* self) {
    auto& me = *static_cast<Sink*>(self);
    sf_count_t done = me.descriptor_ < 0 ? count : 0;
    while (done < count && me.error_ == 0) {
      const ssize_t written = ::pwrite(me.descriptor_, static_cast<const char*>(bytes) + done,
                                       static_cast<std::size_t>(count - done), me.position_ + done);
      if (written >= 0) done += written;
      if (written < 0 && errno != EINTR) me.error_ = errno;
    }
    me.position_ += done;
    me.size_ = std::max(me.size_, me.position_);
    return done;
  }

  int descriptor_;
  int error_ = 0;
  sf_count_t position_ = 0, size_ = 0;
};

enum class WavKind : std::uint8_t { plain, rf64 };  ///< of WAV: with lengths of 32 or of 64 bits

/// No WAV of 32-bit lengths grows beyond this.
constexpr sf_count_t longest_plain_wav = (std::int64_t{1} << 32) - (1 << 20);
/// Frames that go to libsndfile at once: its Vorbis encoder keeps whole blocks on the stack.
constexpr std::int64_t block_frames = 4096;

int wav_encoding(SoundType type) {
  constexpr std::array encodings = {SF_FORMAT_PCM_U8, SF_FORMAT_PCM_16, SF_FORMAT_PCM_24,
                                    SF_FORMAT_PCM_32, SF_FORMAT_FLOAT,  SF_FORMAT_DOUBLE};
  return encodings[static_cast<std::size_t>(type)];
}

int libsndfile_format(Codec codec, SoundType type, WavKind kind) {
  switch (codec) {
    case Codec::flac:
      return SF_FORMAT_FLAC | wav_encoding(type);
    case Codec::vorbis:
      return SF_FORMAT_OGG | SF_FORMAT_VORBIS;
    case Codec::opus:
      return SF_FORMAT_OGG | SF_FORMAT_OPUS;
    case Codec::wav:
      break;
  }
  return (kind == WavKind::plain ? SF_FORMAT_WAV : SF_FORMAT_RF64) | wav_encoding(type);
}

/// A sound on its way through libsndfile into a sink.
class Encoder {
 public:
  /// Takes the descriptor; -1: nothing is kept.
  Encoder(Codec codec, WavKind kind, const SoundFormat& format, int descriptor)
      : sink_(descriptor), type_(format.type), channels_(static_cast<std::size_t>(format.channels)) {
    SF_INFO info = {};
    info.samplerate = format.rate;
    info.channels = format.channels;
    info.format = libsndfile_format(codec, format.type, kind);
    lossy_ = codec == Codec::vorbis || codec == Codec::opus;
    handle_.reset(sink_.open(info));
    if (handle_ == nullptr) {
      complaint_ = reason(nullptr);
      return;
    }
    // A chunk with the time of day in it.
    sf_command(handle_.get(), SFC_SET_ADD_PEAK_CHUNK, nullptr, SF_FALSE);
    double quality = 0.6;
    if (codec == Codec::vorbis) sf_command(handle_.get(), SFC_SET_VBR_ENCODING_QUALITY, &quality, sizeof quality);
  }

  void write(std::span<const float> samples) {
    for (std::size_t at = 0; at < samples.size() && complaint_.empty();) {
      const std::size_t count = std::min(samples.size() - at, channels_ * static_cast<std::size_t>(block_frames));
      write_block(samples.subspan(at, count));
      at += count;
    }
  }

  /// As the file holds them.
  void write_raw(std::span<const std::byte> bytes) {
    const auto size = static_cast<sf_count_t>(bytes.size());
    if (complaint_.empty()) check(sf_write_raw(handle_.get(), bytes.data(), size) == size);
  }

  void finish() {
    if (handle_ == nullptr) return;
    const int error = sf_close(handle_.release());
    if (complaint_.empty() && error != SF_ERR_NO_ERROR) complaint_ = sf_error_number(error);
    take_system_error();
  }

  /// Why not all could be written; empty where all is well.
  const std::string& complaint() const { return complaint_; }
  bool disk_is_full() const { return sink_.system_error() == ENOSPC || sink_.system_error() == EDQUOT; }
  sf_count_t written() const { return sink_.written(); }

 private:
  void write_block(std::span<const float> samples) {
    const auto frames = static_cast<sf_count_t>(samples.size() / channels_);
    if (steps_of(type_) == 0) {
      check(sf_writef_float(handle_.get(), samples.data(), frames) == frames);
    } else if (lossy_) {
      quantised_.resize(samples.size());
      std::transform(samples.begin(), samples.end(), quantised_.begin(),
                     [this](float sample) { return quantised(sample, type_); });
      check(sf_writef_float(handle_.get(), quantised_.data(), frames) == frames);
    } else {
      steps_.resize(samples.size());
      std::transform(samples.begin(), samples.end(), steps_.begin(),
                     [this](float sample) { return left_aligned(sample); });
      check(sf_writef_int(handle_.get(), steps_.data(), frames) == frames);
    }
  }

  /// A sample in 32 bits, of which the file keeps the upper ones: libsndfile has nothing left to round.
  int left_aligned(float sample) const {
    constexpr double full = 2'147'483'648.0;
    // A float cannot hold the uppermost step of s32: there `quantised` gives full scale itself.
    return static_cast<int>(std::min(static_cast<double>(quantised(sample, type_)) * full, full - 1));
  }

  void check(bool complete) {
    if (!complete)
      complaint_ = sf_error(handle_.get()) == SF_ERR_NO_ERROR ? "not all was taken" : reason(handle_.get());
    take_system_error();
  }

  void take_system_error() {
    if (sink_.system_error() != 0) complaint_ = std::system_category().message(sink_.system_error());
  }

  Sink sink_;
  SoundType type_;
  std::size_t channels_;
  bool lossy_ = false;
  std::string complaint_;
  std::vector<float> quantised_;
  std::vector<int> steps_;
  SoundHandle handle_;  // last: it goes before the sink
};

class SndfileWriter final : public SoundWriter {
 public:
  SndfileWriter(const path& file, Codec codec, const SoundFormat& format, Overwrite overwrite)
      : file_(file),
        codec_(codec),
        format_(format),
        overwrite_(overwrite),
        frame_bytes_(frame_bytes_of(codec, format)) {
    open(WavKind::plain);
  }

  void write(std::span<const float> samples) override {
    const auto channels = static_cast<std::size_t>(format_.channels);
    if (samples.size() % channels != 0) {
      throw bad_input(fmt::format("cannot write {}: {} samples are no whole frames of {} channels", quoted(file_),
                                  samples.size(), channels));
    }
    for (std::size_t i = 0; i < samples.size(); ++i) {
      if (std::isfinite(samples[i])) continue;
      throw bad_input(fmt::format("cannot write {}: the sample at frame {}, channel {} is not a finite number ({})",
                                  quoted(file_), frames_ + i / channels, i % channels, samples[i]),
                      "the model may have diverged: train it again with a smaller learning rate");
    }
    const std::size_t frames = samples.size() / channels;
    const auto bytes = static_cast<sf_count_t>(frames) * frame_bytes_;
    if (kind_ == WavKind::plain && encoder_->written() + bytes > longest_plain_wav) grow();
    encoder_->write(samples);
    check();
    frames_ += frames;
  }

  void finish() override {
    if (frames_ == 0) throw bad_input(fmt::format("cannot write {}: it would have no sample", quoted(file_)));
    encoder_->finish();
    check();
    encoder_.reset();
    output_->commit();
  }

 private:
  /// Bytes of a frame in a WAV; 0 of others, which have no largest size.
  static sf_count_t frame_bytes_of(Codec codec, const SoundFormat& format) {
    return codec == Codec::wav ? sf_count_t{sample_bytes(wav_encoding(format.type))} * format.channels : 0;
  }

  void open(WavKind kind) {
    kind_ = kind;
    output_ = std::make_unique<OutputFile>(file_, overwrite_);
    const int descriptor = ::open(output_->temporary().c_str(), O_WRONLY | O_CLOEXEC);
    if (descriptor < 0) {
      throw failure(fmt::format("cannot write {}: {}", quoted(file_), std::system_category().message(errno)));
    }
    encoder_ = std::make_unique<Encoder>(codec_, kind, format_, descriptor);
    check();
  }

  /// Goes on in an RF64 file: what is there is copied once, so that files of common lengths stay plain WAV, which
  /// everything can read.
  void grow() {
    encoder_->finish();
    check();
    const std::unique_ptr<OutputFile> plain = std::move(output_);
    SF_INFO info = {};
    const SoundHandle source(sf_open(plain->temporary().c_str(), SFM_READ, &info));
    if (source == nullptr) throw failure(fmt::format("cannot write {}: {}", quoted(file_), reason(nullptr)));
    open(WavKind::rf64);
    std::vector<std::byte> bytes(static_cast<std::size_t>(block_frames * frame_bytes_));
    for (sf_count_t got = 1; got > 0;) {
      got = sf_read_raw(source.get(), bytes.data(), static_cast<sf_count_t>(bytes.size()));
      encoder_->write_raw(std::span(bytes).first(static_cast<std::size_t>(got)));
      check();
    }
  }

  void check() const {
    if (encoder_->complaint().empty()) return;
    throw failure(fmt::format("cannot write {}: {}", quoted(file_), encoder_->complaint()),
                  encoder_->disk_is_full() ? "free some space, or write to another disk" : "");
  }

  path file_;
  Codec codec_;
  SoundFormat format_;
  Overwrite overwrite_;
  sf_count_t frame_bytes_;
  std::uint64_t frames_ = 0;
  WavKind kind_ = WavKind::plain;
  std::unique_ptr<OutputFile> output_;
  std::unique_ptr<Encoder> encoder_;
};

Codec codec_for(const path& file, const SoundFormat& format) {
  const auto refuse = [&](const std::string& what, std::string hint) {
    throw bad_input(fmt::format("cannot write {}: {}", quoted(file), what), std::move(hint));
  };
  const auto codec = codec_of_extension(file);
  if (!codec) {
    refuse(fmt::format("'{}' is not the extension of a sound format", file.extension().string()),
           "use .wav, .flac, .ogg or .opus");
  }
  if (format.channels < 1 || format.channels > most_channels || format.rate < 1) {
    refuse(fmt::format("a sound of {} channels and {} Hz, expected 1 to {} channels and a rate of at least 1 Hz",
                       format.channels, format.rate, most_channels),
           "");
  }
  constexpr int flac_channels = 8;
  if (codec == Codec::flac && format.channels > flac_channels) {
    refuse(fmt::format("FLAC holds up to {} channels, the sound has {}", flac_channels, format.channels), "write .wav");
  }
  if (codec == Codec::flac && format.type != SoundType::s16 && format.type != SoundType::s24) {
    refuse(fmt::format("FLAC holds samples of s16 or s24, the sound has {}", sound_type_name(format.type)),
           "write .wav");
  }
  constexpr std::array opus_rates = {8'000, 12'000, 16'000, 24'000, 48'000};
  if (codec == Codec::opus && std::find(opus_rates.begin(), opus_rates.end(), format.rate) == opus_rates.end()) {
    refuse(fmt::format("Opus has rates of {} Hz, the sound has {} Hz", fmt::join(opus_rates, ", "), format.rate),
           "write .wav, .flac or .ogg");
  }
  // What else an encoder does not take, it says itself.
  Encoder trial(*codec, WavKind::plain, format, -1);
  trial.write(std::vector<float>(static_cast<std::size_t>(format.channels)));
  trial.finish();
  if (!trial.complaint().empty()) {
    refuse(fmt::format("its format does not take {} channels, {} Hz and {}: {}", format.channels, format.rate,
                       sound_type_name(format.type), trial.complaint()),
           "write .wav");
  }
  return *codec;
}

}  // namespace

std::unique_ptr<SoundReader> open_sound(const path& file) {
  return std::make_unique<CheckedReader>(file, open_decoder(file));
}

void require_writable_sound(const path& file, const SoundFormat& format) { codec_for(file, format); }

std::unique_ptr<SoundWriter> create_sound(const path& file, const SoundFormat& format, Overwrite overwrite) {
  return std::make_unique<SndfileWriter>(file, codec_for(file, format), format, overwrite);
}

}  // namespace sinefield
