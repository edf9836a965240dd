/*
 * registers.h: the guest's registers that osi_linux reads at each thread
 * switch, call or hook, looked up once.  What is in them is the readers'
 * business; what is read once in a boot is looked up where that is done
 * (arch/).
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef OSI_REGISTERS_H
#define OSI_REGISTERS_H

#include "arch/arch.h"

typedef enum OsiRegister {
    OSI_REG_PC,
    OSI_REG_SP,
    OSI_REG_ARG0,
    OSI_REG_ARG1,
    OSI_REG_ROOT, /* OsiArch.root */
    OSI_REG_MODE, /* OsiArch.mode */
    OSI_N_REGISTERS,
} OsiRegister;

/* At install. */
void osi_registers_start(qemu_plugin_id_t id, const OsiArch *arch);

/*
 * Reads it, of the current vCPU, on whose thread it is called, where QEMU
 * shows registers.  False: there is none, or it cannot be read.
 */
bool osi_register_read(OsiRegister reg, uint64_t *value);

#endif /* OSI_REGISTERS_H */
