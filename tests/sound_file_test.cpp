// Sound files: what is written comes back, what cannot be read is refused in words, what breaks off is read so far.
// SPDX-License-Identifier: MIT
#include "sinefield/sound_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <bit>
#include <cmath>
#include <csignal>
#include <cstring>
#include <fstream>
#include <limits>
#include <numbers>
#include <random>
#include <string>
#include <string_view>

#include "refusal.h"
#include "sinefield/error.h"
#include "temporary_folder.h"

namespace sinefield {
namespace {

using std::filesystem::path;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

Sound read_all(SoundReader& reader, std::int64_t frames_at_once = 1000) {
  Sound sound{reader.format(), {}};
  const auto channels = static_cast<std::size_t>(sound.format.channels);
  std::vector<float> piece(static_cast<std::size_t>(frames_at_once) * channels);
  while (const std::int64_t count = reader.read(piece)) {
    sound.samples.insert(sound.samples.end(), piece.begin(),
                         piece.begin() + static_cast<std::ptrdiff_t>(static_cast<std::size_t>(count) * channels));
  }
  return sound;
}

Sound read_all(const path& file) { return read_all(*open_sound(file)); }

void write_all(const path& file, const Sound& sound, Overwrite overwrite = Overwrite::refuse) {
  const auto writer = create_sound(file, sound.format, overwrite);
  writer->write(sound.samples);
  writer->finish();
}

std::string bytes_of(const path& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

void write_bytes(const path& file, std::string_view bytes) { std::ofstream(file, std::ios::binary) << bytes; }

template <class T>
std::string little(T value) {
  std::string bytes(sizeof value, 0);
  std::memcpy(bytes.data(), &value, sizeof value);
  return bytes;
}

struct WavHeader {
  std::uint16_t tag = 1, channels = 1;
  std::uint32_t rate = 8000;
  std::uint16_t bits = 16;
  std::uint32_t data_bytes = 0;
};

std::string wav(const WavHeader& header, const std::string& data) {
  const auto frame = static_cast<std::uint16_t>(header.channels * header.bits / 8);
  const std::string body = "WAVEfmt " + little<std::uint32_t>(16) + little(header.tag) + little(header.channels) +
                           little(header.rate) + little<std::uint32_t>(header.rate * frame) + little(frame) +
                           little(header.bits) + "data" + little(header.data_bytes) + data;
  return "RIFF" + little(static_cast<std::uint32_t>(body.size())) + body;
}

Sound noise(SoundType type, int channels, std::int64_t frames, int rate = 44'100) {
  Sound sound{{.frames = frames, .rate = rate, .channels = channels, .type = type}, {}};
  std::mt19937 generator(7);
  std::uniform_real_distribution<float> values(-1, 1);
  for (std::int64_t i = 0; i < frames * channels; ++i) sound.samples.push_back(quantised(values(generator), type));
  return sound;
}

Sound tone(SoundType type, int channels, std::int64_t frames, int rate) {
  Sound sound{{.frames = frames, .rate = rate, .channels = channels, .type = type}, {}};
  for (std::int64_t i = 0; i < frames; ++i) {
    for (int c = 0; c < channels; ++c) {
      const double phase = 2 * std::numbers::pi * 440 * (c + 1) * static_cast<double>(i) / rate;
      sound.samples.push_back(static_cast<float>(0.5 * std::sin(phase)));
    }
  }
  return sound;
}

double share_of_error(const Sound& result, const Sound& original) {
  double error = 0, power = 0;
  for (std::size_t i = 0; i < original.samples.size(); ++i) {
    error += std::pow(result.samples.at(i) - original.samples[i], 2);
    power += std::pow(original.samples[i], 2);
  }
  return std::sqrt(error / power);
}

struct Case {
  SoundType type;
  const char* extension;
};

class ExactFormats : public testing::TestWithParam<Case> {};

TEST_P(ExactFormats, come_back_bit_by_bit) {
  const TemporaryFolder folder;
  for (const int channels : {1, 2, 6}) {
    const path file = folder / ("noise" + std::to_string(channels) + GetParam().extension);
    const Sound sound = noise(GetParam().type, channels, 9'001, 11'127);
    write_all(file, sound);
    const Sound back = read_all(file);
    EXPECT_EQ(back.format.frames, 9'001);
    EXPECT_EQ(back.format.rate, 11'127);
    EXPECT_EQ(back.format.channels, channels);
    EXPECT_EQ(back.format.type, GetParam().type);
    EXPECT_TRUE(back.samples == sound.samples);
  }
}

TEST_P(ExactFormats, are_the_same_file_every_time) {
  const TemporaryFolder folder;
  const Sound sound = noise(GetParam().type, 2, 500);
  const path one = folder / (std::string("one") + GetParam().extension),
             two = folder / (std::string("two") + GetParam().extension);
  write_all(one, sound);
  const auto writer = create_sound(two, sound.format, Overwrite::refuse);
  for (const std::span<const float> rest = sound.samples; const std::size_t at : {0U, 10U, 20U}) {
    writer->write(rest.subspan(at, at == 20 ? rest.size() - 20 : 10));
  }
  writer->finish();
  EXPECT_EQ(bytes_of(one), bytes_of(two));
}

INSTANTIATE_TEST_SUITE_P(Sounds, ExactFormats,
                         testing::Values(Case{SoundType::u8, ".wav"}, Case{SoundType::s16, ".wav"},
                                         Case{SoundType::s24, ".wav"}, Case{SoundType::s32, ".wav"},
                                         Case{SoundType::f32, ".wav"}, Case{SoundType::f64, ".WAV"},
                                         Case{SoundType::s16, ".flac"}, Case{SoundType::s24, ".flac"}),
                         [](const auto& one) {
                           return std::string(sound_type_name(one.param.type)) + (one.param.extension + 1);
                         });

TEST(SoundFile, holds_every_step_of_16_bits) {
  const TemporaryFolder folder;
  Sound sound{{.rate = 8'000, .type = SoundType::s16}, {}};
  for (int step = -32'768; step < 32'768; ++step) sound.samples.push_back(static_cast<float>(step) / 32'768);
  for (const char* name : {"steps.wav", "steps.flac"}) {
    write_all(folder / name, sound);
    EXPECT_TRUE(read_all(folder / name).samples == sound.samples) << name;
  }
}

TEST(SoundFile, rounds_and_clips_as_quantised_does) {
  const TemporaryFolder folder;
  for (const SoundType type : {SoundType::u8, SoundType::s16, SoundType::s24, SoundType::s32, SoundType::f32}) {
    const path file = folder / (std::string(sound_type_name(type)) + ".wav");
    Sound sound{{.rate = 8'000, .type = type}, {-1.5f, -1, -0.3f, -0.5f / 128, 0, 0.5f / 128, 0.3f, 0.9999999f, 1, 7}};
    write_all(file, sound);
    std::vector<float> expected;
    for (const float sample : sound.samples) expected.push_back(quantised(sample, type));
    EXPECT_EQ(read_all(file).samples, expected) << sound_type_name(type);
  }
}

TEST(SoundFile, keeps_the_bits_of_floats) {
  const TemporaryFolder folder;
  const Sound sound{{.rate = 8'000, .type = SoundType::f32}, {-0.0f, 1e-42f, 3.5f, -1e30f, 1.0f / 3}};
  write_all(folder / "floats.wav", sound);
  const Sound back = read_all(folder / "floats.wav");
  ASSERT_EQ(back.samples.size(), sound.samples.size());
  for (std::size_t i = 0; i < sound.samples.size(); ++i) {
    EXPECT_EQ(std::bit_cast<std::uint32_t>(back.samples[i]), std::bit_cast<std::uint32_t>(sound.samples[i])) << i;
  }
}

TEST(SoundFile, wav_is_the_plain_kind_that_everything_reads) {
  const TemporaryFolder folder;
  write_all(folder / "plain.wav", {{.rate = 8'000, .type = SoundType::s16}, {0.5f, -0.5f}});
  WavHeader header;
  header.data_bytes = 4;
  EXPECT_EQ(bytes_of(folder / "plain.wav"), wav(header, little<std::int16_t>(16'384) + little<std::int16_t>(-16'384)));
}

TEST(SoundFile, vorbis_and_opus_are_close) {
  const TemporaryFolder folder;
  const Sound sound = tone(SoundType::f32, 2, 30'000, 48'000);
  for (const auto& [name, bound] : {std::pair("a.ogg", 0.02), std::pair("a.opus", 0.1)}) {
    write_all(folder / name, sound);
    const auto reader = open_sound(folder / name);
    const Sound back = read_all(*reader);
    EXPECT_EQ(back.format.type, SoundType::s16);
    EXPECT_EQ(back.format.frames, 30'000);
    EXPECT_EQ(back.samples.size(), sound.samples.size());
    EXPECT_LT(share_of_error(back, sound), bound) << name;
    EXPECT_THAT(reader->warnings(), IsEmpty());
  }
}

TEST(SoundFile, takes_a_large_piece_of_vorbis_at_once) {
  const TemporaryFolder folder;
  write_all(folder / "long.ogg", tone(SoundType::s16, 1, 300'000, 8'000));
  EXPECT_EQ(read_all(folder / "long.ogg").samples.size(), 300'000U);
}

TEST(SoundReader, does_not_depend_on_how_it_is_cut) {
  const TemporaryFolder folder;
  const Sound sound = noise(SoundType::s16, 2, 3'000);
  for (const char* name : {"cut.wav", "cut.flac"}) {
    write_all(folder / name, sound);
    for (const std::int64_t frames : {1, 7, 4'000}) {
      EXPECT_TRUE(read_all(*open_sound(folder / name), frames).samples == sound.samples) << name << frames;
    }
  }
}

TEST(SoundReader, gives_whole_frames_only) {
  const TemporaryFolder folder;
  write_all(folder / "six.wav", noise(SoundType::s16, 6, 3));
  const auto reader = open_sound(folder / "six.wav");
  std::vector<float> samples(13);
  EXPECT_EQ(reader->read(std::span(samples).first(5)), 0);
  EXPECT_EQ(reader->read(samples), 2);
  EXPECT_EQ(reader->read(samples), 1);
  EXPECT_EQ(reader->read(samples), 0);
  EXPECT_EQ(reader->read(samples), 0);
}

TEST(SoundReader, reads_extensible_wav_of_many_channels_in_order) {
  const TemporaryFolder folder;
  const std::string format = little<std::uint16_t>(0xFFFE) + little<std::uint16_t>(5) + little<std::uint32_t>(12'345) +
                             little<std::uint32_t>(123'450) + little<std::uint16_t>(10) + little<std::uint16_t>(16) +
                             little<std::uint16_t>(22) + little<std::uint16_t>(16) + little<std::uint32_t>(0) +
                             std::string("\x01\0\0\0\0\0\x10\0\x80\0\0\xaa\0\x38\x9b\x71", 16);
  std::string data;
  for (std::int16_t i = 0; i < 10; ++i) data += little(i);
  const std::string body = "WAVEfmt " + little<std::uint32_t>(40) + format + "data" + little<std::uint32_t>(20) + data;
  write_bytes(folder / "five.wav", "RIFF" + little(static_cast<std::uint32_t>(body.size())) + body);
  const Sound sound = read_all(folder / "five.wav");
  EXPECT_EQ(sound.format.channels, 5);
  EXPECT_EQ(sound.format.rate, 12'345);
  ASSERT_EQ(sound.samples.size(), 10U);
  for (std::size_t i = 0; i < 10; ++i) EXPECT_EQ(sound.samples[i], static_cast<float>(i) / 32'768);
}

TEST(SoundReader, looks_at_the_content_and_not_at_the_name) {
  const TemporaryFolder folder;
  const Sound sound = noise(SoundType::s16, 1, 100);
  write_all(folder / "a.flac", sound);
  for (const char* name : {"a.wav", "a.vox", "a.mp3", "a"}) {
    std::filesystem::copy_file(folder / "a.flac", folder / name);
    EXPECT_EQ(read_all(folder / name).samples, sound.samples) << name;
  }
}

TEST(SoundReader, reads_what_only_ffmpeg_knows) {
  const auto reader = open_sound(path(SINEFIELD_TEST_DATA) / "ramp.m4a");  // ALAC
  const Sound sound = read_all(*reader, 33);
  EXPECT_EQ(sound.format.frames, 200);
  EXPECT_EQ(sound.format.channels, 2);
  EXPECT_EQ(sound.format.rate, 8'000);
  EXPECT_EQ(sound.format.type, SoundType::s16);
  EXPECT_THAT(reader->warnings(), IsEmpty());
  ASSERT_EQ(sound.samples.size(), 400U);
  for (std::size_t i = 0; i < 200; ++i) {
    EXPECT_EQ(sound.samples[2 * i], (100 * static_cast<float>(i) - 10'000) / 32'768);
    EXPECT_EQ(sound.samples[2 * i + 1], -7 * static_cast<float>(i) / 32'768);
  }
}

TEST(SoundReader, reads_what_is_there_of_a_truncated_file_and_says_so) {
  const TemporaryFolder folder;
  const Sound sound = noise(SoundType::s16, 2, 60'000);
  for (const char* name : {"a.wav", "a.flac", "a.ogg"}) {
    write_all(folder / name, sound);
    const Sound whole = read_all(folder / name);
    std::filesystem::resize_file(folder / name, std::filesystem::file_size(folder / name) / 2 + 1);
    const auto reader = open_sound(folder / name);
    const Sound part = read_all(*reader);
    EXPECT_THAT(reader->warnings(), ElementsAre(HasSubstr("breaks off after"))) << name;
    EXPECT_GT(part.samples.size(), whole.samples.size() / 3) << name;
    ASSERT_LT(part.samples.size(), whole.samples.size() * 2 / 3) << name;
    EXPECT_TRUE(std::equal(part.samples.begin(), part.samples.end() - 4'096, whole.samples.begin())) << name;
  }
  EXPECT_EQ(open_sound(folder / "a.wav")->format().frames, 60'000);
}

TEST(SoundReader, takes_lengths_of_a_pipe_for_unknown) {
  const TemporaryFolder folder;
  WavHeader header;
  header.data_bytes = 0xFFFFFFFF;
  write_bytes(folder / "pipe.wav", wav(header, std::string(20, 1)));
  const auto reader = open_sound(folder / "pipe.wav");
  EXPECT_EQ(read_all(*reader).samples.size(), 10U);
  EXPECT_THAT(reader->warnings(), IsEmpty());
}

TEST(SoundReader, does_not_believe_a_header_alone) {
  const TemporaryFolder folder;
  WavHeader header;
  header.data_bytes = 0x70000000;
  write_bytes(folder / "huge.wav", wav(header, std::string(20, 1)));
  const auto reader = open_sound(folder / "huge.wav");
  EXPECT_EQ(read_all(*reader).samples.size(), 10U);
  EXPECT_THAT(reader->warnings(), ElementsAre(HasSubstr("after 10 of the 939524096 frames")));
}

TEST(SoundReader, refuses_what_is_no_sound) {
  const TemporaryFolder folder;
  const auto refused = [&](const std::string& name) { return refusal([&] { open_sound(folder / name); }); };
  EXPECT_THAT(refused("missing.wav"), HasSubstr("missing.wav"));
  std::filesystem::create_directory(folder / "folder.wav");
  EXPECT_THAT(refused("folder.wav"), AllOf(HasSubstr("folder.wav"), HasSubstr("is a folder")));
  write_bytes(folder / "empty.wav", "");
  EXPECT_THAT(refused("empty.wav"), AllOf(HasSubstr("empty.wav"), HasSubstr("is empty")));
  write_bytes(folder / "text.wav", "Dear reader,\nthis is a letter.\n");
  EXPECT_THAT(refused("text.wav"), AllOf(HasSubstr("text.wav"), HasSubstr("is not a sound")));
  for (const char* name : {"list.wav", "list.m4a", "list.mp3"}) {
    write_bytes(folder / name, "#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nhttp://127.0.0.1:9/a.ts\n");
    EXPECT_THAT(refused(name), AllOf(HasSubstr(name), HasSubstr("list of other files")));
  }
  EXPECT_THAT(refusal([] { open_sound(path(SINEFIELD_TEST_DATA) / "silent.mp4"); }),
              AllOf(HasSubstr("silent.mp4"), HasSubstr("no sound track")));
}

TEST(SoundReader, refuses_headers_that_make_no_sense) {
  const TemporaryFolder folder;
  const auto refused = [&](const WavHeader& header, const std::string& data) {
    write_bytes(folder / "bad.wav", wav(header, data));
    return refusal([&] { open_sound(folder / "bad.wav"); });
  };
  EXPECT_THAT(refused({.channels = 0, .data_bytes = 8}, "12345678"), AllOf(HasSubstr("bad.wav"), HasSubstr("zero")));
  EXPECT_THAT(refused({}, ""), AllOf(HasSubstr("bad.wav"), HasSubstr("has no sample")));
  EXPECT_THAT(refused({.channels = 2'000, .data_bytes = 4'000}, std::string(4'000, 1)), HasSubstr("bad.wav"));
  write_bytes(folder / "bad.flac", "fLaC" + std::string(300, 1));
  EXPECT_THAT(refusal([&] { open_sound(folder / "bad.flac"); }), HasSubstr("bad.flac"));
}

TEST(SoundReader, refuses_samples_that_are_not_finite_with_their_place) {
  const TemporaryFolder folder;
  std::string data;
  for (int i = 0; i < 40; ++i) data += little(i == 23 ? std::numeric_limits<float>::quiet_NaN() : 0.25f);
  write_bytes(folder / "nan.wav", wav({.tag = 3, .channels = 2, .bits = 32, .data_bytes = 160}, data));
  const auto reader = open_sound(folder / "nan.wav");
  std::vector<float> samples(8);
  EXPECT_EQ(reader->read(samples), 4);
  EXPECT_EQ(reader->read(samples), 4);
  EXPECT_THAT(refusal([&] { reader->read(samples); }),
              AllOf(HasSubstr("nan.wav"), HasSubstr("frame 11, channel 1"), HasSubstr("nan")));
}

TEST(SoundWriter, refuses_what_a_format_cannot_hold_before_it_starts) {
  const TemporaryFolder folder;
  const auto refused = [&](const char* name, const SoundFormat& format) {
    const std::string message = refusal([&] { require_writable_sound(folder / name, format); });
    EXPECT_EQ(refusal([&] { create_sound(folder / name, format, Overwrite::refuse); }), message);
    EXPECT_THAT(message, HasSubstr(name));
    return message;
  };
  EXPECT_THAT(refused("a.mp3", {.rate = 8'000}), HasSubstr(".mp3"));
  EXPECT_THAT(refused("a", {.rate = 8'000}), HasSubstr("extension"));
  EXPECT_THAT(refused("a.wav", {.rate = 0}), HasSubstr("0 Hz"));
  EXPECT_THAT(refused("a.wav", {.rate = 8'000, .channels = 1'025}), HasSubstr("1025"));
  EXPECT_THAT(refused("a.flac", {.rate = 8'000, .channels = 9}), HasSubstr("9"));
  EXPECT_THAT(refused("a.flac", {.rate = 8'000, .type = SoundType::f32}), HasSubstr("f32"));
  EXPECT_THAT(refused("a.flac", {.rate = 8'000, .type = SoundType::u8}), HasSubstr("u8"));
  EXPECT_THAT(refused("a.flac", {.rate = 2'000'000}), HasSubstr("2000000"));
  EXPECT_THAT(refused("a.opus", {.rate = 44'100}), HasSubstr("44100"));
  EXPECT_THAT(refused("a.ogg", {.rate = 2'000'000}), HasSubstr("2000000"));
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
  for (const char* name : {"a.wav", "a.flac", "a.ogg", "a.opus"}) {
    EXPECT_NO_THROW(require_writable_sound(folder / name, {.rate = 48'000, .channels = 8})) << name;
  }
}

TEST(SoundWriter, refuses_samples_that_are_not_finite_and_keeps_the_target) {
  const TemporaryFolder folder;
  write_bytes(folder / "a.wav", "before");
  {
    const auto writer = create_sound(folder / "a.wav", {.rate = 8'000, .channels = 2}, Overwrite::replace);
    writer->write(std::vector<float>(6));
    const std::vector<float> bad = {0, 0, 0, std::numeric_limits<float>::infinity()};
    EXPECT_THAT(refusal([&] { writer->write(bad); }), AllOf(HasSubstr("a.wav"), HasSubstr("frame 4, channel 1")));
    EXPECT_THAT(refusal([&] { writer->write(std::vector<float>(3)); }), HasSubstr("whole frames"));
  }
  EXPECT_EQ(bytes_of(folder / "a.wav"), "before");
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder.path()), {}), 1);
}

TEST(SoundWriter, puts_nothing_in_place_without_finish_or_without_samples) {
  const TemporaryFolder folder;
  for (const char* name : {"a.wav", "a.flac", "a.ogg", "a.opus"}) {
    create_sound(folder / name, {.rate = 48'000}, Overwrite::refuse)->write(std::vector<float>(100));
    const auto writer = create_sound(folder / name, {.rate = 48'000}, Overwrite::refuse);
    EXPECT_THAT(refusal([&] { writer->finish(); }), HasSubstr("no sample"));
  }
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

TEST(SoundWriter, keeps_an_existing_file_unless_told_otherwise) {
  const TemporaryFolder folder;
  const Sound sound = noise(SoundType::s16, 1, 10);
  write_all(folder / "a.wav", sound);
  EXPECT_THAT(refusal([&] { write_all(folder / "a.wav", sound); }), HasSubstr("already exists"));
  EXPECT_NO_THROW(write_all(folder / "a.wav", sound, Overwrite::replace));
}

/// No file may grow beyond some bytes for as long as this lives.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) : signal_(std::signal(SIGXFSZ, SIG_IGN)) {
    ::getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit limit = {bytes, before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FileSizeLimit() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, signal_);
  }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;

 private:
  void (*signal_)(int);
  rlimit before_{};
};

TEST(SoundWriter, fails_where_the_disk_is_full_and_keeps_the_target) {
  const TemporaryFolder folder;
  const Sound sound = noise(SoundType::s16, 1, 48'000, 48'000);
  for (const char* name : {"a.wav", "a.flac", "a.ogg", "a.opus"}) {
    write_bytes(folder / name, "before");
    std::string message;
    {
      const FileSizeLimit limit(5'000);
      try {
        write_all(folder / name, sound, Overwrite::replace);
      } catch (const Error& error) {
        EXPECT_EQ(error.kind(), ErrorKind::failure);
        message = error.what();
      }
    }
    EXPECT_THAT(message, AllOf(HasSubstr(name), HasSubstr("File too large")));
    EXPECT_EQ(bytes_of(folder / name), "before");
  }
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder.path()), {}), 4);
}

TEST(SoundWords, names_of_types_go_both_ways) {
  for (const SoundType type :
       {SoundType::u8, SoundType::s16, SoundType::s24, SoundType::s32, SoundType::f32, SoundType::f64}) {
    EXPECT_EQ(sound_type_from_name(sound_type_name(type)), type);
  }
  EXPECT_EQ(sound_type_name(SoundType::s24), "s24");
  EXPECT_THAT(refusal([] { sound_type_from_name("s17"); }), HasSubstr("'s17'"));
}

TEST(SoundWords, names_of_channels) {
  EXPECT_THAT(sound_channel_names(1), ElementsAre("C"));
  EXPECT_THAT(sound_channel_names(2), ElementsAre("L", "R"));
  EXPECT_THAT(sound_channel_names(3), ElementsAre("c0", "c1", "c2"));
}

}  // namespace
}  // namespace sinefield
