/* See hook_notice.h. The texts have Twilio's form: the message, the request's variables and the answer's
 * headers are each a query string. */
#include "host/facade/hook_notice.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "host/base/log.h"
#include "host/facade/hook_url.h"
#include "host/sms/utf8.h"

/* Does a character begin here, in what form_encode() makes? Not within a %XX, nor at the second octet of one
 * (%80 to %BF). */
static bool begins(const char *text, size_t at)
{
    if ((at > 0 && text[at - 1] == '%') || (at > 1 && text[at - 2] == '%'))
        return false;
    return text[at] != '%' || strchr("89AaBb", text[at + 1]) == NULL;
}

/* Cut to fit, between characters. */
static char *encode(const struct form *form, size_t most)
{
    size_t len;
    char *text = form_encode(form, &len);
    if (text == NULL)
        fatal("hook_notice: out of memory");
    if (len > most) {
        for (len = most; len > 0 && !begins(text, len); len--)
            ;
        text[len] = '\0';
    }
    return text;
}

char *hook_notice_readable(const char *data, size_t len, size_t most)
{
    char *out = malloc(most + 4);
    size_t at = 0, n = 0;
    if (out == NULL)
        fatal("hook_notice: out of memory");
    while (at < len && n < most) {
        bool bad = false;
        size_t used;
        uint32_t c = utf8_next(data + at, len - at, &used, &bad);
        if (bad || (c < ' ' && c != '\n' && c != '\r' && c != '\t'))
            out[n++] = '?';
        else
            n += utf8_put(c, out + n);
        at += used;
    }
    out[n <= most ? n : most] = '\0';
    if (n > most) /* the last character does not fit */
        while (n > 0 && !utf8_valid(out, strlen(out)))
            out[--n < most ? n : most] = '\0';
    return out;
}

static bool is_secret(const char *name, size_t len)
{
    static const char *const names[] = {"Set-Cookie", "Set-Cookie2", "WWW-Authenticate", "Proxy-Authenticate",
                                        "Authentication-Info"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strlen(names[i]) == len && strncasecmp(name, names[i], len) == 0)
            return true;
    return false;
}

char *hook_notice_headers(const char *head)
{
    struct form form = {0};
    while (*head != '\0') {
        size_t len = strcspn(head, "\r\n"), name_len = strcspn(head, ":\r\n");
        if (name_len > 0 && name_len < len) {
            const char *value = head + name_len + 1;
            size_t skip = strspn(value, " \t"), value_len = len - name_len - 1;
            char *name = hook_notice_readable(head, name_len, name_len);
            char *text = hook_notice_readable(value + skip, value_len - skip, value_len - skip);
            form_add(&form, name, is_secret(head, name_len) ? "***" : text);
            free(name);
            free(text);
        }
        head += len + strspn(head + len, "\r\n");
    }
    char *out = encode(&form, NOTICE_VARIABLES_MAX);
    form_fini(&form);
    return out;
}

static char *text_of(const struct message *message, const struct hook_notice *notice, const char *url)
{
    struct form form = {0};
    char number[16], sid[SID_TEXT];
    char *words = hook_notice_readable(notice->text, strlen(notice->text), 256);
    form_add(&form, "LogLevel", notice->warning ? "WARN" : "ERROR");
    snprintf(number, sizeof number, "%d", notice->code);
    form_add(&form, "ErrorCode", number);
    form_add(&form, "Msg", words);
    form_add(&form, "url", url);
    if (notice->status != 0) {
        snprintf(number, sizeof number, "%d", notice->status);
        form_add(&form, "httpResponse", number);
    }
    if (message != NULL) {
        sid_format(&message->sid, message->mm ? "MM" : "SM", sid);
        form_add(&form, "MessageSid", sid);
    }
    char *out = encode(&form, NOTICE_VARIABLES_MAX);
    form_fini(&form);
    free(words);
    return out;
}

/* What is no URL has no user info that could be told from the rest: it is not kept. */
static char *url_of(const char *text)
{
    char *url = hook_url_public(text);
    if (url != NULL && strlen(url) > NOTICE_URL_MAX)
        url[NOTICE_URL_MAX] = '\0';
    if (url == NULL && (url = strdup("")) == NULL)
        fatal("hook_notice: out of memory");
    return url;
}

void hook_notice_store(struct queue *queue, int64_t account_id, const struct message *message,
                       const struct hook_notice *notice)
{
    static const struct form none;
    const struct form *params = notice->params != NULL ? notice->params : &none;
    char *url = url_of(notice->url), *text = text_of(message, notice, url);
    char *variables = encode(params, NOTICE_VARIABLES_MAX), *headers = hook_notice_headers(notice->head);
    char *body = hook_notice_readable(notice->body, notice->body_len, NOTICE_BODY_MAX);
    struct notification row = {.account_id = account_id,
                               .message_id = message != NULL ? message->id : 0,
                               .warning = notice->warning,
                               .code = notice->code,
                               .text = text,
                               .method = notice->method,
                               .url = url,
                               .variables = variables,
                               .headers = headers,
                               .body = body};
    queue_notify(queue, &row);
    free(url);
    free(text);
    free(variables);
    free(headers);
    free(body);
}
