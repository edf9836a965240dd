/*
 * Stands for a QEMU that crashes, in run-guest-test: by a wild pointer, in
 * functions of the names that CRASH_IN has, the outermost first.  Without it
 * the program says that the guest has come to its end.  CRASH_BOOTS is a file
 * that gets a line in each run, CRASH_CONSOLE the guest's console.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static volatile int *volatile wild = (int *)16;
static int crash(const char *names);

#define FUNCTION(name) \
    static int name(const char *names) \
    { \
        return crash(names) + 1; \
    }
#define CRASHES(name) \
    static int name(void) \
    { \
        return *wild; \
    }

FUNCTION(section_covers_addr)
FUNCTION(address_space_translate_for_iotlb)
FUNCTION(callback)
CRASHES(phys_page_find)

/* Calls the function of the first name, which calls those of the others. */
static int crash(const char *names)
{
    static const struct {
        const char *name;
        int (*function)(const char *names);
    } functions[] = {
        {"section_covers_addr ", section_covers_addr},
        {"address_space_translate_for_iotlb ",
         address_space_translate_for_iotlb},
        {"callback ", callback},
    };

    for (size_t i = 0; i < sizeof(functions) / sizeof(*functions); i++) {
        size_t length = strlen(functions[i].name);
        if (!strncmp(names, functions[i].name, length)) {
            return functions[i].function(names + length);
        }
    }
    return phys_page_find();
}

static void append(const char *file, const char *line)
{
    FILE *f = file ? fopen(file, "a") : NULL;

    if (!f || fputs(line, f) < 0 || fclose(f)) {
        abort();
    }
}

int main(void)
{
    const char *names = getenv("CRASH_IN");
    FILE *boots;
    int first = 1;

    boots = fopen(getenv("CRASH_BOOTS"), "r");
    if (boots) {
        first = getc(boots) == EOF;
        fclose(boots);
    }
    append(getenv("CRASH_BOOTS"), "boot\n");
    if (names && first) {
        return crash(names);
    }
    append(getenv("CRASH_CONSOLE"), "QPP-GUEST-DONE 0\n");
    return 0;
}
