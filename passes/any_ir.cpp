/// \file Finding out the level of an IR, and calling what that level has.
#include "passes/any_ir.h"

namespace resnetc::passes {

Level level_of(const AnyIr& ir) { return static_cast<Level>(ir.index()); }

const char* level_name(Level level) {
  switch (level) {
    case Level::topology: return "topology";
    case Level::graph: return "graph";
    case Level::program: break;
  }
  return "program";
}

std::string print(const AnyIr& ir, const Sources& sources) {
  return std::visit([&](const auto& m) { return print(m, sources); }, ir);
}

std::string excerpt(const AnyIr& ir, const ValueNames& names, const Sources& sources) {
  return std::visit([&](const auto& m) { return excerpt(m, names, sources); }, ir);
}

Excerpts excerpts(const AnyIr& ir, const Sources& sources) {
  return std::visit([&](const auto& m) { return excerpts(m, sources); }, ir);
}

const std::string& name_of(const AnyIr& ir) {
  return std::visit([](const auto& level) -> const std::string& { return level.name; }, ir);
}

}  // namespace resnetc::passes
