/// \file Emits the tables and functions with LLVM.
#include "codegen/entry.h"

#include <fmt/format.h>
#include <llvm/IR/Constants.h>
#include <llvm/IR/DataLayout.h>
#include <llvm/IR/DerivedTypes.h>
#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/Module.h>
#include <llvm/Target/TargetMachine.h>

#include <algorithm>
#include <cstddef>
#include <span>

#include "codegen/host.h"
#include "codegen/object_emitter.h"
#include "codegen/tables.h"
#include "runtime/runtime.h"

namespace resnetc::codegen {
namespace {

/// The structures of runtime/model.h as LLVM types.
struct Types {
  explicit Types(llvm::LLVMContext& context)
      : none(llvm::Type::getVoidTy(context)),
        i32(llvm::Type::getInt32Ty(context)),
        i64(llvm::Type::getInt64Ty(context)),
        f32(llvm::Type::getFloatTy(context)),
        ptr(llvm::PointerType::getUnqual(context)),
        four(llvm::ArrayType::get(i32, RN_MAX_DIMS)),
        operand(llvm::StructType::get(context, {i32, i32, i64, i64, i32, i32, i32, i32, four, four})),
        halo(llvm::StructType::get(context, {i64, i64, i64, i64, i32, i32, i32, i32})),
        kernel(llvm::StructType::get(context, {ptr, ptr, i32, i32, halo, f32, i32})),
        rule(llvm::StructType::get(context, {i32, i32, i64, i64, i64})),
        program(llvm::StructType::get(context, {ptr, i64, ptr, i64, i64, i32, i32, i32, i32, ptr, ptr, rule})),
        port(llvm::StructType::get(context, {ptr, i64})),
        model(llvm::StructType::get(context, {i32, i32, ptr, i64, i64, i64, ptr, i64, port, i32, i32, ptr, ptr})) {}

  llvm::Type* none;
  llvm::IntegerType *i32, *i64;
  llvm::Type* f32;
  llvm::PointerType* ptr;
  llvm::ArrayType* four;
  llvm::StructType *operand, *halo, *kernel, *rule, *program, *port, *model;
};

class Emitter {
 public:
  Emitter(const EntryOptions& options, const llvm::TargetMachine& machine)
      : options_(options), module_("resnetc", context_), types_(context_), builder_(context_) {
    module_.setTargetTriple(machine.getTargetTriple());
    module_.setDataLayout(machine.createDataLayout());
  }

  Result<> emit(std::span<const EntryProgram> programs) {
    std::vector<llvm::Constant*> rows;
    for (const EntryProgram& program : programs) {
      const Result<llvm::Constant*> row = program_row(program);
      if (!row) return row.failure();
      rows.push_back(*row);
      if (!targets_.empty()) targets_ += ",";
      targets_ += label(*program.program);
      arena_bytes_ = std::max(arena_bytes_, program.program->arena_bytes);
    }
    emit_model(rows, weights_data_bytes(programs[0].program->constants));
    emit_queries();
    emit_lifetime();
    emit_run();
    return {};
  }

  llvm::Module& module() { return module_; }

 private:
  llvm::Constant* i32(int64_t value) { return llvm::ConstantInt::get(types_.i32, static_cast<uint64_t>(value), true); }
  llvm::Constant* i64(uint64_t value) { return llvm::ConstantInt::get(types_.i64, value); }
  llvm::Constant* i64(int64_t value) { return i64(static_cast<uint64_t>(value)); }
  llvm::Constant* null() { return llvm::ConstantPointerNull::get(types_.ptr); }

  llvm::GlobalVariable* global(llvm::Constant* value, const llvm::Twine& name) {
    return new llvm::GlobalVariable(module_, value->getType(), true, llvm::GlobalValue::PrivateLinkage, value, name);
  }

  llvm::Constant* text(std::string_view value) {
    llvm::GlobalVariable* variable =
        global(llvm::ConstantDataArray::getString(context_, llvm::StringRef(value.data(), value.size())), "text");
    variable->setUnnamedAddr(llvm::GlobalValue::UnnamedAddr::Global);
    variable->setAlignment(llvm::Align(1));
    return variable;
  }

  llvm::Constant* table(llvm::StructType* type, const std::vector<llvm::Constant*>& rows, const llvm::Twine& name) {
    if (rows.empty()) return null();
    return global(llvm::ConstantArray::get(llvm::ArrayType::get(type, rows.size()), rows), name);
  }

  llvm::Constant* operand_row(const rn_operand& o) {
    auto four = [&](std::span<const int32_t, RN_MAX_DIMS> values) {
      return llvm::ConstantArray::get(types_.four, {i32(values[0]), i32(values[1]), i32(values[2]), i32(values[3])});
    };
    return llvm::ConstantStruct::get(types_.operand, {i32(o.place), i32(o.port), i64(o.offset), i64(o.halo_bytes), i32(o.type_bits),
                                                      i32(o.dims), i32(o.planar), i32(o.is_signed), four(o.extent), four(o.stride)});
  }

  llvm::Constant* kernel_row(const ProgramTables::Kernel& kernel, const std::string& symbol) {
    const rn_halo& h = kernel.halo;
    llvm::Constant* halo =
        llvm::ConstantStruct::get(types_.halo, {i64(h.offset), i64(h.picture_bytes), i64(h.row_bytes), i64(h.pixel_bytes), i32(h.height),
                                                i32(h.width), i32(h.rows), i32(h.columns)});
    return llvm::ConstantStruct::get(
        types_.kernel, {text(kernel.name), declare(symbol, types_.i32, {types_.ptr}), i32(kernel.operand_count), i32(kernel.first_operand),
                        halo, llvm::ConstantFP::get(types_.f32, static_cast<double>(kernel.scale)), i32(kernel.zero)});
  }

  llvm::Constant* rule_row(const program::Program& program) {
    const Machine* known = find_machine(program.machine);
    const rn_cpu_rule rule = known != nullptr ? rule_of(*known) : rn_cpu_rule{};
    return llvm::ConstantStruct::get(types_.rule, {i32(rule.vendor), i32(rule.family), i64(rule.all), i64(rule.any), i64(rule.none)});
  }

  Result<llvm::Constant*> program_row(const EntryProgram& entry) {
    const Result<ProgramTables> tables = tables_of(*entry.program);
    if (!tables) return tables.failure();
    if (tables->kernels.size() != entry.symbols.size()) {
      return Failure{fmt::format("{} kernels, but {} symbols", tables->kernels.size(), entry.symbols.size()), Blame::bug};
    }
    int64_t scratch = 0;
    for (const program::Kernel& kernel : entry.program->kernels) {
      scratch = std::max(scratch, program::scratch_bytes(program::spec_of(*entry.program, kernel)));
    }
    std::vector<llvm::Constant*> kernels, operands;
    for (size_t k = 0; k < tables->kernels.size(); ++k) kernels.push_back(kernel_row(tables->kernels[k], entry.symbols[k]));
    for (const rn_operand& operand : tables->operands) operands.push_back(operand_row(operand));
    llvm::Constant* device = null();
    const Target& target = *entry.program->target;
    if (const std::string_view symbol = runtime_symbol(target.device); !symbol.empty()) {
      on_device_ = true;
      device = module_.getOrInsertGlobal(symbol, types_.ptr);
      llvm::cast<llvm::GlobalVariable>(device)->setVisibility(llvm::GlobalValue::HiddenVisibility);
    }
    return llvm::ConstantStruct::get(
        types_.program, {text(label(*entry.program)), i64(target.required()), device, i64(entry.program->arena_bytes), i64(scratch),
                         i32(static_cast<int64_t>(kernels.size())), i32(static_cast<int64_t>(operands.size())),
                         i32(entry.program->by_picture.yes ? 1 : 0), i32(entry.program->brief.yes ? 1 : 0),
                         table(types_.kernel, kernels, "kernels"), table(types_.operand, operands, "operands"), rule_row(*entry.program)});
  }

  llvm::Constant* port_row(const Port& port) { return llvm::ConstantStruct::get(types_.port, {text(port.name), i64(port.picture_bytes)}); }

  void emit_model(const std::vector<llvm::Constant*>& programs, int64_t weights_bytes) {
    llvm::Constant* embedded = null();
    if (!options_.embedded.empty()) {
      llvm::StringRef bytes(options_.embedded.data(), options_.embedded.size());
      llvm::GlobalVariable* variable = global(llvm::ConstantDataArray::getString(context_, bytes, false), "weights");
      variable->setAlignment(llvm::Align(64));
      variable->setSection(".rodata.resnetc.weights");
      embedded = variable;
    }
    std::vector<llvm::Constant*> outputs;
    for (const Port& port : options_.interface.outputs) outputs.push_back(port_row(port));
    model_ = global(
        llvm::ConstantStruct::get(types_.model, {i32(RN_MODEL_VERSION), i32(RN_WEIGHTS_VERSION), text(options_.interface.name),
                                                 i64(options_.recipe_hash), i64(options_.content_hash), i64(weights_bytes), embedded,
                                                 i64(static_cast<uint64_t>(options_.embedded.size())), port_row(options_.interface.input),
                                                 i32(static_cast<int64_t>(outputs.size())), i32(static_cast<int64_t>(programs.size())),
                                                 table(types_.port, outputs, "outputs"), table(types_.program, programs, "programs")}),
        "model");
  }

  llvm::Function* declare(const std::string& name, llvm::Type* result, llvm::ArrayRef<llvm::Type*> arguments) {
    if (llvm::Function* known = module_.getFunction(name)) return known;
    llvm::Function* function =
        llvm::Function::Create(llvm::FunctionType::get(result, arguments, false), llvm::Function::ExternalLinkage, name, module_);
    function->setVisibility(llvm::GlobalValue::HiddenVisibility);
    return function;
  }

  /// Begins a function of the C interface and puts the builder into its body.
  llvm::Function* begin(const std::string& suffix, llvm::Type* result, llvm::ArrayRef<llvm::Type*> arguments) {
    llvm::Function* function = llvm::Function::Create(llvm::FunctionType::get(result, arguments, false), llvm::Function::ExternalLinkage,
                                                      options_.interface.name + "_" + suffix, module_);
    function->addFnAttr(llvm::Attribute::NoUnwind);
    builder_.SetInsertPoint(llvm::BasicBlock::Create(context_, "", function));
    return function;
  }

  void constant_function(const std::string& suffix, llvm::Constant* value) {
    begin(suffix, value->getType(), {});
    builder_.CreateRet(value);
  }

  /// Makes a function that passes its arguments, after `first`, to a function of the runtime.
  void forward(const std::string& suffix, const std::string& to, llvm::Type* result, const std::vector<llvm::Type*>& arguments,
               llvm::Value* first = nullptr) {
    llvm::Function* function = begin(suffix, result, arguments);
    std::vector<llvm::Type*> types = arguments;
    std::vector<llvm::Value*> values;
    for (llvm::Argument& argument : function->args()) values.push_back(&argument);
    if (first != nullptr) {
      types.insert(types.begin(), first->getType());
      values.insert(values.begin(), first);
    }
    llvm::CallInst* call = builder_.CreateCall(declare(to, result, types), values);
    call->setTailCall();
    if (result->isVoidTy()) {
      builder_.CreateRetVoid();
    } else {
      builder_.CreateRet(call);
    }
  }

  void emit_queries() {
    constant_function("abi_version", i32(RN_ABI_VERSION));
    constant_function("input_bytes", i64(options_.interface.input.picture_bytes));
    for (const Port& port : options_.interface.outputs) constant_function("output_bytes_" + port.c_name, i64(port.picture_bytes));
    constant_function("targets", text(targets_));

    llvm::Function* arena = begin("arena_bytes", types_.i64, {types_.i32});
    llvm::Value* batch = builder_.CreateSExt(arena->getArg(0), types_.i64);
    llvm::Value* bytes = builder_.CreateMul(batch, i64(arena_bytes_));
    builder_.CreateRet(builder_.CreateSelect(builder_.CreateICmpSGT(batch, i64(int64_t{0})), bytes, i64(int64_t{0})));

    llvm::StringRef json(options_.manifest.data(), options_.manifest.size());
    llvm::GlobalVariable* manifest = global(llvm::ConstantDataArray::getString(context_, json), "manifest");
    manifest->setSection(".resnetc");
    manifest->setAlignment(llvm::Align(1));
    constant_function("manifest", manifest);
  }

  void emit_lifetime() {
    forward("create", "rn_create", types_.i32, {types_.ptr, types_.i64, types_.ptr, types_.ptr}, model_);
    forward("destroy", "rn_destroy", types_.none, {types_.ptr});
    forward("status_string", "rn_status_string", types_.ptr, {types_.i32});
    forward("selected_target", "rn_selected_target", types_.ptr, {types_.ptr});
    forward("thread_count", "rn_thread_count", types_.i32, {types_.ptr});
    forward("set_observer", "rn_set_observer", types_.none, {types_.ptr, types_.ptr, types_.ptr});
  }

  void emit_run() {
    const std::vector<llvm::Type*> run_arguments = {types_.ptr, types_.ptr, types_.i64, types_.ptr, types_.ptr, types_.i32};
    forward("run_outputs", "rn_run", types_.i32, run_arguments);
    emit_run_with("run", "rn_run", false);
    if (on_device_) emit_run_with("run_device", "rn_run_device", true);
  }

  /// Makes the function that has an argument for each output. With `stream`, the stream is the argument before the batch.
  void emit_run_with(const std::string& suffix, const std::string& to, bool stream) {
    const size_t count = options_.interface.outputs.size();
    std::vector<llvm::Type*> arguments = {types_.ptr, types_.ptr, types_.i64};
    for (size_t i = 0; i < count; ++i) arguments.insert(arguments.end(), {types_.ptr, types_.i64});
    if (stream) arguments.push_back(types_.ptr);
    arguments.push_back(types_.i32);
    llvm::Function* run = begin(suffix, types_.i32, arguments);
    llvm::Value* outputs = builder_.CreateAlloca(llvm::ArrayType::get(types_.ptr, count));
    llvm::Value* bytes = builder_.CreateAlloca(llvm::ArrayType::get(types_.i64, count));
    for (unsigned i = 0; i < count; ++i) {
      builder_.CreateStore(run->getArg(3 + 2 * i), builder_.CreateConstInBoundsGEP1_64(types_.ptr, outputs, i));
      builder_.CreateStore(run->getArg(4 + 2 * i), builder_.CreateConstInBoundsGEP1_64(types_.i64, bytes, i));
    }
    std::vector<llvm::Value*> values = {run->getArg(0), run->getArg(1), run->getArg(2), outputs, bytes};
    unsigned next = static_cast<unsigned>(3 + 2 * count);
    if (stream) {
      values.push_back(builder_.CreateAlloca(types_.ptr));
      builder_.CreateStore(run->getArg(next++), values.back());
    }
    values.push_back(run->getArg(next));
    std::vector<llvm::Type*> types;
    for (const llvm::Value* value : values) types.push_back(value->getType());
    builder_.CreateRet(builder_.CreateCall(declare(to, types_.i32, types), values));
  }

  const EntryOptions& options_;
  llvm::LLVMContext context_;
  llvm::Module module_;
  Types types_;
  llvm::IRBuilder<> builder_;
  llvm::GlobalVariable* model_ = nullptr;
  std::string targets_;
  int64_t arena_bytes_ = 0;
  bool on_device_ = false;
};

}  // namespace

Result<std::string> emit_entry(std::span<const EntryProgram> programs, const EntryOptions& options) {
  if (programs.empty()) return Failure{"no program"};
  const Result<std::unique_ptr<llvm::TargetMachine>> machine = baseline_machine(programs[0].program->target->architecture);
  if (!machine) return machine.failure();
  Emitter emitter(options, **machine);
  if (const Result<> emitted = emitter.emit(programs); !emitted) return emitted.failure();
  return emit_object(emitter.module(), **machine);
}

std::optional<std::string> check_table_layout(Architecture architecture) {
  const Result<std::unique_ptr<llvm::TargetMachine>> machine = baseline_machine(architecture);
  if (!machine) return machine.failure().text;
  std::string fault;
  llvm::LLVMContext context;
  const Types types(context);
  const llvm::DataLayout layout = (*machine)->createDataLayout();
  const auto differs = [&](const char* name, llvm::StructType* type, size_t size, const std::vector<size_t>& offsets) {
    const llvm::StructLayout* actual = layout.getStructLayout(type);
    if (actual->getSizeInBytes() != size || type->getNumElements() != offsets.size()) fault = fmt::format("size of {}", name);
    for (unsigned i = 0; i < type->getNumElements() && i < offsets.size(); ++i) {
      if (actual->getElementOffset(i) != offsets[i]) fault = fmt::format("{}, field {}", name, i);
    }
  };
#define AT(type, field) offsetof(type, field)
  differs("rn_operand", types.operand, sizeof(rn_operand),
          {AT(rn_operand, place), AT(rn_operand, port), AT(rn_operand, offset), AT(rn_operand, halo_bytes), AT(rn_operand, type_bits),
           AT(rn_operand, dims), AT(rn_operand, planar), AT(rn_operand, is_signed), AT(rn_operand, extent), AT(rn_operand, stride)});
  differs("rn_halo", types.halo, sizeof(rn_halo),
          {AT(rn_halo, offset), AT(rn_halo, picture_bytes), AT(rn_halo, row_bytes), AT(rn_halo, pixel_bytes), AT(rn_halo, height),
           AT(rn_halo, width), AT(rn_halo, rows), AT(rn_halo, columns)});
  differs("rn_kernel", types.kernel, sizeof(rn_kernel),
          {AT(rn_kernel, name), AT(rn_kernel, function), AT(rn_kernel, operand_count), AT(rn_kernel, first_operand), AT(rn_kernel, halo),
           AT(rn_kernel, scale), AT(rn_kernel, zero)});
  differs("rn_program", types.program, sizeof(rn_program),
          {AT(rn_program, label), AT(rn_program, features), AT(rn_program, device), AT(rn_program, arena_bytes),
           AT(rn_program, scratch_bytes), AT(rn_program, kernel_count), AT(rn_program, operand_count), AT(rn_program, by_picture),
           AT(rn_program, brief), AT(rn_program, kernels), AT(rn_program, operands), AT(rn_program, rule)});
  differs("rn_cpu_rule", types.rule, sizeof(rn_cpu_rule),
          {AT(rn_cpu_rule, vendor), AT(rn_cpu_rule, family), AT(rn_cpu_rule, all), AT(rn_cpu_rule, any), AT(rn_cpu_rule, none)});
  differs("rn_port", types.port, sizeof(rn_port), {AT(rn_port, name), AT(rn_port, picture_bytes)});
  differs("rn_model", types.model, sizeof(rn_model),
          {AT(rn_model, version), AT(rn_model, weights_version), AT(rn_model, name), AT(rn_model, recipe_hash), AT(rn_model, content_hash),
           AT(rn_model, weights_bytes), AT(rn_model, embedded), AT(rn_model, embedded_bytes), AT(rn_model, input),
           AT(rn_model, output_count), AT(rn_model, program_count), AT(rn_model, outputs), AT(rn_model, programs)});
#undef AT
  if (fault.empty()) return std::nullopt;
  return fault;
}

}  // namespace resnetc::codegen
