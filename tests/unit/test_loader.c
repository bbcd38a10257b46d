/* The tool that writes a part: its command's words, its output and its end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <errno.h>

#include "host/modem/loader.h"

static struct loop *loop;
static struct loader *loader;
static char output[4096];
static bool ended;
static int result;

static void on_line(void *arg, const char *text)
{
    size_t len = strlen(output);
    (void)arg;
    snprintf(output + len, sizeof output - len, "%s\n", text);
}

static void on_done(void *arg, int status)
{
    (void)arg;
    result = status;
    ended = true;
}

static const struct loader_ops ops = {on_line, on_done};

static int begin(const char *command, int64_t deadline_ms)
{
    output[0] = '\0';
    ended = false;
    loop = loop_new();
    return loader_run(&loader, loop, command, "/dev/the port", "/tmp/a file", deadline_ms, &ops, NULL);
}

static int run(const char *command)
{
    int status = begin(command, 60000);
    if (status == 0) {
        assert_true(loop_until(loop, &ended, 60000));
        status = result;
    }
    loop_free(loop);
    return status;
}

static void commands_are_checked(void **state)
{
    char many[128] = "%f";
    (void)state;
    assert_null(loader_check("avrdude -P %p -U flash:w:%f:r"));
    assert_null(loader_check("%f 100%%"));
    assert_non_null(loader_check(""));
    assert_non_null(loader_check("tool %p"));
    assert_non_null(loader_check("tool %f %"));
    assert_non_null(loader_check("tool %f %x"));
    for (size_t i = 2; i < 2 + 2 * 31; i += 2)
        memcpy(many + i, " x", 3);
    assert_null(loader_check(many));
    memcpy(many + 64, " x", 3);
    assert_non_null(loader_check(many));
}

/* No shell: blanks in a path are no word's end, a '$' or ';' means nothing. */
static void words_are_put_together(void **state)
{
    (void)state;
    assert_int_equal(run("  printf [%%s]\\n -P %p w:%f:r %% $HOME;ls"), 0);
    assert_string_equal(output, "[-P]\n[/dev/the port]\n[w:/tmp/a file:r]\n[%]\n[$HOME;ls]\n");
}

static void output_is_told_line_by_line(void **state)
{
    (void)state;
    assert_int_equal(run("printf one\\rtwo\\r\\n\\nthree"), 0);
    assert_string_equal(output, "one\ntwo\nthree\n");
    assert_int_equal(run("ls /there/is/nothing"), 2);
    assert_non_null(strstr(output, "/there/is/nothing"));
    assert_int_equal(run("printf %%0300d 7"), 0);
    assert_int_equal(strlen(output), 201);
    assert_int_equal(run("head -c 20000 /dev/zero"), 0); /* no text, no line end */
}

static void ends_are_told_apart(void **state)
{
    (void)state;
    assert_int_equal(run("false"), 1);
    assert_int_equal(run("there-is-no-such-tool %f"), -ENOENT);
    assert_int_equal(run(""), -ENOENT);
    assert_int_equal(run("timeout -s KILL 0.1 sleep 60"), -EINTR); /* its group is the tool's */
    assert_int_equal(begin("sleep 60", 50), 0);
    assert_true(loop_until(loop, &ended, 60000));
    assert_int_equal(result, -ETIMEDOUT);
    loop_free(loop);
}

/* What holds neither the tool's descriptors nor its children's may outlive it. */
static void nothing_outlives_it(void **state)
{
    (void)state;
    assert_int_equal(run("ls -l /proc/self/fd"), 0);
    assert_null(strstr(output, " 5 ->")); /* 0, 1, 2 and the folder itself */
    assert_null(strstr(output, "anon_inode"));
    assert_int_equal(begin("sleep 60", 20000), 0);
    loader_free(loader);
    loop_turn(loop, 0);
    assert_false(ended);
    loop_free(loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(commands_are_checked), cmocka_unit_test(words_are_put_together),
        cmocka_unit_test(output_is_told_line_by_line), cmocka_unit_test(ends_are_told_apart),
        cmocka_unit_test(nothing_outlives_it)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
