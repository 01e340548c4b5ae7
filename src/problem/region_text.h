// Regions as text: "difference(box([0, 0], [1, 1]), disc([0.5, 0.5], 0.2))", "boundary(domain)". The grammar is that of
// expressions; numbers may be made of constants.
// SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "problem/language.h"
#include "sinefield/region.h"

namespace sinefield::problem {

class RegionText {
 public:
  /// `domain` is what the name means where the text does not define it. The language must outlive it.
  RegionText(Language&, Region domain);

  void define(const std::string& name, Source);
  bool defined(const std::string& name) const { return definitions_.contains(name); }
  const Source& source_of(const std::string& name) const { return definitions_.at(name).source; }

  struct Meant {
    Region region;
    bool boundary;
  };
  /// Throws bad_input that points at what is wrong.
  Meant evaluate(const Source&);
  Region named(const std::string& name);

  /// Whether a name has a meaning of its own.
  static bool reserved(std::string_view name);

 private:
  /// A region and how many boxes, balls, edges and compositions it is made of: all work on it goes through all of them.
  struct Counted {
    Region region;
    std::size_t pieces;
  };
  struct Definition {
    Source source;
    bool open = false;  // its text is being read
    std::optional<Counted> made = {};
  };

  Counted region(const Source&, const Syntax&);
  Counted operation(const Source&, const Syntax&);
  const Counted& defined_region(const std::string& name);
  std::vector<double> point(const Source&, const Syntax&);

  Language& language_;
  Region domain_;
  std::map<std::string, Definition> definitions_;
  int depth_ = 0;  // of the regions that are being read, through all definitions
};

}  // namespace sinefield::problem
