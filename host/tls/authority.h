/* The local authority: a folder (0700) with
 *
 *   ca.key ca.pem    the authority, made at the first start, for ten years
 *   server.pem       the leaf it signed and the leaf's key, in one file: they never disagree
 *   names            names asked for by `cellpost tls issue`, one a line
 *
 * Every file is 0600 and replaced whole (written beside, synced, renamed): a power cut leaves the old or the
 * new one. A ca.pem without its ca.key is an error, never a reason for a new authority: clients trust the old
 * one. Errors are -errno with a sentence that names the file. */
#ifndef CELLPOST_TLS_AUTHORITY_H
#define CELLPOST_TLS_AUTHORITY_H

#include <stdint.h>

#define AUTHORITY_PATH_MAX   4096
#define AUTHORITY_NAMES_MAX  64
#define AUTHORITY_ISSUED_MAX 32

/* Makes what is absent. The leaf is made anew when it is for other names than these, or ends within 30 days
 * and before its authority, or is not this authority's. names: ended by NULL, valid, not empty.
 * *until_ms: the authority's end. It is never made anew by itself, as clients trust it; where ca.pem was
 * taken away and ca.key was not, the next one is made of the same key, and what it signs is good for clients
 * that have either. */
int authority_ensure(const char *folder, char *const *names, int64_t *until_ms, char error[256]);

/* The names the leaf is to have: the machine's, localhost, 127.0.0.1, ::1, *.onprem.lan.twilio.com, those
 * configured, those issued; none twice. For authority_names_free. -E2BIG: a certificate cannot hold them. */
int authority_names(const char *folder, char *const *configured, char ***names, char error[256]);
void authority_names_free(char **names);

/* Adds to the issued ones; one that is there already is no error. -EINVAL for what is no name, -E2BIG for
 * more than a certificate can hold with the configured ones: then nothing is added. */
int authority_issue(const char *folder, char *const *configured, char *const *names, char error[256]);

/* FOLDER/NAME. */
void authority_path(const char *folder, const char *name, char out[AUTHORITY_PATH_MAX]);

#endif
