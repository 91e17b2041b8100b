# Compiles runtime/*.c to relocatable objects: one for all products, and one for each device. resnetc carries their bytes (codegen/embedded_runtime.h
# declares them). They are never sanitized and never have the build's own flags, because they must not depend on how resnetc was built.
file(GLOB runtime_sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/runtime/*.c)
file(GLOB runtime_headers CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/runtime/*.h)
set(runtime_objects)
set(devices cuda)  # runtime/DEVICE.c
set(embed_dir ${CMAKE_CURRENT_BINARY_DIR}/embedded_runtime)
file(MAKE_DIRECTORY ${embed_dir})
foreach(source ${runtime_sources})
  get_filename_component(stem ${source} NAME_WE)
  set(object ${embed_dir}/${stem}.o)
  add_custom_command(OUTPUT ${object}
    COMMAND ${CMAKE_C_COMPILER} -std=c11 -O2 -fPIC -fvisibility=hidden -ffunction-sections -fdata-sections -fno-stack-protector -U_FORTIFY_SOURCE
            -D_GNU_SOURCE -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Werror -ffile-prefix-map=${PROJECT_SOURCE_DIR}/= -I${PROJECT_SOURCE_DIR}
            -isystem ${RESNETC_HALIDE_DIR}/include -c ${source} -o ${object}
    DEPENDS ${source} ${runtime_headers} VERBATIM)
  if(NOT stem IN_LIST devices)
    list(APPEND runtime_objects ${object})
  endif()
endforeach()
add_custom_command(OUTPUT ${embed_dir}/runtime.o
  COMMAND ${LLVM_TOOLS_BINARY_DIR}/ld.lld -r -o ${embed_dir}/runtime.o ${runtime_objects}
  DEPENDS ${runtime_objects} VERBATIM)
file(WRITE ${embed_dir}/embed.S.in "
    .section .rodata
    .macro carry name
    .global resnetc_\\name\\()_object
    .global resnetc_\\name\\()_object_end
    .balign 16
resnetc_\\name\\()_object:
    .incbin \"${embed_dir}/\\name\\().o\"
resnetc_\\name\\()_object_end:
    .endm
    carry runtime
    carry cuda
    .section .note.GNU-stack,\"\",@progbits
")
configure_file(${embed_dir}/embed.S.in ${embed_dir}/embed.s COPYONLY)
add_custom_command(OUTPUT ${embed_dir}/embed.o
  COMMAND ${CMAKE_C_COMPILER} -c ${embed_dir}/embed.s -o ${embed_dir}/embed.o
  DEPENDS ${embed_dir}/runtime.o ${embed_dir}/cuda.o ${embed_dir}/embed.s VERBATIM)
add_library(resnetc_embedded_runtime STATIC ${embed_dir}/embed.o)
set_target_properties(resnetc_embedded_runtime PROPERTIES LINKER_LANGUAGE C)
