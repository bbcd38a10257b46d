/* See text.h. Sentences keep to the GSM 7-bit alphabet where the language can: one segment each. */
#include "host/verify/text.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "host/base/log.h"

/* In each: the name, then the code. */
static const struct language {
    const char *locale, *sentence_begin, *sentence_middle, *warning;
    const char *prefixes; /* calling codes of countries that speak it alone */
} LANGUAGES[] = {
    {"en", "Your ", " verification code is: ",
     ". Don't share this code with anyone; our employees will never ask for the code", ""},
    {"de", "Ihr ", "-Bestätigungscode lautet: ",
     ". Geben Sie diesen Code nicht weiter; unsere Mitarbeiter fragen nie danach", "49 43 423"},
    {"fr", "Votre code de vérification ",
     " est : ", ". Ne partagez ce code avec personne; nos employés ne le demanderont jamais", "33 377"},
    {"it", "Il tuo codice di verifica ",
     " è: ", ". Non condividere questo codice; il nostro personale non lo chiederà mai", "39 378"},
    {"es", "Tu código de verificación de ",
     " es: ", ". No compartas este código con nadie; nuestros empleados nunca te lo pedirán",
     "34 52 54 56 57 58 51 593 595 598 502 503 504 505 506 507"},
    {"pt", "O seu código de verificação ",
     " é: ", ". Não partilhe este código; os nossos colaboradores nunca o pedirão", "351"},
    {"pt-BR", "Seu código de verificação ",
     " é: ", ". Não compartilhe este código; nossos funcionários nunca o pedirão", "55"},
    {"nl", "Uw verificatiecode voor ",
     " is: ", ". Deel deze code met niemand; onze medewerkers vragen er nooit om", "31"},
    {"sv", "Din verifieringskod för ",
     " är: ", ". Dela inte koden med någon; våra medarbetare frågar aldrig efter den", "46"},
    {"da", "Din bekræftelseskode til ",
     " er: ", ". Del ikke koden med nogen; vores medarbejdere spørger aldrig om den", "45"},
    {"nb", "Din bekreftelseskode for ", " er: ", ". Ikke del koden med noen; våre ansatte spør aldri om den",
     "47"},
    {"fi", "Vahvistuskoodisi palveluun ",
     " on: ", ". Älä jaa koodia kenellekään; työntekijämme eivät koskaan kysy sitä", "358"},
    {"pl", "Twój kod weryfikacyjny ",
     " to: ", ". Nie udostępniaj nikomu tego kodu; nasi pracownicy nigdy o niego nie poproszą", "48"},
};
#define LANGUAGE_COUNT (sizeof LANGUAGES / sizeof LANGUAGES[0])

static bool same_tag(const char *a, const char *b, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        char left = a[i] == '_' ? '-' : a[i], right = b[i];
        if (strncasecmp(&left, &right, 1) != 0)
            return false;
    }
    return true;
}

/* The locale itself, then its language alone, then English. */
static const struct language *by_locale(const char *locale)
{
    size_t len = strlen(locale), language = strcspn(locale, "-_");
    for (size_t i = 0; i < LANGUAGE_COUNT; i++)
        if (strlen(LANGUAGES[i].locale) == len && same_tag(locale, LANGUAGES[i].locale, len))
            return &LANGUAGES[i];
    for (size_t i = 0; i < LANGUAGE_COUNT; i++)
        if (strlen(LANGUAGES[i].locale) == language && same_tag(locale, LANGUAGES[i].locale, language))
            return &LANGUAGES[i];
    return &LANGUAGES[0];
}

/* No calling code is the beginning of another. */
static const struct language *by_number(const char *to)
{
    for (size_t i = 0; i < LANGUAGE_COUNT; i++) {
        const char *prefix = LANGUAGES[i].prefixes;
        while (*prefix != '\0') {
            size_t len = strcspn(prefix, " ");
            if (strncmp(to + 1, prefix, len) == 0)
                return &LANGUAGES[i];
            prefix += len + strspn(prefix + len, " ");
        }
    }
    return &LANGUAGES[0];
}

char *verify_text(const struct verify_text *t)
{
    const struct language *l = t->locale != NULL ? by_locale(t->locale) : by_number(t->to);
    char *text;
    if (asprintf(&text, "%s%s%s%s%s%s%s%s", t->app_hash != NULL ? "<#> " : "", l->sentence_begin, t->name,
                 l->sentence_middle, t->code, t->warn ? l->warning : "", t->app_hash != NULL ? "\n" : "",
                 t->app_hash != NULL ? t->app_hash : "") < 0)
        fatal("out of memory");
    return text;
}
