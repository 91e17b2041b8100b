/// \file The kinds of --emit and their files.
#include "driver/emit.h"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

#include "driver/common.h"
#include "driver/ir_format.h"
#include "inspect/drawing.h"
#include "passes/lineage.h"
#include "support/json.h"

namespace resnetc::driver {

namespace {

bool is_level(std::string_view kind) { return level_named(std::string(kind)).has_value(); }

/// Keeps what makes these values; a block or stage stays where something in it does.
bool keep(llvm::json::Value& element, const ValueNames& names) {
  llvm::json::Object* object = element.getAsObject();
  if (object == nullptr) return true;
  const auto name = object->getString("name");
  if (name && names.contains(std::string_view(*name))) return true;
  llvm::json::Array* body = object->getArray("body");
  if (body == nullptr) return false;
  llvm::json::Array kept;
  for (llvm::json::Value& child : *body) {
    if (keep(child, names)) kept.push_back(std::move(child));
  }
  const bool any = !kept.empty();
  *body = std::move(kept);
  return any;
}

/// Of the JSON form of an IR, which is our own, what makes these values; what a program's kernels work on stays whole.
std::string json_excerpt(const std::string& whole, const ValueNames& names) {
  llvm::Expected<llvm::json::Value> value = llvm::json::parse(whole);
  if (!value) throw std::logic_error(llvm::toString(value.takeError()));
  for (const char* list : {"body", "ops", "kernels"}) {
    llvm::json::Array* elements = value->getAsObject()->getArray(list);
    if (elements == nullptr) continue;
    llvm::json::Array kept;
    for (llvm::json::Value& element : *elements) {
      if (keep(element, names)) kept.push_back(std::move(element));
    }
    *elements = std::move(kept);
  }
  return json_text(*value);
}

class Emitter {
 public:
  Emitter(const EmitOptions& options, const Lowered& lowered, const std::vector<const codegen::TargetInfo*>& targets,
          const Sources& sources, std::vector<std::string>& written, std::string& why)
      : options_(options), lowered_(lowered), targets_(targets), sources_(sources), written_(written), why_(why) {}

  bool run() {
    std::vector<codegen::KernelText> texts;
    for (const std::string& kind : options_.kinds) {
      const auto table = codegen::kernel_texts();
      const auto text = std::find_if(table.begin(), table.end(), [&](const auto& known) { return known.name == kind; });
      if (text != table.end()) {
        if (std::find(texts.begin(), texts.end(), text->kind) == texts.end()) texts.push_back(text->kind);
      } else if (!put_levels(kind)) {
        return false;
      }
    }
    return texts.empty() || put_texts(texts);
  }

 private:
  std::string suffix(size_t target) const { return targets_.size() > 1 ? "." + targets_[target]->name : std::string(); }

  bool put(const std::string& file, const std::string& text) {
    const std::string path = options_.directory + "/" + file;
    if (!write_file(path, text, why_)) return false;
    if (std::find(written_.begin(), written_.end(), path) == written_.end()) written_.push_back(path);
    return true;
  }

  std::string form_of(const passes::AnyIr& ir, const std::string& form) const {
    if (options_.only.empty()) return print_as(ir, form, sources_);
    const ValueNames names = passes::part(options_.only, lowered_.read(), ir);
    if (form == "text") return fmt::format("# {} of {} alone\n{}", options_.only, options_.name, passes::excerpt(ir, names, sources_));
    if (form == "json") return json_excerpt(print_as(ir, form, sources_), names);
    return form == "dot" ? to_dot(inspect::only(inspect::draw(ir), names)) : to_svg(inspect::only(inspect::draw(ir), names));
  }

  /// A level as text, or all levels in another form. NET.json is the manifest: other forms carry the level's name.
  bool put_levels(const std::string& kind) {
    const bool one = is_level(kind);
    const auto wanted = [&](passes::Level level) { return lowered_.from <= level && (!one || kind == level_name(level)); };
    const auto put_level = [&](passes::Level level, const passes::AnyIr& ir, const std::string& target) {
      return put(fmt::format("{}{}.{}{}", options_.name, target, level_name(level), one ? "" : "." + kind),
                 form_of(ir, one ? "text" : kind));
    };
    if (wanted(passes::Level::topology) && !put_level(passes::Level::topology, lowered_.topology, "")) return false;
    if (wanted(passes::Level::graph) && !put_level(passes::Level::graph, lowered_.graph, "")) return false;
    for (size_t i = 0; wanted(passes::Level::program) && i < lowered_.programs.size(); ++i) {
      if (!put_level(passes::Level::program, lowered_.programs[i], suffix(i))) return false;
    }
    return true;
  }

  bool put_texts(const std::vector<codegen::KernelText>& kinds) {
    std::vector<codegen::KernelJob> jobs;
    std::vector<std::string> stems;
    for (size_t i = 0; i < lowered_.programs.size(); ++i) {
      const program::Program& program = lowered_.programs[i];
      const ValueNames names = options_.only.empty() ? ValueNames{} : passes::part(options_.only, lowered_.read(), program);
      for (const program::Kernel& kernel : program.kernels) {
        const bool store = kernel.kind == program::KernelKind::store;
        if (!options_.only.empty() && (store || !names.contains(kernel.name))) continue;
        jobs.push_back({program::spec_of(program, kernel), program.target});
        // A store shares its output's name, which may be a layer's too.
        stems.push_back(file_stem(kernel.name) + (store ? ".store" : "") + suffix(i));
      }
    }
    codegen::KernelOptions how;
    how.jobs = options_.jobs;
    Progress progress("writing kernels as text");
    how.progress = [&](size_t done_count, size_t all) { progress.update(done_count, all); };
    const auto texts = codegen::texts_of(jobs, kinds, how, why_);
    progress.finish();
    if (!texts) return false;
    for (size_t job = 0; job < jobs.size(); ++job) {
      for (size_t k = 0; k < kinds.size(); ++k) {
        const codegen::KernelTextInfo& form = codegen::kernel_texts()[static_cast<size_t>(kinds[k])];
        if (form.gpu_only && !program::is_gpu(jobs[job].target)) continue;
        if (!put(fmt::format("{}.{}", stems[job], form.extension), texts->texts[texts->index[job]][k])) return false;
      }
    }
    return true;
  }

  const EmitOptions& options_;
  const Lowered& lowered_;
  const std::vector<const codegen::TargetInfo*>& targets_;
  const Sources& sources_;
  std::vector<std::string>& written_;
  std::string& why_;
};

}  // namespace

const std::vector<EmitKind>& emit_kinds() {
  static const std::vector<EmitKind> kinds = [] {
    std::vector<EmitKind> all{{"topology", "NET.topology", "blocks, layers and skip edges, after the topology's passes"},
                              {"graph", "NET.graph", "operations in SSA form, after the graph's passes"},
                              {"program", "NET.program", "kernels, their schedules and their memory"},
                              {"dot", "NET.LEVEL.dot", "the three levels for Graphviz"},
                              {"svg", "NET.LEVEL.svg", "the three levels as pictures"},
                              {"json", "NET.LEVEL.json", "the three levels as JSON"}};
    for (const codegen::KernelTextInfo& text : codegen::kernel_texts()) all.push_back({text.name, text.file, text.description});
    return all;
  }();
  return kinds;
}

std::string emit_names() {
  std::string names;
  for (const EmitKind& kind : emit_kinds()) names += fmt::format("{}{}", names.empty() ? "" : ", ", kind.name);
  return names;
}

bool emit(const EmitOptions& options, const Lowered& lowered, const std::vector<const codegen::TargetInfo*>& targets,
          const Sources& sources, std::vector<std::string>& written, std::string& why) {
  return Emitter(options, lowered, targets, sources, written, why).run();
}

}  // namespace resnetc::driver
