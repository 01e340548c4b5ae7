// The command `sinefield`: parses, runs one command, turns errors into messages and exit codes.
// SPDX-License-Identifier: MIT
#include <fmt/core.h>

#include <cstdio>
#include <string_view>

#include "cli/command.h"
#include "sinefield/error.h"
#include "sinefield/version.h"

namespace sinefield::cli {
namespace {

constexpr int usage_or_bad_input = 2, failed = 1;

int report(bool json, int code, const std::string& message, const std::string& hint) {
  if (json) {
    fmt::print("{}\n", Json{{"error", message}, {"hint", hint}, {"exit_code", code}}.dump(
                           -1, ' ', false, Json::error_handler_t::replace));
  } else {
    fmt::print(stderr, "sinefield: {}\n", message);
    if (!hint.empty()) fmt::print(stderr, "  {}\n", hint);
  }
  return code;
}

int run(int argc, char** argv) {
  // Errors of the parser itself must honour --json too, before anything is parsed.
  bool json = false;
  for (int i = 1; i < argc; ++i) json = json || std::string_view(argv[i]) == "--json";

  CLI::App app("Sinefield: signals as small sinusoidal networks, with exact derivatives.", "sinefield");
  app.set_version_flag("--version", "sinefield " SINEFIELD_VERSION);
  app.require_subcommand(1);
  app.get_formatter()->column_width(34);
  Context context;
  add_fit(app, context);
  add_solve(app, context);
  add_sweep(app, context);
  add_render(app, context);
  add_eval(app, context);
  add_compare(app, context);
  add_info(app, context);
  add_check(app, context);
  add_bench(app, context);
  try {
    app.parse(argc, argv);
    return context.run();
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app.exit(error);
    std::string command;
    for (const CLI::App* at = &app; at != nullptr;) {
      command += (command.empty() ? "" : " ") + at->get_name();
      const auto chosen = at->get_subcommands();
      at = chosen.empty() ? nullptr : chosen.front();
    }
    return report(json, usage_or_bad_input, error.what(), fmt::format("see `{} --help`", command));
  } catch (const Error& error) {
    return report(json, error.kind() == ErrorKind::bad_input ? usage_or_bad_input : failed, error.what(), error.hint());
  } catch (const std::bad_alloc&) {
    return report(json, failed, "out of memory", "close other programs, or give --memory-limit");
  } catch (const std::exception& error) {
    return report(json, failed, error.what(), "");
  }
}

}  // namespace
}  // namespace sinefield::cli

int main(int argc, char** argv) {
  try {
    return sinefield::cli::run(argc, argv);
  } catch (...) {  // not even the message could be printed: stderr is closed, say
    return sinefield::cli::failed;
  }
}
