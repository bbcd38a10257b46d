/* Reads a TwiML reply in one pass of expat.
 *
 * Promises: a document is read as a whole or refused as a whole; what Twilio would skip with a warning is
 * skipped with the same number. Refuses: any document type declaration (so there are no entities but XML's
 * five, and nothing to fetch or to expand), nesting deeper than DEPTH_MAX, more than TWIML_BODY_MAX octets.
 * Fails only with Twilio's numbers; without memory it ends the program.
 *
 * Which element may stand where, and which attribute an element knows, are the two tables below. */
#include "host/facade/twiml.h"

#include <expat.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "host/base/log.h"
#include "host/sms/utf8.h"

#define DEPTH_MAX 32

enum element { AT_TOP, AT_RESPONSE, AT_MESSAGE, AT_BODY, AT_MEDIA, AT_REDIRECT };

static const struct {
    enum element parent;
    const char *name;
    enum element element;
} nesting[] = {
    {AT_TOP, "Response", AT_RESPONSE},      {AT_RESPONSE, "Message", AT_MESSAGE},
    {AT_RESPONSE, "Sms", AT_MESSAGE}, /* the verb's old name */
    {AT_RESPONSE, "Redirect", AT_REDIRECT}, {AT_MESSAGE, "Body", AT_BODY},
    {AT_MESSAGE, "Media", AT_MEDIA},
};

struct text {
    char *data; /* NULL while empty */
    size_t len;
};

struct reader {
    XML_Parser parser;
    struct twiml *out;
    char *error;
    int code; /* first error */
    enum element at;
    unsigned depth, skip;       /* skip: depth of the element whose content is not read, 0 = none */
    bool redirected;            /* verbs after Redirect are not read */
    bool too_many;              /* messages */
    bool has_body;              /* this Message had its Body child */
    struct text message, child; /* text of Message itself, and of the child that is open */
    struct twiml_message spare; /* where messages past the limit go */
};

/* ---- heap ---- */

static void *must(void *memory)
{
    if (memory == NULL)
        fatal("twiml: out of memory");
    return memory;
}

static void replace(char **member, const char *value)
{
    free(*member);
    *member = must(strdup(value));
}

static void text_add(struct text *text, const char *data, size_t len)
{
    text->data = must(realloc(text->data, text->len + len + 1));
    memcpy(text->data + text->len, data, len);
    text->len += len;
    text->data[text->len] = '\0';
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static char *trimmed(const char *data, size_t len)
{
    while (len > 0 && is_space(data[0])) {
        data++;
        len--;
    }
    while (len > 0 && is_space(data[len - 1]))
        len--;
    return must(strndup(data, len));
}

static bool is_blank(const char *data, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (!is_space(data[i]))
            return false;
    return true;
}

static char *text_take(struct text *text)
{
    char *out = trimmed(text->data != NULL ? text->data : "", text->len);
    free(text->data);
    *text = (struct text){0};
    return out;
}

static void message_fini(struct twiml_message *message)
{
    free(message->to);
    free(message->from);
    free(message->body);
    free(message->callback);
    free(message->method);
    for (size_t i = 0; i < message->media_count; i++)
        free(message->media[i]);
    *message = (struct twiml_message){0};
}

void twiml_fini(struct twiml *twiml)
{
    for (size_t i = 0; i < twiml->count; i++)
        message_fini(&twiml->messages[i]);
    free(twiml->redirect);
    free(twiml->redirect_method);
    *twiml = (struct twiml){0};
}

/* ---- what is wrong ---- */

static void fail(struct reader *r, int code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
static void fail(struct reader *r, int code, const char *fmt, ...)
{
    if (r->code != 0)
        return;
    va_list args;
    va_start(args, fmt);
    vsnprintf(r->error, 160, fmt, args);
    va_end(args);
    r->code = code;
    XML_StopParser(r->parser, XML_FALSE);
}

static void warn(struct reader *r, int code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
static void warn(struct reader *r, int code, const char *fmt, ...)
{
    struct twiml *out = r->out;
    for (size_t i = 0; i < out->warning_count; i++)
        if (out->warnings[i].code == code)
            return;
    if (out->warning_count == TWIML_WARNINGS_MAX)
        fatal("twiml: more kinds of warnings than there are");
    struct twiml_warning *warning = &out->warnings[out->warning_count++];
    va_list args;
    va_start(args, fmt);
    vsnprintf(warning->text, sizeof warning->text, fmt, args);
    va_end(args);
    warning->code = code;
}

/* ---- elements ---- */

static struct twiml_message *current(struct reader *r)
{
    return r->too_many ? &r->spare : &r->out->messages[r->out->count - 1];
}

static void set_method(struct reader *r, char **member, const char *value)
{
    bool get = strcasecmp(value, "GET") == 0;
    if (!get && strcasecmp(value, "POST") != 0)
        warn(r, TWIML_METHOD, "method \"%.40s\" is neither GET nor POST: POST is used", value);
    replace(member, get ? "GET" : "POST");
}

/* Where an attribute's value belongs; NULL for one that the element does not know. */
static char **attribute_slot(struct reader *r, enum element element, const char *name)
{
    struct twiml_message *message = element == AT_MESSAGE ? current(r) : &r->spare;
    const struct {
        enum element element;
        const char *name;
        char **slot;
    } known[] = {
        {AT_MESSAGE, "to", &message->to},           {AT_MESSAGE, "from", &message->from},
        {AT_MESSAGE, "action", &message->callback}, {AT_MESSAGE, "statusCallback", &message->callback},
        {AT_MESSAGE, "method", &message->method},   {AT_REDIRECT, "method", &r->out->redirect_method},
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (known[i].element == element && strcmp(known[i].name, name) == 0)
            return known[i].slot;
    return NULL;
}

static void read_attributes(struct reader *r, enum element element, const char *name, const char **attributes)
{
    for (; attributes[0] != NULL; attributes += 2) {
        char **slot = attribute_slot(r, element, attributes[0]);
        if (slot == NULL)
            warn(r, TWIML_SCHEMA, "<%.40s> has no attribute \"%.40s\"", name, attributes[0]);
        else if (strcmp(attributes[0], "method") == 0)
            set_method(r, slot, attributes[1]);
        else
            replace(slot, attributes[1]);
    }
}

static void open_message(struct reader *r)
{
    r->has_body = false;
    r->too_many = r->out->count == TWIML_MESSAGES_MAX;
    if (r->too_many)
        warn(r, TWIML_MESSAGES, "more than %d messages in one reply: the first %d are sent",
             TWIML_MESSAGES_MAX, TWIML_MESSAGES_MAX);
    else
        r->out->count++;
}

static void skip_element(struct reader *r, const char *name)
{
    if (r->at == AT_TOP)
        fail(r, TWIML_ROOT, "the root element is <%.40s>, not <Response>", name);
    else if (r->at == AT_RESPONSE && !r->redirected)
        warn(r, TWIML_VERB, "<%.40s> is not a verb of a messaging reply", name);
    else if (!r->redirected)
        warn(r, TWIML_SCHEMA, "<%.40s> may not stand here", name);
    r->skip = r->depth;
}

static void on_start(void *arg, const char *name, const char **attributes)
{
    struct reader *r = arg;
    if (++r->depth > DEPTH_MAX)
        fail(r, TWIML_NOT_XML, "elements are nested more than %d deep", DEPTH_MAX);
    if (r->skip != 0 || r->code != 0)
        return;
    size_t i = 0, count = sizeof nesting / sizeof nesting[0];
    while (i < count && (nesting[i].parent != r->at || strcmp(nesting[i].name, name) != 0))
        i++;
    if (i == count || r->redirected) {
        skip_element(r, name);
        return;
    }
    r->at = nesting[i].element;
    if (r->at == AT_MESSAGE)
        open_message(r);
    read_attributes(r, r->at, name, attributes);
}

static void close_body(struct reader *r)
{
    char *body = text_take(&r->child);
    if (r->has_body) {
        warn(r, TWIML_SCHEMA, "a second <Body> in one <Message> is not read");
        free(body);
        return;
    }
    current(r)->body = body;
    r->has_body = true;
}

static void close_media(struct reader *r)
{
    char *url = text_take(&r->child);
    struct twiml_message *message = current(r);
    if (message->media_count < TWIML_MEDIA_MAX) {
        message->media[message->media_count++] = url;
        return;
    }
    warn(r, TWIML_SCHEMA, "more than %d <Media> in one <Message> are not read", TWIML_MEDIA_MAX);
    free(url);
}

/* Text beside a Body is formatting, or was meant to be the body by somebody who did not say so: the Body
 * wins. */
static void close_message(struct reader *r)
{
    char *text = text_take(&r->message);
    if (text[0] == '\0' || r->has_body) {
        if (text[0] != '\0')
            warn(r, TWIML_SCHEMA, "text beside <Body> is not read");
        free(text);
    } else {
        current(r)->body = text;
    }
    message_fini(&r->spare);
}

static void on_end(void *arg, const char *name)
{
    struct reader *r = arg;
    (void)name;
    unsigned depth = r->depth--;
    if (r->skip != 0) {
        if (depth == r->skip)
            r->skip = 0;
        return;
    }
    switch (r->at) {
    case AT_TOP: break;
    case AT_RESPONSE: r->at = AT_TOP; break;
    case AT_MESSAGE:
        close_message(r);
        r->at = AT_RESPONSE;
        break;
    case AT_BODY:
        close_body(r);
        r->at = AT_MESSAGE;
        break;
    case AT_MEDIA:
        close_media(r);
        r->at = AT_MESSAGE;
        break;
    case AT_REDIRECT:
        r->out->redirect = text_take(&r->child);
        r->redirected = true;
        r->at = AT_RESPONSE;
        break;
    }
}

static void on_text(void *arg, const char *data, int len)
{
    struct reader *r = arg;
    if (r->skip != 0)
        return;
    switch (r->at) {
    case AT_TOP: break;
    case AT_RESPONSE:
        if (!r->redirected && !is_blank(data, (size_t)len))
            warn(r, TWIML_SCHEMA, "text outside of <Message> is not read");
        break;
    case AT_MESSAGE: text_add(&r->message, data, (size_t)len); break;
    case AT_BODY:
    case AT_MEDIA:
    case AT_REDIRECT: text_add(&r->child, data, (size_t)len); break;
    }
}

static void on_declaration(void *arg, const char *version, const char *encoding, int standalone)
{
    struct reader *r = arg;
    (void)encoding;
    (void)standalone;
    if (version != NULL && strcmp(version, "1.0") != 0)
        fail(r, TWIML_XML_VERSION, "XML version \"%.20s\" is not 1.0", version);
}

static void on_doctype(void *arg, const char *name, const char *system_id, const char *public_id,
                       int internal)
{
    (void)name;
    (void)system_id;
    (void)public_id;
    (void)internal;
    fail(arg, TWIML_NOT_XML, "a document type declaration is not allowed");
}

static int read_xml(const char *body, size_t len, struct twiml *out, char error[160])
{
    struct reader r = {.out = out, .error = error};
    r.parser = must(XML_ParserCreate(NULL));
    XML_SetUserData(r.parser, &r);
    XML_SetElementHandler(r.parser, on_start, on_end);
    XML_SetCharacterDataHandler(r.parser, on_text);
    XML_SetXmlDeclHandler(r.parser, on_declaration);
    XML_SetStartDoctypeDeclHandler(r.parser, on_doctype);
    /* expat calls a handler or two more after XML_StopParser: fail() keeps the first reason */
    if (XML_Parse(r.parser, body, (int)len, 1) != XML_STATUS_OK && r.code == 0) {
        r.code = TWIML_NOT_XML;
        snprintf(error, 160, "line %lu, column %lu: %s", XML_GetCurrentLineNumber(r.parser),
                 XML_GetCurrentColumnNumber(r.parser), XML_ErrorString(XML_GetErrorCode(r.parser)));
    }
    XML_ParserFree(r.parser);
    free(r.message.data);
    free(r.child.data);
    message_fini(&r.spare);
    return r.code;
}

/* A byte order mark is no part of the text: sent, it would make the whole message UCS-2. */
static void skip_bom(const char **body, size_t *len)
{
    static const char bom[] = "\xEF\xBB\xBF";
    if (*len < strlen(bom) || memcmp(*body, bom, strlen(bom)) != 0)
        return;
    *body += strlen(bom);
    *len -= strlen(bom);
}

static int read_plain(const char *body, size_t len, struct twiml *out, char error[160])
{
    if (memchr(body, '\0', len) != NULL || !utf8_valid(body, len)) {
        snprintf(error, 160, "the text/plain answer %s",
                 memchr(body, '\0', len) != NULL ? "holds a NUL" : "is not UTF-8");
        return TWIML_BODY;
    }
    out->messages[0].body = trimmed(body, len);
    out->count = 1;
    return 0;
}

static int unknown_type(const char *type, size_t len, char error[160])
{
    snprintf(error, 160, "content type \"%.*s\" is none of text/xml, application/xml, text/html, text/plain",
             len > 40 ? 40 : (int)len, type);
    return TWIML_CONTENT_TYPE;
}

int twiml_parse(const char *content_type, const char *body, size_t len, struct twiml *out, char error[160])
{
    static const struct {
        const char *type;
        int (*read)(const char *, size_t, struct twiml *, char[160]);
    } types[] = {
        {"", read_xml},          {"text/xml", read_xml},     {"application/xml", read_xml},
        {"text/html", read_xml}, {"text/plain", read_plain},
    };
    *out = (struct twiml){0};
    error[0] = '\0';
    if (len > TWIML_BODY_MAX) {
        snprintf(error, 160, "the answer has more than %d bytes", TWIML_BODY_MAX);
        return TWIML_TOO_LARGE;
    }
    skip_bom(&body, &len);
    if (is_blank(body, len))
        return 0;
    content_type += strspn(content_type, " \t\r\n");
    size_t type_len = strcspn(content_type, "; \t\r\n");
    size_t i = 0, count = sizeof types / sizeof types[0];
    while (i < count &&
           (strlen(types[i].type) != type_len || strncasecmp(types[i].type, content_type, type_len) != 0))
        i++;
    int code = i < count ? types[i].read(body, len, out, error) : unknown_type(content_type, type_len, error);
    if (code != 0)
        twiml_fini(out);
    return code;
}
