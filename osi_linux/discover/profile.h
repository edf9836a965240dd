/*
 * profile.h: kernel profiles, files that say what a kernel's types are:
 * QPP's own JSON, Volatility 3's ISF, PANDA's kernelinfo.conf.
 * docs/PROFILES.md describes them.
 *
 * A profile only says something; whether that is so of the kernel that runs
 * is for its user to find out before anything is taken from it.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef OSI_PROFILE_H
#define OSI_PROFILE_H

#include "model.h"

/* Larger files are refused, packed or not.  ISF files are 30 to 60 MB. */
#define OSI_PROFILE_MAX_SIZE (512u << 20)

typedef enum OsiProfileError {
    OSI_PROFILE_ERROR_FILE,    /* it cannot be read or unpacked */
    OSI_PROFILE_ERROR_INVALID, /* it is no profile */
} OsiProfileError;

#define OSI_PROFILE_ERROR (osi_profile_error_quark())
GQuark osi_profile_error_quark(void);

/* What is said of one kernel. */
typedef struct OsiProfile {
    OsiModel *model;
    char *banner;  /* its linux_banner, stripped; NULL: not said */
    char *release; /* uname -r; NULL: not said */
    char *version; /* uname -v; NULL: not said */
    char *name;    /* of a section; NULL: there are none */
} OsiProfile;

void osi_profile_free(OsiProfile *profile);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(OsiProfile, osi_profile_free)

/*
 * Reads the file @path: at least one OsiProfile, several if it has sections.
 * @format is set to the name of its format.  NULL with @errp set if it cannot
 * be read or is none.
 */
GPtrArray *osi_profile_load(const char *path, const char **format,
                            GError **errp);

/* The same of @len bytes at @data; they may be packed by xz. */
GPtrArray *osi_profile_parse(const char *data, size_t len,
                             const char **format, GError **errp);

/* ---- The formats, for osi_profile_parse() -------------------------------- */

/* QPP's own and ISF, unpacked. */
GPtrArray *osi_profile_parse_json(const char *data, size_t len,
                                  const char **format, GError **errp);
GPtrArray *osi_profile_parse_kernelinfo(const char *data, size_t len,
                                        GError **errp);

#endif /* OSI_PROFILE_H */
