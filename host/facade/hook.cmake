# What proves the hooks; the library itself stands in CMakeLists.txt.
foreach(test twiml hook_url hook hook_retry hook_inbound hook_application hook_request hook_breaker hook_down hook_notice
             hook_refused hook_changes)
  cellpost_test(${test} hook)
endforeach()
cellpost_fuzz(twiml hook)
cellpost_fuzz(hook_url hook)
cellpost_fuzz(hook_notice hook)
