# What the images of all boards have in common; included by a board's own tree only (CELLPOST_BOARD).
#
# cellpost_image(NAME SLOTS n SOURCES ... CHECK ...): the image NAME.elf of the firmware and the board's sources, in the root of
# the build tree. After the link scripts/image prints its sizes and its worst stack and fails above the bounds in CHECK.
include(${CMAKE_SOURCE_DIR}/firmware/sources.cmake)
find_package(Python3 REQUIRED COMPONENTS Interpreter)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR})
set(CMAKE_C_FLAGS_RELWITHDEBINFO "-Os -g")

function(cellpost_image name)
  cmake_parse_arguments(IMAGE "" "SLOTS" "SOURCES;CHECK" ${ARGN})
  list(TRANSFORM FIRMWARE_SOURCES PREPEND ${CMAKE_SOURCE_DIR}/firmware/)
  list(TRANSFORM FIRMWARE_SHARED_SOURCES PREPEND ${CMAKE_SOURCE_DIR}/firmware/)
  add_executable(${name}.elf ${IMAGE_SOURCES} ${FIRMWARE_SOURCES} ${FIRMWARE_SHARED_SOURCES})
  target_include_directories(${name}.elf PRIVATE ${CMAKE_SOURCE_DIR})
  target_compile_definitions(${name}.elf PRIVATE FIRMWARE_SLOTS=${IMAGE_SLOTS})
  target_compile_options(${name}.elf PRIVATE ${CELLPOST_WARNINGS} -Wconversion -ffunction-sections -fdata-sections
                         -fno-common -fstack-usage)
  target_link_options(${name}.elf PRIVATE -Wl,--gc-sections)
  add_custom_command(TARGET ${name}.elf POST_BUILD VERBATIM
    COMMAND Python3::Interpreter ${CMAKE_SOURCE_DIR}/scripts/image --objdump ${CMAKE_OBJDUMP} --frames ${CMAKE_CURRENT_BINARY_DIR}
            ${IMAGE_CHECK} $<TARGET_FILE:${name}.elf>)
endfunction()
