# Warnings of our own targets, as an interface target so that consumers do not inherit them. -Werror is a preset's choice.
add_library(sinefield_warnings INTERFACE)
target_compile_options(sinefield_warnings INTERFACE -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wnon-virtual-dtor)
