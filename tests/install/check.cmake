# Installs a build into an empty prefix, builds the consumer against it, runs both programs from there.
#   cmake -D build=DIR -D work=DIR -D compiler=CXX -D flags=CXXFLAGS -P check.cmake
# SPDX-License-Identifier: MIT
cmake_minimum_required(VERSION 3.25)

function(run)
  execute_process(COMMAND ${ARGV} RESULT_VARIABLE code OUTPUT_VARIABLE output ERROR_VARIABLE output)
  if(NOT code EQUAL 0)
    list(JOIN ARGV " " command)
    string(REPLACE "\n" "\n  " output "${output}")  # indented lines are shown as they are
    message(FATAL_ERROR "${command}: exit code ${code}\n  ${output}")
  endif()
  set(output "${output}" PARENT_SCOPE)
endfunction()

function(expect pattern)
  if(NOT output MATCHES "${pattern}")
    message(FATAL_ERROR "expected output that matches '${pattern}', got:\n${output}")
  endif()
endfunction()

file(REMOVE_RECURSE ${work})
run(${CMAKE_COMMAND} --install ${build} --prefix ${work}/prefix)
run(${CMAKE_COMMAND} -S ${CMAKE_CURRENT_LIST_DIR} -B ${work}/consumer -G Ninja -D CMAKE_PREFIX_PATH=${work}/prefix
    -D CMAKE_CXX_COMPILER=${compiler} "-D CMAKE_CXX_FLAGS=${flags}" -D CMAKE_BUILD_TYPE=Release)
run(${CMAKE_COMMAND} --build ${work}/consumer)
run(${work}/consumer/consumer ${work}/picture.png)
expect("^value -?[0-9.]+ laplacian -?[0-9.]+\n$")
message(STATUS "consumer: ${output}")

# The installed command finds its codecs beside it, without the build folder.
run(${work}/prefix/bin/sinefield --version)
expect("^sinefield [0-9]+\\.[0-9]+\\.[0-9]+\n$")
run(${work}/prefix/bin/sinefield compare ${work}/picture.png ${work}/picture.png --json)
expect("\"ssim\":1")
file(REMOVE_RECURSE ${work})
