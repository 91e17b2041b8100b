/// \file The kinds of --emit and their files.
#include "driver/emit.h"

#include <fmt/format.h>

#include <algorithm>

#include "codegen/kernels.h"
#include "driver/common.h"
#include "driver/ir_format.h"
#include "passes/lineage.h"

namespace resnetc::driver {

namespace {

bool is_level(std::string_view kind) { return level_named(std::string(kind)).has_value(); }

class Emitter {
 public:
  Emitter(const EmitOptions& options, const Lowered& lowered, const Sources& sources, std::vector<std::string>& written)
      : options_(options), lowered_(lowered), read_(lowered.read()), sources_(sources), written_(written) {}

  Result<> run() {
    std::vector<const codegen::KernelTextInfo*> texts;
    for (const std::string& kind : options_.kinds) {
      const auto table = codegen::kernel_texts();
      const auto text = std::find_if(table.begin(), table.end(), [&](const auto& known) { return known.name == kind; });
      if (text != table.end()) {
        if (std::find(texts.begin(), texts.end(), &*text) == texts.end()) texts.push_back(&*text);
      } else if (const Result<> put = put_levels(kind); !put) {
        return put;
      }
    }
    return texts.empty() ? Result<>() : put_texts(texts);
  }

 private:
  std::string suffix(size_t program) const {
    return lowered_.programs.size() > 1 ? "." + file_stem(label(lowered_.programs[program])) : std::string();
  }

  Result<> put(const std::string& file, const std::string& text) {
    const std::string path = options_.directory + "/" + file;
    if (const Result<> written = write_file(path, text); !written) return written;
    if (std::find(written_.begin(), written_.end(), path) == written_.end()) written_.push_back(path);
    return {};
  }

  std::string form_of(const passes::AnyIr& ir, const std::string& form) const {
    if (options_.only.empty()) return print_as(ir, form, sources_);
    return print_part(ir, form, options_.only, read_, sources_);
  }

  /// Writes a level as text, or all levels in another form. NET.json is the manifest, so files of other forms carry the level's name.
  Result<> put_levels(const std::string& kind) {
    const bool one = is_level(kind);
    const auto wanted = [&](passes::Level level) { return lowered_.from <= level && (!one || kind == level_name(level)); };
    const auto put_level = [&](passes::Level level, const passes::AnyIr& ir, const std::string& target) {
      const std::string part = options_.only.empty() ? "" : "." + file_stem(options_.only);
      return this->put(fmt::format("{}{}{}.{}{}", options_.name, part, target, level_name(level), one ? "" : "." + kind),
                       form_of(ir, one ? "text" : kind));
    };
    Result<> put;
    if (wanted(passes::Level::topology)) put = put_level(passes::Level::topology, lowered_.topology, "");
    if (put && wanted(passes::Level::graph)) put = put_level(passes::Level::graph, lowered_.graph, "");
    for (size_t i = 0; put && wanted(passes::Level::program) && i < lowered_.programs.size(); ++i) {
      put = put_level(passes::Level::program, lowered_.programs[i], suffix(i));
    }
    return put;
  }

  Result<> put_texts(const std::vector<const codegen::KernelTextInfo*>& forms) {
    std::vector<codegen::KernelText> kinds;
    for (const codegen::KernelTextInfo* form : forms) kinds.push_back(form->kind);
    std::vector<codegen::KernelJob> jobs;
    std::vector<std::string> stems;
    for (size_t i = 0; i < lowered_.programs.size(); ++i) {
      const program::Program& program = lowered_.programs[i];
      const ValueNames names = options_.only.empty() ? ValueNames{} : passes::part(options_.only, read_, program);
      FileStems own;
      for (const program::Kernel& kernel : program.kernels) {
        const bool store = kernel.kind == program::KernelKind::store;
        if (!options_.only.empty() && (store || !names.contains(kernel.name))) continue;
        jobs.push_back({program::spec_of(program, kernel), program.target});
        // A store has its output's name, which a layer may have too.
        stems.push_back(own.add(kernel.name + (store ? ".store" : "")) + suffix(i));
      }
    }
    codegen::KernelOptions how;
    how.jobs = options_.jobs;
    Progress progress("writing kernels as text");
    how.progress = [&](size_t done_count, size_t all) { progress.update(done_count, all); };
    const auto texts = codegen::texts_of(jobs, kinds, how);
    progress.finish();
    if (!texts) return texts.failure();
    for (size_t job = 0; job < jobs.size(); ++job) {
      for (size_t k = 0; k < forms.size(); ++k) {
        const codegen::KernelTextInfo& form = *forms[k];
        if (form.gpu_only && !jobs[job].target->on_gpu()) continue;
        const Result<> written = put(fmt::format("{}.{}", stems[job], form.extension), texts->texts[texts->index[job]][k]);
        if (!written) return written;
      }
    }
    return {};
  }

  const EmitOptions& options_;
  const Lowered& lowered_;
  const passes::AnyIr read_;  ///< the IR of which --only names a part
  const Sources& sources_;
  std::vector<std::string>& written_;
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

Result<> emit(const EmitOptions& options, const Lowered& lowered, const Sources& sources, std::vector<std::string>& written) {
  return Emitter(options, lowered, sources, written).run();
}

}  // namespace resnetc::driver
