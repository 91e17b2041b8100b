# Compiles runtime/*.c and runtime/ARCHITECTURE/*.c, for each architecture, to relocatable objects: one for all products, and one for each
# device. resnetc carries their bytes (codegen/embedded_runtime.h declares them). They are never sanitized and never have the build's own flags,
# because they must not depend on how resnetc was built.
file(GLOB runtime_headers CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/runtime/*.h)
set(devices cuda)  # runtime/DEVICE.c
set(embed_dir ${CMAKE_CURRENT_BINARY_DIR}/embedded_runtime)

# The compiler's own list: each line's identifier and triple.
set(architectures_list ${PROJECT_SOURCE_DIR}/ir/architectures.def)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${architectures_list})
file(STRINGS ${architectures_list} architecture_lines REGEX "^ARCHITECTURE")
set(carried)
set(carried_objects)
foreach(line ${architecture_lines})
  string(REGEX MATCH "^ARCHITECTURE\\(([A-Za-z0-9_]+), [A-Za-z0-9_]+, \"[^\"]*\", \"([^\"]*)\"" found "${line}")
  if(NOT found)
    message(FATAL_ERROR "ir/architectures.def: this line is not as the others: ${line}")
  endif()
  set(architecture ${CMAKE_MATCH_1})
  set(triple ${CMAKE_MATCH_2})
  set(folder ${embed_dir}/${architecture})
  file(MAKE_DIRECTORY ${folder})
  file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/runtime/*.c ${PROJECT_SOURCE_DIR}/runtime/${architecture}/*.c)
  set(common_objects)
  foreach(source ${sources})
    get_filename_component(stem ${source} NAME_WE)
    set(object ${folder}/${stem}.o)
    add_custom_command(OUTPUT ${object}
      COMMAND ${CMAKE_C_COMPILER} --target=${triple} -std=c11 -O2 -fPIC -fvisibility=hidden -ffunction-sections -fdata-sections
              -fno-stack-protector -U_FORTIFY_SOURCE -D_GNU_SOURCE -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Werror
              -ffile-prefix-map=${PROJECT_SOURCE_DIR}/= -I${PROJECT_SOURCE_DIR} -isystem ${RESNETC_HALIDE_DIR}/include -c ${source} -o ${object}
      DEPENDS ${source} ${runtime_headers} VERBATIM)
    if(NOT stem IN_LIST devices)
      list(APPEND common_objects ${object})
    endif()
  endforeach()
  add_custom_command(OUTPUT ${folder}/runtime.o
    COMMAND ${LLVM_TOOLS_BINARY_DIR}/ld.lld -r -o ${folder}/runtime.o ${common_objects}
    DEPENDS ${common_objects} VERBATIM)
  foreach(name runtime ${devices})
    string(APPEND carried "    carry ${name} ${architecture}\n")
    list(APPEND carried_objects ${folder}/${name}.o)
  endforeach()
endforeach()

file(WRITE ${embed_dir}/embed.S.in "
    .section .rodata
    .macro carry name architecture
    .global resnetc_\\name\\()_\\architecture
    .global resnetc_\\name\\()_\\architecture\\()_end
    .balign 16
resnetc_\\name\\()_\\architecture:
    .incbin \"${embed_dir}/\\architecture\\()/\\name\\().o\"
resnetc_\\name\\()_\\architecture\\()_end:
    .endm
${carried}    .section .note.GNU-stack,\"\",@progbits
")
configure_file(${embed_dir}/embed.S.in ${embed_dir}/embed.s COPYONLY)
add_custom_command(OUTPUT ${embed_dir}/embed.o
  COMMAND ${CMAKE_C_COMPILER} -c ${embed_dir}/embed.s -o ${embed_dir}/embed.o
  DEPENDS ${carried_objects} ${embed_dir}/embed.s VERBATIM)
add_library(resnetc_embedded_runtime STATIC ${embed_dir}/embed.o)
set_target_properties(resnetc_embedded_runtime PROPERTIES LINKER_LANGUAGE C)
