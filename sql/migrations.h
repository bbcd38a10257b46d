/* Numbered migrations, made from sql/migrate by the build; ended by number 0. The database's user_version is
 * the last one applied. */
#ifndef CELLPOST_SQL_MIGRATIONS_H
#define CELLPOST_SQL_MIGRATIONS_H

struct migration {
    int number;
    const char *file;
    const char *text;
};
extern const struct migration migrations[];

#endif
