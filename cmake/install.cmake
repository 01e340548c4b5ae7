# `cmake --install`: headers, libraries, the command and the package files for find_package(sinefield).
include(CMakePackageConfigHelpers)

install(DIRECTORY include/sinefield TYPE INCLUDE)
install(TARGETS sinefield sinefield_pictures sinefield_media sinefield_warnings EXPORT sinefield_targets)
install(EXPORT sinefield_targets NAMESPACE sinefield:: DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/sinefield
        FILE sinefield-targets.cmake)
configure_package_config_file(cmake/sinefield-config.cmake.in ${PROJECT_BINARY_DIR}/sinefield-config.cmake
                              INSTALL_DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/sinefield)
write_basic_package_version_file(${PROJECT_BINARY_DIR}/sinefield-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/sinefield-config.cmake ${PROJECT_BINARY_DIR}/sinefield-config-version.cmake
        DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/sinefield)
