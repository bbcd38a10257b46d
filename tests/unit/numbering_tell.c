/* Tells of each line "REGION NUMBER" of its input ("-" = no region) what numbering makes of it; for
 * numbering_compare.py. */
#include <stdio.h>
#include <string.h>

#include "host/numbering/numbering.h"

int main(void)
{
    char line[256];
    while (fgets(line, sizeof line, stdin) != NULL) {
        struct numbering n;
        line[strcspn(line, "\n")] = '\0';
        char *space = strchr(line, ' ');
        if (space == NULL)
            return 1;
        *space = '\0';
        numbering_parse(space + 1, strcmp(line, "-") != 0 ? line : NULL, &n);
        printf("%d|%d|%s|%s|%s|%d|%s\n", (int)n.fault, n.calling_code, n.e164, n.national, n.country,
               (int)n.kind, numbering_country(n.e164));
    }
    return 0;
}
