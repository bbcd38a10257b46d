# cellpost_test(gsm7 sms)  builds tests/unit/test_gsm7.c against the room(s) and cmocka, and registers it with ctest.
# cellpost_fuzz(pdu sms)   builds tests/fuzz/fuzz_pdu.c as a libFuzzer target when CELLPOST_FUZZ is on, else as a
#                          program that replays the files and folders it is given (so each corpus is a test too).
pkg_check_modules(CMOCKA REQUIRED IMPORTED_TARGET cmocka)
pkg_check_modules(JANSSON REQUIRED IMPORTED_TARGET jansson)
set(CELLPOST_TEST_DATA ${CMAKE_SOURCE_DIR}/tests)
# Seconds until a test is taken for hung. None waits for it: so long that a slow disk and busy neighbours are no fault.
set(CELLPOST_TEST_TIMEOUT 1500)

add_library(unsynced OBJECT ${CMAKE_SOURCE_DIR}/tests/unit/unsynced.c)

function(cellpost_test name)
  add_executable(test_${name} ${CMAKE_SOURCE_DIR}/tests/unit/test_${name}.c $<TARGET_OBJECTS:unsynced>)
  target_link_libraries(test_${name} PRIVATE ${ARGN} PkgConfig::CMOCKA PkgConfig::JANSSON)
  target_compile_definitions(test_${name} PRIVATE TEST_DATA="${CELLPOST_TEST_DATA}")
  add_test(NAME unit.${name} COMMAND test_${name})
  set_tests_properties(unit.${name} PROPERTIES TIMEOUT ${CELLPOST_TEST_TIMEOUT})
endfunction()

function(cellpost_fuzz name)
  add_executable(fuzz_${name} ${CMAKE_SOURCE_DIR}/tests/fuzz/fuzz_${name}.c)
  target_link_libraries(fuzz_${name} PRIVATE ${ARGN})
  if(CELLPOST_FUZZ)
    target_link_options(fuzz_${name} PRIVATE -fsanitize=fuzzer)
  else()
    target_sources(fuzz_${name} PRIVATE ${CMAKE_SOURCE_DIR}/tests/fuzz/replay.c)
    add_test(NAME corpus.${name} COMMAND fuzz_${name} ${CMAKE_SOURCE_DIR}/tests/fuzz/corpus/${name})
    set_tests_properties(corpus.${name} PROPERTIES TIMEOUT ${CELLPOST_TEST_TIMEOUT})
  endif()
endfunction()
