/* First start and its credentials, seeding and reload, look-ups, changes that are durable before they are
 * seen, SIMs. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "host/base/log.h"
#include "host/directory/directory.h"
#include "powerfail_vfs.h"
#include "store_rig.h"

static struct rig rig;
static struct directory *directory;
static struct conf *conf;
static char error[256];

#define SID   "AC00112233445566778899aabbccddeeff"
#define TOKEN "ffeeddccbbaa99887766554433221100"

static void fail_conf(void *arg, const char *file, int line, const char *message)
{
    (void)arg;
    fail_msg("%s:%d: %s", file, line, message);
}

static void configure(const char *daemon, const char *rest)
{
    char text[4096];
    int len = snprintf(text, sizeof text, "[daemon]\ndata_dir = %s\n%s\n%s", rig.dir, daemon, rest);
    conf_free(conf);
    conf = conf_parse("test.conf", text, (size_t)len, fail_conf, NULL);
    assert_non_null(conf);
}

static const char two_lines[] =
    "[line ward]\ncarrier = loopback\nnumber = +41790000001\nsms_url = http://a.test/in\n"
    "[line stock]\ncarrier = loopback\n"
    "[service alerts]\nlines = ward, stock\nvalidity = 10m\nsmart_encoding = yes\n";

static void close_all(void)
{
    rig_close(&rig);
    directory_close(directory);
    directory = NULL;
}

static int open_status(void)
{
    if (rig.store == NULL)
        assert_int_equal(rig_open(&rig), 0);
    return directory_open(&directory, rig.store, conf, error);
}

static void open_all(void)
{
    if (open_status() != 0)
        fail_msg("%s", error);
}

static int setup(void **state)
{
    (void)state;
    powerfail_reset();
    rig_init(&rig);
    configure("", two_lines);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    powerfail_full(false);
    close_all();
    rig_fini(&rig);
    conf_free(conf);
    conf = NULL;
    return 0;
}

static char *in_dir(const char *name, char out[160])
{
    snprintf(out, 160, "%s/%s", rig.dir, name);
    return out;
}

static void file_text(const char *name, char *out, size_t size)
{
    char path[160];
    int fd = open(in_dir(name, path), O_RDONLY);
    assert_true(fd >= 0);
    ssize_t got = read(fd, out, size - 1);
    close(fd);
    out[got > 0 ? got : 0] = '\0';
}

static const struct account *first_account(void)
{
    return directory_account_at(directory, 0);
}

/* ---- first start ---- */

static void assert_private(const char *name)
{
    char path[160];
    struct stat st;
    assert_int_equal(stat(in_dir(name, path), &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
}

static void test_first_start_makes_an_account(void **state)
{
    char sid[SID_TEXT], text[256], expected[256];
    (void)state;
    open_all();
    const struct account *account = first_account();
    assert_non_null(account);
    assert_null(directory_account_at(directory, 1));
    assert_int_equal(strlen(account->token), 32);
    assert_int_equal(account->status, ACCOUNT_ACTIVE);
    sid_format(&account->sid, "AC", sid);
    snprintf(expected, sizeof expected, "account_sid = %s\nauth_token = %s\n", sid, account->token);
    file_text("credentials", text, sizeof text);
    assert_string_equal(text, expected);
    assert_private("credentials");
    assert_private("key");
    assert_ptr_equal(directory_account_by_sid(directory, &account->sid), account);
    assert_ptr_equal(directory_account(directory, account->id), account);
}

static void test_second_start_keeps_it(void **state)
{
    char before[256], after[256], path[160];
    (void)state;
    open_all();
    file_text("credentials", before, sizeof before);
    close_all();
    open_all();
    file_text("credentials", after, sizeof after);
    assert_string_equal(before, after);
    assert_non_null(strstr(before, first_account()->token));
    close_all();
    unlink(in_dir("credentials", path)); /* once read, an operator may remove it */
    open_all();
    assert_int_not_equal(access(path, F_OK), 0);
}

static void test_token_is_sealed_in_the_database(void **state)
{
    char path[160];
    static char bytes[1 << 20];
    (void)state;
    configure("account_sid = " SID "\nauth_token = " TOKEN, two_lines);
    open_all();
    assert_string_equal(first_account()->token, TOKEN);
    close_all();
    int fd = open(rig_path(&rig, "", path), O_RDONLY);
    ssize_t len = read(fd, bytes, sizeof bytes);
    close(fd);
    assert_true(len > 4096);
    assert_null(memmem(bytes, (size_t)len, TOKEN, 32));
}

static void test_configured_account(void **state)
{
    char sid[SID_TEXT];
    (void)state;
    configure("account_sid = " SID "\nauth_token = " TOKEN, two_lines);
    open_all();
    sid_format(&first_account()->sid, "AC", sid);
    assert_string_equal(sid, SID);
    close_all();
    configure("account_sid = AC99112233445566778899aabbccddeeff\nauth_token = " TOKEN, two_lines);
    assert_int_equal(open_status(), -EINVAL);
    assert_non_null(strstr(error, "account_sid: this database has other accounts and no AC99"));
}

static void test_lost_key_is_not_replaced(void **state)
{
    char path[160];
    (void)state;
    open_all();
    close_all();
    unlink(in_dir("key", path));
    assert_int_equal(open_status(), -ENOENT);
    assert_non_null(strstr(error, "/key: the key of the auth tokens is missing"));
    assert_int_not_equal(access(path, F_OK), 0);
}

static void key_write(const char *text)
{
    char path[160];
    FILE *file = fopen(in_dir("key", path), "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void test_wrong_key_is_named(void **state)
{
    (void)state;
    open_all();
    close_all();
    key_write("0000000000000000000000000000000000000000000000000000000000000000\n");
    assert_int_equal(open_status(), -EBADMSG);
    assert_non_null(strstr(error, "does not open the auth tokens"));
    rig_close(&rig);
    key_write("no key at all\n");
    assert_int_equal(open_status(), -EINVAL);
    assert_non_null(strstr(error, "64 hex digits"));
}

static void test_full_disk_at_the_first_start(void **state)
{
    (void)state;
    rig.options.vfs = POWERFAIL_VFS;
    assert_int_equal(rig_open(&rig), 0);
    powerfail_full(true);
    assert_int_equal(open_status(), -ENOSPC);
    assert_non_null(strstr(error, "the disk takes no more"));
    rig_close(&rig);
    powerfail_full(false);
    open_all(); /* and its credentials are those of the file */
    char text[256];
    file_text("credentials", text, sizeof text);
    assert_non_null(strstr(text, first_account()->token));
}

/* ---- seeding ---- */

static void test_lines_and_services_are_seeded(void **state)
{
    (void)state;
    open_all();
    const struct line *ward = directory_line_by_name(directory, "ward");
    const struct line *stock = directory_line_by_name(directory, "stock");
    assert_true(ward != NULL && stock != NULL && ward->configured);
    assert_string_equal(ward->number, "+41790000001");
    assert_string_equal(ward->sms_url, "http://a.test/in");
    assert_string_equal(ward->sms_method, "POST");
    assert_string_equal(ward->status_callback, "");
    assert_string_equal(ward->friendly_name, "ward");
    assert_string_equal(stock->number, "");
    assert_int_equal(ward->account_id, first_account()->id);
    assert_ptr_equal(directory_line_by_number(directory, "+41790000001"), ward);
    assert_null(directory_line_by_number(directory, ""));
    const struct service *alerts = directory_service_at(directory, 0, 0);
    assert_string_equal(alerts->name, "alerts");
    assert_int_equal(alerts->validity_s, 600);
    assert_true(alerts->smart_encoding && !alerts->use_inbound_webhook_on_number);
    assert_int_equal(alerts->line_count, 2);
    assert_ptr_equal(directory_service_of_line(directory, stock->id), alerts);
    assert_null(directory_service_of_line(directory, 999));
    assert_ptr_equal(directory_service_by_sid(directory, &alerts->sid), alerts);
    assert_ptr_equal(directory_service(directory, alerts->id), alerts);
}

static void test_seeds_are_sown_once(void **state)
{
    (void)state;
    open_all();
    struct sid sid = directory_line_by_name(directory, "ward")->sid;
    close_all();
    configure(
        "",
        "[line ward]\ncarrier = loopback\nsms_url = http://other.test/\n[line third]\ncarrier = loopback\n");
    open_all();
    const struct line *ward = directory_line_by_name(directory, "ward");
    assert_memory_equal(&ward->sid, &sid, sizeof sid);
    assert_string_equal(ward->sms_url, "http://a.test/in");
    assert_string_equal(ward->number, "+41790000001"); /* an empty option says nothing */
    assert_false(directory_line_by_name(directory, "stock")->configured);
    assert_true(directory_line_by_name(directory, "third")->configured);
    assert_non_null(directory_service_at(directory, 0, 0));
}

static void test_reload_adds_and_corrects(void **state)
{
    (void)state;
    open_all();
    configure("", "[line ward]\ncarrier = loopback\nnumber = +41790000007\n"
                  "[line new]\ncarrier = loopback\nnumber = +41790000001\n");
    assert_int_equal(directory_reload(directory, conf, error), 0);
    assert_string_equal(directory_line_by_name(directory, "ward")->number, "+41790000007");
    assert_string_equal(directory_line_by_number(directory, "+41790000001")->name, "new");
    assert_false(directory_line_by_name(directory, "stock")->configured);
}

static void test_number_of_history_gives_way(void **state)
{
    (void)state;
    open_all();
    configure("", "[line renamed]\ncarrier = loopback\nnumber = +41790000001\n");
    assert_int_equal(directory_reload(directory, conf, error), 0);
    assert_string_equal(directory_line_by_number(directory, "+41790000001")->name, "renamed");
}

#define POOL_A "[line a]\ncarrier = loopback\n"
#define POOL_B "[line b]\ncarrier = loopback\n"
#define MG     "MG00112233445566778899aabbccddeeff"

static void reload(const char *rest)
{
    configure("", rest);
    if (directory_reload(directory, conf, error) != 0)
        fail_msg("%s", error);
}

static void test_service_follows_the_configuration(void **state)
{
    (void)state;
    open_all();
    const struct service *alerts = directory_service_at(directory, 0, 0);
    struct sid sid = alerts->sid;
    int64_t id = alerts->id;
    reload("[line ward]\ncarrier = loopback\n[line third]\ncarrier = loopback\n[line stock]\ncarrier = "
           "loopback\n"
           "[service alerts]\nlines = third, ward\nvalidity = 1h\ninbound_request_url = http://a.test/s\n"
           "inbound_method = GET\nstatus_callback = http://a.test/c\nuse_inbound_webhook_on_number = yes\n");
    for (int start = 0; start < 2; start++) { /* and so it is in the database */
        alerts = directory_service(directory, id);
        assert_memory_equal(&alerts->sid, &sid, sizeof sid);
        assert_int_equal(alerts->validity_s, 3600);
        assert_string_equal(alerts->inbound_request_url, "http://a.test/s");
        assert_string_equal(alerts->inbound_method, "GET");
        assert_string_equal(alerts->status_callback, "http://a.test/c");
        assert_true(!alerts->smart_encoding && alerts->use_inbound_webhook_on_number);
        assert_int_equal(alerts->line_count, 2);
        assert_null(directory_service_of_line(directory, directory_line_by_name(directory, "stock")->id));
        assert_ptr_equal(directory_service_of_line(directory, directory_line_by_name(directory, "third")->id),
                         alerts);
        close_all();
        open_all();
    }
    assert_null(directory_service_at(directory, 0, 1));
}

static void test_service_that_left_is_history(void **state)
{
    (void)state;
    open_all();
    const struct service *alerts = directory_service_at(directory, 0, 0);
    struct sid sid = alerts->sid;
    int64_t id = alerts->id, ward = directory_line_by_name(directory, "ward")->id;
    reload("[line ward]\ncarrier = loopback\n[line stock]\ncarrier = loopback\n");
    assert_null(directory_service_by_sid(directory, &sid));
    assert_null(directory_service_of_line(directory, ward));
    assert_false(directory_service(directory, id)->configured);
    assert_int_equal(directory_service_at(directory, 0, 0)->line_count,
                     2); /* what waits in it still leaves */
    reload(two_lines);
    assert_int_equal(directory_service_by_sid(directory, &sid)->id, id);
    assert_true(directory_service(directory, id)->configured);
    assert_int_equal(directory_service_of_line(directory, ward)->id, id);
}

static void test_service_sid(void **state)
{
    char sid[SID_TEXT];
    (void)state;
    configure("", POOL_A "[service s]\nlines = a, a\nsid = " MG "\n");
    open_all();
    const struct service *s = directory_service_at(directory, 0, 0);
    sid_format(&s->sid, "MG", sid);
    assert_string_equal(sid, MG);
    assert_int_equal(s->line_count, 1);
    reload(POOL_A "[service s]\nlines = a\n"); /* an empty option says nothing of the row */
    sid_format(&s->sid, "MG", sid);
    assert_string_equal(sid, MG);
    configure("", POOL_A POOL_B "[service s]\nlines = a\n[service t]\nlines = a\nsid = " MG "\n");
    assert_int_equal(directory_reload(directory, conf, error), -EINVAL);
    assert_non_null(
        strstr(error, "test.conf:12: [service t]: sid is another service's: that of [service s]"));
    assert_null(directory_line_by_name(directory, "b")); /* checked before the first row is made */
    reload(POOL_A "[service t]\nlines = a\nsid = " MG "\n");
    assert_ptr_equal(directory_service_at(directory, 0, 0), s); /* renamed */
    assert_null(directory_service_at(directory, 0, 1));
    assert_string_equal(s->name, "t");
    assert_true(s->configured);
    reload(POOL_A "[service t]\nlines = a\nsid = MG10112233445566778899aabbccddeeff\n");
    sid_format(&s->sid, "MG", sid);
    assert_string_equal(sid, "MG10112233445566778899aabbccddeeff");
}

/* ---- what the API owns is told ---- */

static void reload_logged(const char *rest, char *out, size_t size)
{
    int fds[2];
    assert_int_equal(pipe(fds), 0);
    log_open(LOG_WARN, false, fds[1]);
    reload(rest);
    log_open(LOG_WARN, false, STDERR_FILENO);
    close(fds[1]);
    ssize_t got = read(fds[0], out, size - 1);
    out[got > 0 ? got : 0] = '\0';
    close(fds[0]);
}

static void test_ignored_options_are_told(void **state)
{
    char text[4096];
    (void)state;
    open_all();
    reload_logged(two_lines, text, sizeof text);
    assert_string_equal(text, "");
    reload_logged("[line ward]\ncarrier = loopback\nsms_method = GET\nsms_url = http://a.test/in\n"
                  "[line stock]\ncarrier = loopback\nstatus_callback = http://secret.test/\n",
                  text, sizeof text);
    assert_non_null(
        strstr(text, "event=line.option_ignored file=test.conf line=6 section=ward option=sms_method"));
    assert_non_null(strstr(text, "line=10 section=stock option=status_callback"));
    assert_non_null(strstr(text, "IncomingPhoneNumbers"));
    assert_null(strstr(text, "option=sms_url"));
    assert_null(strstr(text, "secret.test"));
}

static void test_reload_on_a_full_disk_is_refused(void **state)
{
    (void)state;
    rig.options.vfs = POWERFAIL_VFS;
    open_all();
    powerfail_full(true);
    configure("", "[line many]\ncarrier = loopback\n");
    assert_int_equal(directory_reload(directory, conf, error), -ENOSPC);
    assert_non_null(strstr(error, "the disk takes no more"));
    assert_int_equal(directory_reload(directory, conf, error), -ENOSPC);
    assert_true(directory_line_by_name(directory, "ward")->configured); /* the old configuration stands */
    configure("", two_lines);
    assert_int_equal(directory_reload(directory, conf, error), 0); /* it has nothing to write */
    configure("", "[line ward]\ncarrier = loopback\n[service alerts]\nlines = ward\n");
    assert_int_equal(directory_reload(directory, conf, error), -ENOSPC);
    assert_int_equal(directory_service_at(directory, 0, 0)->line_count, 2);
}

/* ---- lists ---- */

static void test_lists_are_newest_first(void **state)
{
    (void)state;
    open_all();
    assert_string_equal(directory_line_at(directory, 0, 0)->name, "stock");
    assert_string_equal(directory_line_at(directory, first_account()->id, 1)->name, "ward");
    assert_null(directory_line_at(directory, 0, 2));
    assert_null(directory_line_at(directory, 77, 0));
    assert_null(directory_service_at(directory, 77, 0));
    const struct line *ward = directory_line_by_name(directory, "ward");
    assert_ptr_equal(directory_line(directory, ward->id), ward);
    assert_ptr_equal(directory_line_by_sid(directory, &ward->sid), ward);
}

/* ---- changes ---- */

static int last_status;
static void on_durable(void *arg, int status)
{
    (void)arg;
    last_status = status;
}

static void test_line_update(void **state)
{
    (void)state;
    open_all();
    int64_t id = directory_line_by_name(directory, "ward")->id;
    struct line_update update = {
        .friendly_name = "Ward 3", .sms_url = "", .status_callback = "http://cb.test/"};
    last_status = 1;
    directory_line_update(directory, id, &update, on_durable, NULL);
    assert_string_equal(directory_line(directory, id)->friendly_name, "ward"); /* not durable yet */
    loop_turn(rig.loop, 0);
    assert_int_equal(last_status, 0);
    const struct line *line = directory_line(directory, id);
    assert_string_equal(line->friendly_name, "Ward 3");
    assert_string_equal(line->sms_url, "");
    assert_string_equal(line->sms_method, "POST");
    assert_string_equal(line->status_callback, "http://cb.test/");
    assert_true(line->configured);
    directory_line_update(directory, 999, &update, on_durable, NULL);
    loop_turn(rig.loop, 0);
    assert_int_equal(last_status, -ENOENT);
}

static void test_accounts(void **state)
{
    struct sid sid;
    char token[33], rotated[33];
    (void)state;
    open_all();
    assert_int_equal(directory_account_create(directory, "", &sid, token, on_durable, NULL), -EINVAL);
    assert_int_equal(directory_account_create(directory, "Tenant", &sid, token, on_durable, NULL), 0);
    assert_null(directory_account_by_sid(directory, &sid));
    loop_turn(rig.loop, 0);
    assert_int_equal(last_status, 0);
    assert_string_equal(directory_account_by_sid(directory, &sid)->token, token);
    assert_string_equal(directory_account_at(directory, 0)->friendly_name, "Tenant");
    assert_int_equal(directory_account_rotate(directory, &sid, rotated, on_durable, NULL), 0);
    assert_string_equal(directory_account_by_sid(directory, &sid)->token, token);
    loop_turn(rig.loop, 0);
    assert_string_equal(directory_account_by_sid(directory, &sid)->token, rotated);
    assert_string_not_equal(token, rotated);
    struct sid unknown = {{1}};
    assert_int_equal(directory_account_rotate(directory, &unknown, rotated, on_durable, NULL), -ENOENT);
    close_all();
    open_all();
    assert_string_equal(directory_account_by_sid(directory, &sid)->token, rotated);
}

static int make_under(int64_t owner_id, bool test, const char *name, struct sid *sid)
{
    char token[33];
    last_status = 1;
    int status = directory_subaccount_create(directory, owner_id, test, name, sid, token, on_durable, NULL);
    loop_turn(rig.loop, 0);
    assert_int_equal(last_status, status == 0 ? 0 : 1);
    return status;
}

static void test_what_an_account_owns(void **state)
{
    char name[129] = "";
    struct sid sub, test, other;
    (void)state;
    open_all();
    int64_t main_id = first_account()->id;
    for (int i = 0; i < 64; i++)
        memcpy(name + 2 * i, "\xc3\xa9", 3);
    assert_int_equal(first_account()->owner_id, 0);
    assert_int_equal(make_under(main_id, false, name, &sub), 0); /* 64 characters, not octets */
    assert_int_equal(make_under(main_id, false, "", &other), -EINVAL);
    assert_null(directory_account_test(directory, main_id));
    assert_int_equal(make_under(main_id, true, "Test", &test), 0);
    assert_int_equal(make_under(main_id, true, "Test", &other), -EEXIST);
    int64_t sub_id = directory_account_by_sid(directory, &sub)->id;
    assert_int_equal(make_under(sub_id, false, "deeper", &other), -ENOENT);
    assert_int_equal(make_under(sub_id, true, "deeper", &other), -ENOENT);
    assert_int_equal(make_under(999, false, "nobody's", &other), -ENOENT);
    close_all();
    open_all();
    assert_int_equal(directory_account_first(directory)->id, main_id);
    assert_int_equal(directory_account_by_sid(directory, &sub)->owner_id, main_id);
    assert_false(directory_account_by_sid(directory, &sub)->test);
    assert_memory_equal(&directory_account_test(directory, main_id)->sid, &test, sizeof test);
}

static void test_key_file_and_credential(void **state)
{
    char path[160], option[200], folder[160], moved[160], text[128];
    (void)state;
    snprintf(option, sizeof option, "key_file = %s", in_dir("elsewhere.key", path));
    configure(option, two_lines);
    open_all();
    assert_private("elsewhere.key");
    assert_int_not_equal(access(in_dir("key", path), F_OK), 0);
    close_all();
    in_dir("credential", folder);
    assert_int_equal(mkdir(folder, 0700), 0);
    assert_int_equal(rename(in_dir("elsewhere.key", path), in_dir("credential/cellpost.key", moved)), 0);
    assert_int_equal(open_status(), -ENOENT); /* never a new one over accounts that are there */
    assert_non_null(strstr(error, "elsewhere.key"));
    directory = NULL;
    assert_int_not_equal(access(in_dir("elsewhere.key", path), F_OK), 0);
    setenv("CREDENTIALS_DIRECTORY", folder, 1);
    open_all(); /* the credential goes before the option */
    file_text("credentials", text, sizeof text);
    assert_non_null(strstr(text, first_account()->token));
    unsetenv("CREDENTIALS_DIRECTORY");
    unlink(moved);
    rmdir(folder);
}

static void test_a_line_names_its_account(void **state)
{
    struct sid sub, twin;
    char sid[SID_TEXT], lines[512];
    (void)state;
    open_all();
    int64_t main_id = first_account()->id;
    assert_int_equal(make_under(main_id, false, "Ward 3", &sub), 0);
    sid_format(&sub, "AC", sid);
    configure("", "[line ward]\ncarrier = loopback\nnumber = +41790000001\n"
                  "[line third]\ncarrier = loopback\naccount = Ward 3\n");
    assert_int_equal(directory_reload(directory, conf, error), 0);
    int64_t sub_id = directory_account_by_sid(directory, &sub)->id;
    assert_int_equal(directory_line_by_name(directory, "third")->account_id, sub_id);
    assert_int_equal(directory_line_by_name(directory, "ward")->account_id, main_id);
    assert_int_equal(make_under(main_id, false, "Ward 3", &twin), 0);
    configure("", "[line fourth]\ncarrier = loopback\naccount = Ward 3\n"); /* whose? */
    assert_int_equal(directory_reload(directory, conf, error), -EINVAL);
    assert_non_null(strstr(error, "[line fourth]: account"));
    configure("", "[line fourth]\ncarrier = loopback\naccount = nobody\n");
    assert_int_equal(directory_reload(directory, conf, error), -EINVAL);
    snprintf(lines, sizeof lines,
             "[line fourth]\ncarrier = loopback\naccount = %s\n[line third]\ncarrier = loopback\n", sid);
    configure("", lines);
    assert_int_equal(directory_reload(directory, conf, error), 0);
    assert_int_equal(directory_line_by_name(directory, "fourth")->account_id, sub_id);
    assert_int_equal(directory_line_by_name(directory, "third")->account_id, sub_id); /* it stays */
}

static void test_closing_before_it_is_durable(void **state)
{
    struct sid sid;
    char token[33];
    (void)state;
    open_all();
    last_status = 1;
    assert_int_equal(directory_account_create(directory, "Tenant", &sid, token, on_durable, NULL), 0);
    directory_close(directory);
    directory = NULL;
    rig_close(&rig);
    assert_int_equal(last_status, 0);
}

/* ---- SIMs ---- */

#define SIM_A "8941000000000000001"
#define SIM_B "8941000000000000002"

static void test_first_sim_is_recorded(void **state)
{
    (void)state;
    open_all();
    int64_t id = directory_line_by_name(directory, "stock")->id;
    assert_int_equal(directory_line_sim(directory, id, SIM_A, "+41790000055"), 0);
    assert_int_equal(directory_line_sim(directory, id, SIM_B, ""), -EPERM); /* before the first is on disk */
    assert_true(directory_line(directory, id)->stopped);
    loop_turn(rig.loop, 0);
    assert_string_equal(directory_line(directory, id)->iccid, SIM_A);
    assert_string_equal(directory_line(directory, id)->number, "+41790000055");
    assert_int_equal(directory_line_sim(directory, id, SIM_A, "+41790000066"), 0);
    assert_false(directory_line(directory, id)->stopped);
    loop_turn(rig.loop, 0);
    assert_string_equal(directory_line(directory, id)->number, "+41790000055"); /* the row has one */
    close_all();
    open_all();
    assert_int_equal(directory_line_sim(directory, id, SIM_B, ""), -EPERM);
    assert_int_equal(directory_line_sim(directory, 999, SIM_B, ""), -ENOENT);
}

static void test_only_e164_is_an_identity(void **state)
{
    static const char *const numbers[] = {"",    "0790000055",          "+0790000055",
                                          "+41", "+417900000551234567", "+4179 1234567"};
    (void)state;
    open_all();
    int64_t id = directory_line_by_name(directory, "stock")->id;
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        assert_int_equal(directory_line_sim(directory, id, SIM_A, numbers[i]), 0);
    loop_turn(rig.loop, 0);
    assert_string_equal(directory_line(directory, id)->number, "");
    assert_string_equal(directory_line(directory, id)->iccid, SIM_A);
}

static void test_another_sim_is_admitted_by_the_configuration(void **state)
{
    (void)state;
    open_all();
    int64_t id = directory_line_by_name(directory, "stock")->id;
    directory_line_sim(directory, id, SIM_A, "");
    loop_turn(rig.loop, 0);
    assert_int_equal(directory_line_sim(directory, id, SIM_B, ""), -EPERM);
    configure("", "[line stock]\ncarrier = loopback\niccid = " SIM_B "\n");
    assert_int_equal(directory_reload(directory, conf, error), 0);
    assert_false(directory_line(directory, id)->stopped);
    assert_int_equal(directory_line_sim(directory, id, SIM_B, ""), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_first_start_makes_an_account),
        TEST(test_second_start_keeps_it),
        TEST(test_token_is_sealed_in_the_database),
        TEST(test_configured_account),
        TEST(test_lost_key_is_not_replaced),
        TEST(test_wrong_key_is_named),
        TEST(test_full_disk_at_the_first_start),
        TEST(test_lines_and_services_are_seeded),
        TEST(test_seeds_are_sown_once),
        TEST(test_reload_adds_and_corrects),
        TEST(test_number_of_history_gives_way),
        TEST(test_service_follows_the_configuration),
        TEST(test_service_that_left_is_history),
        TEST(test_service_sid),
        TEST(test_ignored_options_are_told),
        TEST(test_reload_on_a_full_disk_is_refused),
        TEST(test_lists_are_newest_first),
        TEST(test_line_update),
        TEST(test_accounts),
        TEST(test_what_an_account_owns),
        TEST(test_key_file_and_credential),
        TEST(test_a_line_names_its_account),
        TEST(test_closing_before_it_is_durable),
        TEST(test_first_sim_is_recorded),
        TEST(test_only_e164_is_an_identity),
        TEST(test_another_sim_is_admitted_by_the_configuration),
    };
    powerfail_init();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
