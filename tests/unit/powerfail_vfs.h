/* A disk whose power fails: an SQLite VFS over the real one that remembers, for each file, what was synced
 * and what was only written.
 *
 * When the power returns, a file holds what was synced and an arbitrary part of what was written after that:
 * any writes of them, in pieces of 512 bytes. A file that was made and never synced may be gone; one that was
 * deleted may be back. Also a disk that is full, and one whose sync fails. One disk a process. */
#ifndef CELLPOST_TESTS_POWERFAIL_VFS_H
#define CELLPOST_TESTS_POWERFAIL_VFS_H

#include <stdbool.h>

#define POWERFAIL_VFS "powerfail"

void powerfail_init(void);  /* registers it; power on, nothing remembered */
void powerfail_reset(void); /* as new; no file may be open */
void powerfail_cut_at(
    long event); /* the nth write, truncation, sync or deletion from now fails, and all after it; 0 = none */
long powerfail_events(void); /* since reset */
bool powerfail_is_cut(void);
void powerfail_return(unsigned seed); /* rewrites the files, power on; no file may be open. 0: nothing
                                         unsynced survived, 1: all of it */
void powerfail_full(bool);            /* what would make a file longer: SQLITE_FULL */
void powerfail_sync_fails(bool);      /* SQLITE_IOERR_FSYNC */

#endif
