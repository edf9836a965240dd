/*
 * profile.c: reading a profile's file, and which format it is.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <lzma.h>
#include <string.h>

#include "profile.h"

G_DEFINE_QUARK(osi-profile-error-quark, osi_profile_error)

/* For unpacking; xz -9 needs 65 MiB. */
#define MAX_XZ_MEMORY (256ull << 20)
#define CHUNK (1u << 20)

void osi_profile_free(OsiProfile *profile)
{
    if (profile) {
        osi_model_free(profile->model);
        g_free(profile->banner);
        g_free(profile->release);
        g_free(profile->version);
        g_free(profile->name);
        g_free(profile);
    }
}

/* ---- xz ------------------------------------------------------------------ */

static bool is_xz(const char *data, size_t len)
{
    static const char magic[] = { '\xfd', '7', 'z', 'X', 'Z', '\0' };

    return len >= sizeof(magic) && memcmp(data, magic, sizeof(magic)) == 0;
}

static lzma_ret unpack_all(lzma_stream *xz, GByteArray *out)
{
    lzma_ret ret;

    do {
        guint at = out->len;

        g_byte_array_set_size(out, at + CHUNK);
        xz->next_out = out->data + at;
        xz->avail_out = CHUNK;
        ret = lzma_code(xz, LZMA_FINISH);
        g_byte_array_set_size(out, at + CHUNK - xz->avail_out);
    } while (ret == LZMA_OK && out->len <= OSI_PROFILE_MAX_SIZE);
    return ret;
}

static GByteArray *unpack(const char *data, size_t len, GError **errp)
{
    lzma_stream xz = LZMA_STREAM_INIT;
    g_autoptr(GByteArray) out = g_byte_array_new();
    lzma_ret ret = lzma_stream_decoder(&xz, MAX_XZ_MEMORY,
                                       LZMA_CONCATENATED);

    if (ret == LZMA_OK) {
        xz.next_in = (const uint8_t *)data;
        xz.avail_in = len;
        ret = unpack_all(&xz, out);
    }
    lzma_end(&xz);
    if (ret != LZMA_STREAM_END) {
        g_set_error(errp, OSI_PROFILE_ERROR, OSI_PROFILE_ERROR_FILE,
                    ret == LZMA_OK ? "it unpacks to more than %u MiB"
                                   : "xz: it is damaged, or is no xz file",
                    OSI_PROFILE_MAX_SIZE >> 20);
        return NULL;
    }
    return g_steal_pointer(&out);
}

/* ---- The formats --------------------------------------------------------- */

static GPtrArray *parse_plain(const char *data, size_t len,
                              const char **format, GError **errp)
{
    size_t at = 0;

    while (at < len && g_ascii_isspace(data[at])) {
        at++;
    }
    if (at < len && data[at] == '{') {
        return osi_profile_parse_json(data, len, format, errp);
    }
    *format = "kernelinfo.conf";
    return osi_profile_parse_kernelinfo(data, len, errp);
}

GPtrArray *osi_profile_parse(const char *data, size_t len,
                             const char **format, GError **errp)
{
    g_autoptr(GByteArray) plain = NULL;

    if (!is_xz(data, len)) {
        return parse_plain(data, len, format, errp);
    }
    plain = unpack(data, len, errp);
    return plain ? parse_plain((const char *)plain->data, plain->len, format,
                               errp)
                 : NULL;
}

GPtrArray *osi_profile_load(const char *path, const char **format,
                            GError **errp)
{
    GMappedFile *file = g_mapped_file_new(path, FALSE, errp);
    GPtrArray *profiles = NULL;

    if (!file) {
        return NULL;
    }
    if (g_mapped_file_get_length(file) > OSI_PROFILE_MAX_SIZE) {
        g_set_error(errp, OSI_PROFILE_ERROR, OSI_PROFILE_ERROR_FILE,
                    "it is larger than %u MiB", OSI_PROFILE_MAX_SIZE >> 20);
    } else if (g_mapped_file_get_length(file) == 0) {
        g_set_error(errp, OSI_PROFILE_ERROR, OSI_PROFILE_ERROR_FILE,
                    "it is empty");
    } else {
        profiles = osi_profile_parse(g_mapped_file_get_contents(file),
                                     g_mapped_file_get_length(file), format,
                                     errp);
    }
    g_mapped_file_unref(file);
    return profiles;
}
