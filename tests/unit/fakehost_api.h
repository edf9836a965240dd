/*
 * fakehost_api.h: the rest of the plugin API on the fake host, each function
 * with the signature that it has in FAKE_API: instrumentation that is kept
 * and run, accesses to memory, scoreboards, state that can be written.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TESTS_UNIT_FAKEHOST_API_H
#define TESTS_UNIT_FAKEHOST_API_H

#include "fakehost.h"

/* What QEMU makes of an access: its size, and at bit 16 what it is. */
#define FAKE_READ 1u
#define FAKE_WRITE 2u
#define FAKE_INFO(shift, rw) ((uint32_t)(shift) | (uint32_t)(rw) << 16)
#define FAKE_INFO_SIGNED 8u
#define FAKE_INFO_BIG_ENDIAN 32u

/* Forgets what was put into code, as a flush does. */
void fake_api_flush(void);
/*
 * Runs all that was put into code, in the order in which it was: as if the
 * block and its instructions ran once on @vcpu_index; and for each access, if
 * @info is not 0.
 */
void fake_api_run(unsigned int vcpu_index, uint32_t info, uint64_t vaddr);
/* Flags of the last execution callback that was asked for. */
int fake_api_flags(void);

/* Events of API 6 and later. */
void fake_api_discon(unsigned int vcpu_index, int type, uint64_t from,
                     uint64_t to);
bool fake_api_filter(unsigned int vcpu_index, int64_t num, uint64_t *sysret);

#endif /* TESTS_UNIT_FAKEHOST_API_H */
