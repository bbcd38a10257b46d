/* See compose.h: which parameter of the form is what. */
#include "host/facade/compose.h"

static size_t read_media(const struct form *form, const char *media[COMPOSE_MEDIA_MAX])
{
    size_t count = 0;
    const struct form_pair *pair;
    while (count < COMPOSE_MEDIA_MAX && (pair = form_find(form, "MediaUrl", count)) != NULL)
        media[count++] = pair->value;
    return count;
}

void compose_form(const struct form *f, const struct account *account, const char *media[COMPOSE_MEDIA_MAX],
                  struct compose_request *r)
{
    const struct form_pair *body = form_find(f, "Body", 0);
    *r = (struct compose_request){
        .account = account,
        .direction = MESSAGE_OUTBOUND_API,
        .to = form_get(f, "To"),
        .from = form_get(f, "From"),
        .service_sid = form_get(f, "MessagingServiceSid"),
        .body = body != NULL ? body->value : NULL,
        .body_len = body != NULL ? body->value_len : 0,
        .status_callback = form_get(f, "StatusCallback"),
        .application_sid = form_get(f, "ApplicationSid"),
        .validity_period = form_get(f, "ValidityPeriod"),
        .smart_encoded = form_get(f, "SmartEncoded"),
        .content_retention = form_get(f, "ContentRetention"),
        .address_retention = form_get(f, "AddressRetention"),
        .tags = form_get(f, "Tags"),
        .max_price = form_get(f, "MaxPrice"),
        .schedule_type = form_get(f, "ScheduleType"),
        .send_at = form_get(f, "SendAt"),
        .content_sid = form_get(f, "ContentSid"),
        .content_variables = form_get(f, "ContentVariables"),
        .media = media,
        .media_count = read_media(f, media),
        .all = f,
    };
}
