/*
 * Reads the symbols of a kernel's image as osi_linux would in the running
 * guest's memory, and prints them like /proc/kallsyms, without modules:
 *
 *     kallsyms_image IMAGE START NEAR [SYMBOL]
 *
 * or the line of text that SYMBOL is the address of.
 *
 * IMAGE is an ELF vmlinux, or a flat image whose first byte lies at START;
 * NEAR is an address in its text.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <elf.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kallsyms.h"

typedef struct Image {
    const uint8_t *data;
    gsize size;
    uint64_t start; /* of a flat one */
    uint64_t reads;
} Image;

static bool read_flat(const Image *im, uint64_t at, void *buf, size_t len)
{
    if (at > im->size || len > im->size - at) {
        return false;
    }
    memcpy(buf, im->data + at, len);
    return true;
}

/* What a segment does not fill of its pages is zero, as in memory. */
static bool read_elf(const Image *im, uint64_t addr, void *buf, size_t len)
{
    const Elf64_Ehdr *eh = (const void *)im->data;
    const Elf64_Phdr *ph = (const void *)(im->data + eh->e_phoff);

    for (int i = 0; i < eh->e_phnum; i++, ph++) {
        uint64_t at = addr - ph->p_vaddr;

        if (ph->p_type == PT_LOAD && addr >= ph->p_vaddr &&
            at < ph->p_memsz) {
            memset(buf, 0, len);
            return at >= ph->p_filesz ||
                   read_flat(im, ph->p_offset + at, buf,
                             MIN(len, ph->p_filesz - at));
        }
    }
    return false;
}

static bool image_read(void *opaque, uint64_t addr, void *buf, size_t len)
{
    Image *im = opaque;

    im->reads++;
    return memcmp(im->data, ELFMAG, SELFMAG) == 0
               ? read_elf(im, addr, buf, len)
               : read_flat(im, addr - im->start, buf, len);
}

static int print_text(Image *im, const Kallsyms *ks, const char *name)
{
    uint64_t address;
    char c;

    if (!kallsyms_address(ks, name, &address)) {
        return 1;
    }
    while (image_read(im, address++, &c, 1) && g_ascii_isprint(c)) {
        putchar(c);
    }
    putchar('\n');
    return 0;
}

int main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Kallsyms) ks = NULL;
    g_autofree char *data = NULL;
    char name[KALLSYMS_NAME_LEN];
    KallsymsSymbol symbol;
    Image im = { 0 };
    gint64 start;

    if (argc < 4 || !g_file_get_contents(argv[1], &data, &im.size, &error)) {
        g_printerr("usage: kallsyms_image IMAGE START NEAR [SYMBOL]: %s\n",
                   error ? error->message : "not enough");
        return 2;
    }
    im.data = (const uint8_t *)data;
    im.start = strtoull(argv[2], NULL, 0);
    start = g_get_monotonic_time();
    ks = kallsyms_find(image_read, &im, strtoull(argv[3], NULL, 0), NULL,
                       &error);
    start = g_get_monotonic_time() - start;
    if (!ks) {
        g_printerr("kallsyms_image: %s: %s\n", argv[1], error->message);
        return 1;
    }
    g_printerr("%s: %u symbols, data: %d, at 0x%" PRIx64 "; %" PRId64
               " us, %" PRIu64 " reads\n", argv[1], kallsyms_count(ks),
               kallsyms_has_data(ks), kallsyms_where(ks), start, im.reads);
    if (argc > 4) {
        return print_text(&im, ks, argv[4]);
    }
    for (uint32_t i = 0; i < kallsyms_count(ks); i++) {
        kallsyms_get(ks, i, name, &symbol);
        printf("%016" PRIx64 " %c %s\n", symbol.address, symbol.type, name);
    }
    return 0;
}
