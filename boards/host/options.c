#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "boards/host/host.h"

static void usage(void)
{
    fputs("usage: cellpost-board --bus SOCKET [--uart SYMLINK] [--nv FILE] [--lockstep] [--start-ms N]\n"
          "                      [--image-dir DIR] [--without "
          "status|reset|host_cut|supply|rail|current|temperature]...\n",
          stderr);
}

static uint16_t capability(const char *name)
{
    static const struct {
        const char *name;
        uint16_t bit;
    } rows[] = {
        {"status", LINK_CAP_STATUS},          {"reset", LINK_CAP_RESET}, {"host_cut", LINK_CAP_HOST_CUT},
        {"supply", LINK_CAP_SUPPLY},          {"rail", LINK_CAP_RAIL},   {"current", LINK_CAP_CURRENT},
        {"temperature", LINK_CAP_TEMPERATURE}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (strcmp(rows[i].name, name) == 0)
            return rows[i].bit;
    return 0;
}

static bool parse_number(const char *text, uint32_t *value)
{
    char *end;
    unsigned long long number = strtoull(text, &end, 10);
    *value = (uint32_t)number;
    return end != text && *end == '\0' && number <= UINT32_MAX;
}

bool options_parse(int argc, char **argv, struct host_options *options)
{
    static const struct option rows[] = {
        {"uart", required_argument, NULL, 'u'},    {"bus", required_argument, NULL, 'b'},
        {"nv", required_argument, NULL, 'n'},      {"image-dir", required_argument, NULL, 'i'},
        {"lockstep", no_argument, NULL, 'l'},      {"start-ms", required_argument, NULL, 's'},
        {"without", required_argument, NULL, 'w'}, {NULL, 0, NULL, 0}};
    bool good = true;
    memset(options, 0, sizeof *options);
    for (int c; good && (c = getopt_long(argc, argv, "", rows, NULL)) != -1;) {
        if (c == 'u')
            options->uart = optarg;
        else if (c == 'b')
            options->bus = optarg;
        else if (c == 'n')
            options->nv = optarg;
        else if (c == 'i')
            options->image_dir = optarg;
        else if (c == 'l')
            options->lockstep = true;
        else if (c == 's')
            good = parse_number(optarg, &options->start_ms);
        else if (c == 'w') {
            uint16_t bit = capability(optarg);
            options->without = (uint16_t)(options->without | bit);
            good = bit != 0;
        } else
            good = false;
    }
    good = good && options->bus != NULL && optind == argc;
    if (!good)
        usage();
    return good;
}
