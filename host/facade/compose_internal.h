/* What the files of compose share: the request under check. */
#ifndef CELLPOST_FACADE_COMPOSE_INTERNAL_H
#define CELLPOST_FACADE_COMPOSE_INTERNAL_H

#include <jansson.h>

#include "host/facade/compose.h"

struct draft {
    const struct facade_rooms *rooms;
    const struct compose_request *request; /* given */
    struct compose_request given;          /* as asked, with the body of its template */
    const char *from, *service_sid;        /* NULL = not given; From=MG... counts as the service */
    enum number_kind from_kind;
    const struct line *line;
    const struct service *service;
    const struct application *application;
    const struct conf_class *class;
    bool smart;
    int64_t now_ms, validity_s, send_at_ms; /* 0 = not given */
    struct composed *out;
    struct refusal *refusal;
};

bool draft_given(const char *text); /* neither NULL nor empty */
bool draft_in_pool(const struct service *, int64_t line_id);
/* URLs of media go out at the end of the text, one a line. */
bool draft_appends_media(const struct draft *);

/* The checks. Each may also write down what it found; false: *refusal says why. */
typedef bool draft_check(struct draft *);

/* compose_sender.c: who to whom */
draft_check draft_to_present, draft_body_present, draft_sender_present, draft_to_valid, draft_from_valid,
    draft_magic, draft_service_owned, draft_sender_owned, draft_to_allowed, draft_not_opted_out;

/* compose_option.c: everything else that a client may ask for */
draft_check draft_body_fits, draft_media_fits, draft_callback_valid, draft_application_owned,
    draft_price_valid, draft_retention_valid, draft_smart_valid, draft_validity_valid, draft_tags_valid,
    draft_key_valid, draft_schedule_valid;

/* content_expand.c: the text of a template becomes the body */
draft_check draft_content_expands;

/* compose_shape.c: what has no effect */
draft_check draft_shapes_valid;

/* compose_class.c: the class by which a message goes; tags NULL = none */
const struct conf_class *class_choose(const struct draft *, json_t *tags);
enum unsure_policy class_policy(const struct conf_class *);

#endif
