# The id of the code that makes kernels, which is part of each key of the kernel cache (codegen/kernel_cache.h): a hash of the archives of
# support, ir and codegen. All programs of one build have the same id, so they share kernels, and a program that only is linked anew finds
# those of before. With an OUTPUT, this file is the script that writes the id's source.
if(CMAKE_SCRIPT_MODE_FILE)
  set(hashes)
  foreach(archive ${ARCHIVES})
    file(SHA256 ${archive} hash)
    string(APPEND hashes ${hash})
  endforeach()
  string(SHA256 id ${hashes})
  file(WRITE ${OUTPUT} "#include \"codegen/kernel_cache.h\"\n"
    "std::string_view resnetc::codegen::compiler_build_id() { return \"${id}\"; }\n")
  return()
endif()

set(hashed resnetc_support resnetc_ir resnetc_codegen)
list(TRANSFORM hashed REPLACE "(.+)" "$<TARGET_FILE:\\1>" OUTPUT_VARIABLE archives)
set(source ${CMAKE_CURRENT_BINARY_DIR}/build_id.cpp)
add_custom_command(OUTPUT ${source}
  COMMAND ${CMAKE_COMMAND} "-DARCHIVES=${archives}" -DOUTPUT=${source} -P ${CMAKE_CURRENT_LIST_FILE}
  DEPENDS ${hashed} ${CMAKE_CURRENT_LIST_FILE} VERBATIM)
add_library(resnetc_build_id STATIC ${source})
# Of those that link resnetc_codegen, not of itself: the id is made after its archive.
target_link_libraries(resnetc_codegen INTERFACE resnetc_build_id)
