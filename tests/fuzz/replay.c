/* Stands in for libFuzzer's main: feeds each file of the corpus to the target once, so that the corpus is a
 * regression test in every build. Fails when a folder holds no file at all: an empty replay proves nothing.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int replay_file(const char *path)
{
    FILE *f = fopen(path, "rb");
    if (f == NULL) {
        perror(path);
        return -1;
    }
    /* an exact-size heap copy, so that ASan sees a read one past the end */
    size_t cap = 1 << 20, len;
    uint8_t *buf = malloc(cap);
    if (buf == NULL)
        abort();
    len = fread(buf, 1, cap, f);
    fclose(f);
    uint8_t *exact = realloc(buf, len ? len : 1);
    LLVMFuzzerTestOneInput(exact, len);
    free(exact);
    return 1;
}

static int replay_path(const char *path)
{
    struct stat st;
    if (stat(path, &st) != 0) {
        perror(path);
        return -1;
    }
    if (!S_ISDIR(st.st_mode))
        return replay_file(path);
    DIR *dir = opendir(path);
    if (dir == NULL)
        return -1;
    int count = 0;
    for (struct dirent *e; (e = readdir(dir)) != NULL;) {
        char sub[4096];
        if (e->d_name[0] == '.')
            continue;
        snprintf(sub, sizeof sub, "%s/%s", path, e->d_name);
        int n = replay_path(sub);
        if (n < 0) {
            closedir(dir);
            return -1;
        }
        count += n;
    }
    closedir(dir);
    return count;
}

int main(int argc, char **argv)
{
    int count = 0;
    for (int i = 1; i < argc; i++) {
        int n = replay_path(argv[i]);
        if (n < 0)
            return 1;
        count += n;
    }
    printf("replayed %d inputs\n", count);
    return count > 0 ? 0 : 1;
}
