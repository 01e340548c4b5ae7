# Warnings of our own targets, as an interface target so that consumers do not inherit them. -Werror is a preset's choice.
# No sign-conversion: clang counts it into -Wconversion, g++ does not.
add_library(sinefield_warnings INTERFACE)
target_compile_options(sinefield_warnings INTERFACE -Wall -Wextra -Wpedantic -Wconversion -Wno-sign-conversion -Wshadow
                                                    -Wnon-virtual-dtor)
