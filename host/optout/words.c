/* See words.h. The English words are those that Twilio handles by default; the others are what mobile
 * operators of these countries ask of bulk senders. */
#include "host/optout/words.h"

#include <stdint.h>
#include <string.h>

#define WORD_MAX 64 /* bytes; a longer body is no word */

#define WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})

static const struct optout_set SETS[] = {
    {"en",
     {[OPTOUT_STOP] = WORDS("STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT"),
      [OPTOUT_START] = WORDS("START", "YES", "UNSTOP"),
      [OPTOUT_HELP] = WORDS("HELP", "INFO")},
     {[OPTOUT_STOP] =
          "You will receive no more messages from this number. Reply START to receive them again.",
      [OPTOUT_START] = "You will receive messages from this number again. Reply STOP to end them.",
      [OPTOUT_HELP] =
          "Reply STOP to receive no more messages from this number, START to receive them again."}},
    {"de",
     {[OPTOUT_STOP] = WORDS("STOP", "STOPP", "ABMELDEN", "ABBESTELLEN"),
      [OPTOUT_START] = WORDS("START", "ANMELDEN"),
      [OPTOUT_HELP] = WORDS("HILFE", "INFO")},
     {[OPTOUT_STOP] =
          "Sie erhalten keine Nachrichten mehr von dieser Nummer. Mit START erhalten Sie sie wieder.",
      [OPTOUT_START] = "Sie erhalten wieder Nachrichten von dieser Nummer. Mit STOP beenden Sie sie.",
      [OPTOUT_HELP] = "STOP beendet die Nachrichten von dieser Nummer, START nimmt sie wieder auf."}},
    {"fr",
     {[OPTOUT_STOP] = WORDS("STOP", "ARRET", "ARRÊT", "DESABONNER", "DÉSABONNER"),
      [OPTOUT_START] = WORDS("START", "DEBUT", "DÉBUT"),
      [OPTOUT_HELP] = WORDS("AIDE", "INFO")},
     {[OPTOUT_STOP] =
          "Vous ne recevrez plus de messages de ce numéro. Répondez START pour les recevoir à nouveau.",
      [OPTOUT_START] = "Vous recevez à nouveau les messages de ce numéro. Répondez STOP pour les arrêter.",
      [OPTOUT_HELP] =
          "Répondez STOP pour ne plus recevoir de messages de ce numéro, START pour les recevoir."}},
    {"es",
     {[OPTOUT_STOP] = WORDS("STOP", "BAJA", "PARAR", "ALTO", "CANCELAR"),
      [OPTOUT_START] = WORDS("START", "ALTA"),
      [OPTOUT_HELP] = WORDS("AYUDA", "INFO")},
     {[OPTOUT_STOP] = "No recibirá más mensajes de este número. Responda ALTA para volver a recibirlos.",
      [OPTOUT_START] = "Volverá a recibir mensajes de este número. Responda BAJA para no recibirlos.",
      [OPTOUT_HELP] = "Responda BAJA para no recibir más mensajes de este número, ALTA para recibirlos."}},
    {"it",
     {[OPTOUT_STOP] = WORDS("STOP", "BASTA", "CANCELLA"),
      [OPTOUT_START] = WORDS("START", "INIZIA"),
      [OPTOUT_HELP] = WORDS("AIUTO", "INFO")},
     {[OPTOUT_STOP] = "Non riceverà più messaggi da questo numero. Risponda START per riceverli di nuovo.",
      [OPTOUT_START] = "Riceverà di nuovo i messaggi da questo numero. Risponda STOP per non riceverli.",
      [OPTOUT_HELP] = "Risponda STOP per non ricevere messaggi da questo numero, START per riceverli."}},
    {"pt",
     {[OPTOUT_STOP] = WORDS("STOP", "SAIR", "PARAR", "CANCELAR"),
      [OPTOUT_START] = WORDS("START", "INICIAR"),
      [OPTOUT_HELP] = WORDS("AJUDA", "INFO")},
     {[OPTOUT_STOP] = "Não receberá mais mensagens deste número. Responda START para voltar a recebê-las.",
      [OPTOUT_START] = "Voltará a receber mensagens deste número. Responda STOP para não as receber.",
      [OPTOUT_HELP] = "Responda STOP para não receber mensagens deste número, START para as receber."}},
    {"nl",
     {[OPTOUT_STOP] = WORDS("STOP", "STOPPEN", "AFMELDEN", "UIT"),
      [OPTOUT_START] = WORDS("START", "AANMELDEN", "AAN"),
      [OPTOUT_HELP] = WORDS("HELP", "INFO")},
     {[OPTOUT_STOP] =
          "U ontvangt geen berichten meer van dit nummer. Antwoord START om ze weer te ontvangen.",
      [OPTOUT_START] = "U ontvangt weer berichten van dit nummer. Antwoord STOP om ze te beëindigen.",
      [OPTOUT_HELP] =
          "Antwoord STOP om geen berichten van dit nummer te ontvangen, START om ze te ontvangen."}},
};
#define SET_COUNT (sizeof SETS / sizeof SETS[0])

const char *optout_kind_text(enum optout_kind kind)
{
    static const char *const TEXTS[OPTOUT_KINDS] = {
        [OPTOUT_STOP] = "STOP", [OPTOUT_START] = "START", [OPTOUT_HELP] = "HELP"};
    return TEXTS[kind];
}

const struct optout_set *optout_builtin(const char *name)
{
    for (size_t i = 0; i < SET_COUNT; i++)
        if (strcmp(SETS[i].name, name) == 0)
            return &SETS[i];
    return NULL;
}

const char *optout_builtin_name(size_t n)
{
    return n < SET_COUNT ? SETS[n].name : NULL;
}

/* ---- letters ---- */

/* Capital letters to small ones, by ranges of code points: `step` 1 adds `add`, 2 is a row of pairs. */
static const struct {
    uint32_t first, last;
    unsigned step, add;
} CAPITALS[] = {
    {'A', 'Z', 1, 32},     {0xC0, 0xD6, 1, 32},   {0xD8, 0xDE, 1, 32},   {0x100, 0x137, 2, 1},
    {0x139, 0x147, 2, 1},  {0x14A, 0x177, 2, 1},  {0x179, 0x17D, 2, 1},  {0x386, 0x386, 1, 38},
    {0x388, 0x38A, 1, 37}, {0x38C, 0x38C, 1, 64}, {0x38E, 0x38F, 1, 63}, {0x391, 0x3A9, 1, 32},
    {0x400, 0x40F, 1, 80}, {0x410, 0x42F, 1, 32},
};

static uint32_t small_letter(uint32_t c)
{
    for (size_t i = 0; i < sizeof CAPITALS / sizeof CAPITALS[0]; i++)
        if (c >= CAPITALS[i].first && c <= CAPITALS[i].last &&
            (c - CAPITALS[i].first) % CAPITALS[i].step == 0)
            return c + CAPITALS[i].add;
    return c;
}

/* The next code point of at most two bytes, which is all that has capitals above; others are taken byte by
 * byte, unchanged. */
static uint32_t next_letter(const unsigned char **p, const unsigned char *end)
{
    uint32_t c = *(*p)++;
    if (c >= 0xC2 && c <= 0xDF && *p < end && (**p & 0xC0) == 0x80)
        c = ((c & 0x1F) << 6) | (*(*p)++ & 0x3Fu);
    return c;
}

static int same_word(const char *text, size_t len, const char *word)
{
    const unsigned char *a = (const unsigned char *)text, *a_end = a + len;
    const unsigned char *b = (const unsigned char *)word, *b_end = b + strlen(word);
    while (a < a_end && b < b_end)
        if (small_letter(next_letter(&a, a_end)) != small_letter(next_letter(&b, b_end)))
            return 0;
    return a == a_end && b == b_end;
}

/* ---- matching ---- */

/* Blanks, line ends, tabs, and U+00A0. */
static size_t blank_at(const char *p, size_t len)
{
    if (len > 0 && strchr(" \t\r\n\v\f", *p) != NULL && *p != '\0')
        return 1;
    return len > 1 && (unsigned char)p[0] == 0xC2 && (unsigned char)p[1] == 0xA0 ? 2 : 0;
}

static const char *trim(const char *text, size_t *len)
{
    size_t skip;
    *len = strlen(text);
    while ((skip = blank_at(text, *len)) > 0) {
        text += skip;
        *len -= skip;
    }
    while (*len > 0 && (blank_at(text + *len - 1, 1) > 0 || (*len > 1 && blank_at(text + *len - 2, 2) == 2)))
        *len -= blank_at(text + *len - 1, 1) > 0 ? 1 : 2;
    return text;
}

enum optout_kind optout_match(const struct optout_set *set, const char *body)
{
    size_t len;
    body = trim(body, &len);
    if (len == 0 || len > WORD_MAX)
        return OPTOUT_NONE;
    for (int kind = OPTOUT_STOP; kind < OPTOUT_KINDS; kind++)
        for (const char *const *word = set->words[kind]; word != NULL && *word != NULL; word++)
            if (same_word(body, len, *word))
                return (enum optout_kind)kind;
    return OPTOUT_NONE;
}
