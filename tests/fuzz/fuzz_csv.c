/* Any octets as CSV: read to the end or refused with a line and a reason; and what was read, written again
 * with every field quoted, reads the same. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/ctl/csv.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void write_row(FILE *out, const struct csv_row *row)
{
    for (size_t i = 0; i < row->count; i++) {
        fputs(i > 0 ? ",\"" : "\"", out);
        for (const char *at = row->fields[i]; *at != '\0'; at++)
            fputs(*at == '"' ? "\"\"" : (const char[]){*at, '\0'}, out);
        fputc('"', out);
    }
    fputs("\r\n", out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct csv csv, again;
    struct csv_row row = {0}, copy = {0};
    char *text = NULL;
    size_t len = 0;
    int status;
    FILE *out = open_memstream(&text, &len);
    csv_begin(&csv, (const char *)data, size);
    while ((status = csv_next(&csv, &row)) > 0)
        write_row(out, &row);
    fclose(out);
    if (status < 0 && (csv.error == NULL || row.line == 0))
        abort();
    csv_begin(&csv, (const char *)data, size);
    csv_begin(&again, text, len);
    while (csv_next(&csv, &row) > 0) {
        if (csv_next(&again, &copy) != 1 || copy.count != row.count)
            abort();
        for (size_t i = 0; i < row.count; i++)
            if (strcmp(row.fields[i], copy.fields[i]) != 0)
                abort();
    }
    if (csv_next(&again, &copy) != 0)
        abort();
    csv_row_fini(&row);
    csv_row_fini(&copy);
    free(text);
    return 0;
}
