# What the images of all boards have in common; included by a board's own tree only (CELLPOST_BOARD).
#
# cellpost_image(NAME SLOTS n SOURCES ... CHECK ...): the image NAME.elf of the firmware and the board's sources, in the root of
# the build tree. After the link scripts/image prints its sizes and its worst stack and fails above the bounds in CHECK.
#
# cellpost_image_file(NAME BOARD VERSION BEGIN [OBJCOPY-OPTION...]): NAME.img of NAME.elf beside it, for `cellpost board NAME flash`: the
# program with the header of firmware/image.h BEGIN octets before it. FIRMWARE_VERSION is that of firmware/board.h, as MAJOR.MINOR.
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

file(STRINGS ${CMAKE_SOURCE_DIR}/firmware/board.h version REGEX "^#define FIRMWARE_VERSION ")
string(REGEX REPLACE ".*(0x[0-9A-Fa-f]+).*" "\\1" FIRMWARE_VERSION_NUMBER "${version}")
math(EXPR major "${FIRMWARE_VERSION_NUMBER} / 256")
math(EXPR minor "${FIRMWARE_VERSION_NUMBER} % 256")
set(FIRMWARE_VERSION ${major}.${minor})

# Of the machine that builds.
set(IMAGE_MAKE ${CMAKE_BINARY_DIR}/image-make)
set(sources ${CMAKE_SOURCE_DIR}/boards/image_make.c ${CMAKE_SOURCE_DIR}/firmware/image.c)
add_custom_command(OUTPUT ${IMAGE_MAKE} COMMAND cc -O -I${CMAKE_SOURCE_DIR} -o ${IMAGE_MAKE} ${sources}
  DEPENDS ${sources} ${CMAKE_SOURCE_DIR}/firmware/image.h VERBATIM)
add_custom_target(image-maker DEPENDS ${IMAGE_MAKE})

function(cellpost_image_file name board version begin)
  set(image ${CMAKE_BINARY_DIR}/${name}.img)
  add_custom_command(OUTPUT ${image}
    COMMAND ${CMAKE_OBJCOPY} -O binary ${ARGN} $<TARGET_FILE:${name}.elf> ${image}.program
    COMMAND ${IMAGE_MAKE} ${board} ${version} ${begin} ${image}.program ${image}
    BYPRODUCTS ${image}.program DEPENDS ${name}.elf image-maker VERBATIM)
  add_custom_target(${name}-image ALL DEPENDS ${image})
endfunction()
